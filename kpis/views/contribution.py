"""つながりの承認: proposals that wait for the keeper of the parent, and one of them to accept or to decline."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from foundation.errors import DomainError
from foundation.idempotency import submitted_once
from foundation.pages import ListPage, SectionMixin, StaffPage
from kpis.models import Contribution
from kpis.selectors.contributions import comparison, contribution_rows, how_it_counts, waiting_rows
from kpis.services.contributions import accept_contribution, decline_contribution


def _crumbs(*labels: str) -> list[dict[str, str]]:
    home = {"label": _("ホーム"), "url": reverse("portal:home")}
    queue = {"label": _("つながりの承認"), "url": reverse("kpis:contribution_queue")}
    return [home, queue, *({"label": label} for label in labels)]


class ContributionQueueView(StaffPage, ListPage):
    """Proposals that the actor may decide on, oldest first."""

    model = Contribution
    template_name = "kpis/contribution_queue.html"
    context_object_name = "links"
    section = "indicators"
    title = gettext_lazy("つながりの承認")

    def scoped(self) -> QuerySet[Any]:
        return waiting_rows(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        crumbs = _crumbs()
        return super().get_context_data(crumbs=[crumbs[0], {"label": crumbs[1]["label"]}], **kwargs)


class ContributionView(SectionMixin, StaffPage, TemplateView):
    """One contribution: both sheets beside each other, and the keeper's answer. Two at once: the second is told."""

    template_name = "kpis/contribution.html"
    section = "indicators"

    @cached_property
    def link(self) -> Any:
        found = get_object_or_404(contribution_rows(self.actor), public_id=self.kwargs["public_id"])
        if not found.can_accept:
            raise PermissionDenied(_("このつながりを承認できるのは、上位のKPIの所管課と場の事務局です。"))
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        link = self.link
        return super().get_context_data(
            link=link,
            is_open=link.state == Contribution.State.PROPOSED and link.superseded_at is None,
            lines=comparison(link),
            counts_as=how_it_counts(link),
            crumbs=_crumbs(link.child.name),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._decide)

    def _decide(self) -> HttpResponseBase:
        link, reason = self.link, self.request.POST.get("reason", "")
        try:
            if self.request.POST.get("action") == "decline":
                decline_contribution(actor=self.actor, contribution=link, reason=reason)
                said = _("「%(child)s」のつながりを見送りました。理由を申請した担当に知らせます。")
            else:
                accept_contribution(actor=self.actor, contribution=link)
                said = _("「%(child)s」のつながりを承認しました。これから集計に入ります。")
        except DomainError as error:
            del self.link
            context = self.get_context_data(error=error, reason=reason)
            return self.render_to_response(context, status=422 if error.status == 400 else error.status)
        messages.success(self.request, said % {"child": link.child.name})
        return redirect("kpis:contribution_queue")

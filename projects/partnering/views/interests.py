"""申込みの状況 for those who applied, 申込みへの返答 for those who answer, and the coordinator's queue."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from actors.pages import Crumb, OpenPage, crumb
from foundation.errors import DomainError
from foundation.idempotency import submitted_once
from foundation.pages import ListPage, SectionMixin, StaffPage, add_error
from projects.partnering.forms import AnswerForm, WithdrawForm
from projects.partnering.models import Interest
from projects.partnering.selectors import (
    coordinates_somewhere,
    interests_for_detail,
    interests_left_lying,
    interests_of,
    interests_settled,
    interests_to_answer,
    standing,
    steps_of,
)
from projects.partnering.services import answering
from projects.partnering.views.public import SECTION, list_crumb


class _InterestList(StaffPage, OpenPage, ListPage):
    model = Interest
    section = SECTION

    def crumbs(self) -> list[Crumb]:
        return [list_crumb(), crumb(self.title)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        today = timezone.localdate()
        rows = [standing(interest, today) for interest in context["page_obj"]]
        return {**context, "rows": rows, "tabs": self.tabs()}

    def tabs(self) -> list[dict[str, Any]]:
        """From one list of interests to the others that concern the person."""
        found = [("interest_list", _("申込みの状況"))]
        if self.actor.organization_id:
            found += [("interest_inbox", _("申込みへの返答")), ("interest_settled", _("終わった申込み"))]
        if coordinates_somewhere(self.actor):
            found.append(("interest_queue", _("返事のない申込み")))
        here = self.request.path
        return [
            {"label": label, "url": (url := reverse(f"projects:{name}")), "current": url == here}
            for name, label in found
        ]


class InterestListPage(_InterestList):
    """申込みの状況: what I and my organisation applied for."""

    template_name = "projects/interest_list.html"
    title = gettext_lazy("申込みの状況")

    def scoped(self) -> QuerySet[Any]:
        return interests_of(self.actor)


class InterestInboxPage(_InterestList):
    """申込みへの返答: what waits for an answer of my organisation, the oldest due first."""

    template_name = "projects/interest_inbox.html"
    title = gettext_lazy("申込みへの返答")

    def scoped(self) -> QuerySet[Any]:
        return interests_to_answer(self.actor)


class InterestSettledPage(_InterestList):
    template_name = "projects/interest_inbox.html"
    title = gettext_lazy("終わった申込み")

    def scoped(self) -> QuerySet[Any]:
        return interests_settled(self.actor)


class InterestQueuePage(_InterestList):
    """返事のない申込み in the forums that I coordinate, by how long they have been lying."""

    template_name = "projects/interest_queue.html"
    title = gettext_lazy("返事のない申込み")

    def scoped(self) -> QuerySet[Any]:
        return interests_left_lying(self.actor)


class InterestPage(StaffPage, OpenPage, SectionMixin, TemplateView):
    """One interest: for the applicant its state and the day of the answer, for whoever answers the next step."""

    template_name = "projects/interest_detail.html"
    section = SECTION

    @cached_property
    def interest(self) -> Interest:
        found: Interest | None = (
            interests_for_detail(self.actor).filter(public_id=self.kwargs["public_id"]).first()
        )
        if found is None:
            raise Http404
        return found

    def crumbs(self) -> list[Crumb]:
        return [
            list_crumb(),
            crumb(_("申込みの状況"), reverse("projects:interest_list")),
            crumb(self.interest.opportunity.title),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        interest: Any = self.interest
        answers, withdraws = interest.can_answer, interest.can_withdraw and interest.is_open
        defaults: dict[str, Any] = {
            "answer_form": AnswerForm(interest=interest, initial={"revision": interest.revision, "state": ""})
            if answers
            else None,
            "withdraw_form": WithdrawForm(initial={"revision": interest.revision}) if withdraws else None,
        }
        return super().get_context_data(
            **{
                **defaults,
                "interest": interest,
                "standing": standing(interest, timezone.localdate()),
                "steps": steps_of(interest),
                "is_mine": interest.can_withdraw,
                "answers": answers,
                **kwargs,
            }
        )


class _Acting(InterestPage):
    """A post on the page of an interest; a refusal shows the page as it is now, with what was typed."""

    http_method_names = ["post", "options"]
    form_name = ""
    flag = ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not getattr(self.interest, self.flag):
            raise PermissionDenied
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        form = self.bound()
        if not form.is_valid():
            return self._again(form, 422)
        try:
            self.act(form)
        except DomainError as error:
            del self.interest
            add_error(form, error)
            return self._again(form, 422 if error.status == 400 else error.status)
        return redirect("projects:interest_detail", self.interest.public_id)

    def _again(self, form: Any, status: int) -> HttpResponse:
        """With today's revision in it: whoever reads what a colleague did may then send again."""
        form.data = form.data.copy()
        form.data["revision"] = str(self.interest.revision)
        return self.render_to_response(self.get_context_data(**{self.form_name: form}), status=status)

    def bound(self) -> Any:
        raise NotImplementedError

    def act(self, form: Any) -> None:
        raise NotImplementedError


class AnswerInterestView(_Acting):
    form_name, flag = "answer_form", "can_answer"

    def bound(self) -> AnswerForm:
        return AnswerForm(self.request.POST, interest=self.interest)

    def act(self, form: AnswerForm) -> None:
        answering.answer_interest(
            actor=self.actor,
            interest=self.interest,
            answer=form.answer(),
            revision=form.cleaned_data["revision"],
        )
        messages.success(
            self.request, _("記録しました。申し込んだ方への連絡は、お知らせとメールで届きます。")
        )


class WithdrawInterestView(_Acting):
    form_name, flag = "withdraw_form", "can_withdraw"

    def bound(self) -> WithdrawForm:
        return WithdrawForm(self.request.POST)

    def act(self, form: WithdrawForm) -> None:
        answering.withdraw_interest(
            actor=self.actor,
            interest=self.interest,
            reason=form.cleaned_data["reason"],
            revision=form.cleaned_data["revision"],
        )
        messages.success(self.request, _("申込みを取り下げました。掲載機関に知らせます。"))

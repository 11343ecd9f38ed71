"""What one asked to be exported: the history, one export with its progress, cancel and once more."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from foundation import exports, jobs
from foundation.access import Actor
from foundation.errors import DomainError
from foundation.idempotency import once
from foundation.models.exports import Export
from foundation.pages import ListPage, ObjectPage, StaffPage


def _own(actor: Actor) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = Export.objects.visible_to(actor).select_related("job", "file")
    return rows


def _with_words(export: Export) -> Export:
    """The export with what the templates print of its kind and its failure."""
    export.kind_label = exports.kind_label(export.kind)  # type: ignore[attr-defined]
    export.error_words = jobs.error_words(export.job.error) if export.job.state == "failed" else ""  # type: ignore[attr-defined]
    return export


class ExportListView(StaffPage, ListPage):
    """書き出しの履歴: one's own, newest first."""

    model = Export
    template_name = "foundation/export_list.html"
    context_object_name = "exports"
    title = gettext_lazy("書き出しの履歴")
    paginate_by = 30

    def scoped(self) -> QuerySet[Any]:
        return _own(self.actor).order_by("-created_at", "-id")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        shown = [_with_words(export) for export in context["exports"]]
        crumbs = [{"label": _("ホーム"), "url": reverse("portal:home")}, {"label": self.title}]
        live_url = f"{reverse('exports:live')}?page={context['page_obj'].number}"
        return {
            **context,
            "exports": shown,
            "is_moving": any(export.is_open for export in shown),
            "live_url": live_url,
            "crumbs": crumbs,
        }


class ExportLiveView(ExportListView):
    """The table of the history alone, for a page that refreshes itself while something runs."""

    template_name = "foundation/_export_rows.html"


class ExportDetailView(StaffPage, ObjectPage):
    """One export: how far it is, and the file when it is there."""

    model = Export
    template_name = "foundation/export_detail.html"
    context_object_name = "export"

    def scoped(self) -> QuerySet[Any]:
        return _own(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        export = _with_words(self.object)
        crumbs = [
            {"label": _("ホーム"), "url": reverse("portal:home")},
            {"label": _("書き出しの履歴"), "url": reverse("exports:list")},
            {"label": export.label},
        ]
        return super().get_context_data(
            crumbs=crumbs,
            can_fetch=export.file_id is not None and exports.is_still_theirs(export),
            asked_at=exports.page_of(export),
            live_url=reverse("exports:detail_live", args=[export.public_id]),
            **kwargs,
        )


class ExportDetailLiveView(ExportDetailView):
    """The state of one export alone."""

    template_name = "foundation/_export_state.html"


@require_POST
@login_required
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Stop it, and go back to it."""
    export = _found(request, public_id)
    try:
        exports.cancel_export(actor=_actor(request), export=export)
    except DomainError as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, _("取消しを受け付けました。"))
    return redirect("exports:detail", public_id)


@require_POST
@login_required
@once
def again(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Ask for the same once more, and go to the new one."""
    export = _found(request, public_id)
    try:
        new = exports.request_again(actor=_actor(request), export=export)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("exports:detail", public_id)
    return redirect("exports:detail", new.public_id)


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


def _found(request: HttpRequest, public_id: UUID) -> Export:
    found: Export = get_object_or_404(_own(_actor(request)), public_id=public_id)
    return found

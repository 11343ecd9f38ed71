"""The list of what a person was told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST
from django.views.generic import ListView

from foundation.models.notices import Notice
from foundation.notices import mark_read


def _own(request: HttpRequest) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = Notice.objects.visible_to(request.actor)  # type: ignore[attr-defined]
    return rows


class NoticeListView(LoginRequiredMixin, ListView):
    """Own notices, newest first."""

    template_name = "foundation/notice_list.html"
    paginate_by = 30

    def get_queryset(self) -> QuerySet[Any, Any]:
        return _own(self.request).order_by("-created_at", "-id")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        unread = _own(self.request).filter(read_at=None).count()
        return super().get_context_data(unread=unread, **kwargs)


@require_POST
@login_required
def read(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Mark one as read; back to the list, or on to what it is about (`go=1`)."""
    notice = get_object_or_404(_own(request), public_id=public_id)
    mark_read(request.actor, _own(request).filter(pk=notice.pk))  # type: ignore[attr-defined]
    return redirect(notice.url if request.POST.get("go") and notice.url else "notices:list")


@require_POST
@login_required
def read_all(request: HttpRequest) -> HttpResponse:
    mark_read(request.actor, _own(request))  # type: ignore[attr-defined]
    return redirect("notices:list")

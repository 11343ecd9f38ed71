"""What the pages of one report have in common."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from foundation.pages import SectionMixin, StaffPage
from foundation.waiting import Due
from projects.reporting.models import ProgressReport

Crumb = dict[str, str]


class OfReport(SectionMixin, StaffPage):
    """Pages of a report: invisible 404; what the actor may do stands on it as `can_draft`, `can_submit` …"""

    section = "projects"
    kwargs: dict[str, Any]

    def scoped(self) -> QuerySet[ProgressReport]:
        rows = ProgressReport.objects.visible_to(self.actor).with_can(
            self.actor, "draft", "submit", "answer_alignment"
        )
        related = (
            "round__forum",
            "round__template",
            "project__lead",
            "project__scorecard",
            "post__organization",
            "submitted_by__person",
            "author__person",
        )
        found: QuerySet[ProgressReport] = rows.select_related(*related)
        return found

    @cached_property
    def report(self) -> ProgressReport:
        return get_object_or_404(self.scoped(), public_id=self.kwargs["public_id"])

    def address(self, name: str = "report_detail", fragment: str = "") -> str:
        return reverse(f"projects:{name}", args=[self.report.public_id]) + fragment

    def crumbs(self, *labels: str) -> list[Crumb]:
        """Home › reports › this one › …"""
        own = {"label": f"{self.report.project.name}", "url": self.address() if labels else ""}
        return [
            {"label": _("ホーム"), "url": reverse("portal:home")},
            {"label": _("進捗報告"), "url": reverse("projects:report_list")},
            own,
            *({"label": label} for label in labels),
        ]


def due_of(report: ProgressReport, today: Any) -> Due | None:
    """The day that counts now: 再提出期限 of a returned report, otherwise 提出期限; None once it was submitted."""
    if not report.is_open:
        return None
    is_returned = report.state == ProgressReport.State.RETURNED
    return Due.seen_from(today, (report.resubmit_due_on if is_returned else None) or report.round.due_on)

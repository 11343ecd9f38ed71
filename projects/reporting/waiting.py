"""What waits for somebody among the reports: those to write, and those to review."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from actors.models import Assignment
from foundation.access import Actor
from foundation.waiting import Waiting, source
from projects.reporting.models import ProgressReport, ReportingRound, ReportReview

State = ProgressReport.State


@source("projects.reports_to_write", "自分の担当の、まだ提出していない報告と差し戻された報告")
def reports_to_write(actor: Actor, today: date) -> Iterator[Waiting]:
    """Open reports of one's posts or that one began; everybody at the lead where nobody signs in for the post."""
    if actor.organization_id is None:
        return
    held = Assignment.objects.active_on(today).filter(
        post_id=OuterRef("post_id"), person__user__is_active=True
    )
    own = Q(author_id=actor.user_id) | Q(~Exists(held), project__lead_id=actor.organization_id)
    if actor.post_ids:
        own |= Q(post_id__in=actor.post_ids) | Q(deputy_post_id__in=actor.post_ids)
    accepting = Q(round__state=ReportingRound.State.OPEN) | Q(
        state=State.RETURNED, resubmit_due_on__isnull=False
    )
    rows = ProgressReport.objects.allowed(actor, "draft").filter(
        own & accepting, state__in=ProgressReport.OPEN_STATES
    )
    for report in rows.select_related("round__forum", "project").order_by("round__due_on", "id"):
        is_returned = report.state == State.RETURNED
        yield Waiting(
            kind=_("報告の再提出") if is_returned else _("報告の作成"),
            title=report.project.name,
            url=reverse("projects:report_write", args=[report.public_id]),
            due_on=(report.resubmit_due_on if is_returned else None) or report.round.due_on,
            place=report.round.forum.name,
            note=report.round.name,
        )


@source("projects.reports_to_review", "自分が確認者になっている、確認待ちの報告")
def reports_to_review(actor: Actor, today: date) -> Iterator[Waiting]:
    if not actor.post_ids:
        return
    rows = ReportReview.objects.allowed(actor, "decide").filter(
        report__state__in=ProgressReport.UNDER_REVIEW, reviewer_post_id__in=actor.post_ids
    )
    waiting = rows.exclude(state__in=ReportReview.DONE).select_related(
        "report__round__forum", "report__project"
    )
    for review in waiting.order_by("report__submitted_at", "id"):
        report = review.report
        yield Waiting(
            kind=_("報告の確認"),
            title=report.project.name,
            url=reverse("projects:report_review", args=[report.public_id]) + f"?side={review.side}",
            since_on=timezone.localdate(report.submitted_at),
            place=report.round.forum.name,
            note=report.round.name,
        )

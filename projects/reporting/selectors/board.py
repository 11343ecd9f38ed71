"""The secretariat's board of a round: every report with its state, who keeps it, both reviews, the last reminder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.models import Organization, Post
from ecosystems.filters import containing
from projects.reporting.models import (
    ProgressReport,
    Reminder,
    ReportEvent,
    ReportingRound,
    ReportReview,
    Side,
)
from projects.reporting.notices_rounds import report_url
from projects.reporting.services.reminding import next_step

State = ProgressReport.State
Review = ReportReview.State
UNSUBMITTED = (State.NOT_STARTED, State.DRAFTING, State.IN_HOUSE)
TONES = {
    State.NOT_STARTED: "negative",
    State.DRAFTING: "caution",
    State.IN_HOUSE: "caution",
    State.RETURNED: "negative",
    State.APPROVED: "positive",
    State.EXEMPT: "none",
}
SYMBOLS = {State.NOT_STARTED: "△", State.RETURNED: "△", State.APPROVED: "○"}
REVIEW_TONES = {
    Review.ACCEPTED: "positive",
    Review.CONDITIONAL: "caution",
    Review.RETURNED: "negative",
    Review.WAITING: "none",
}
# 未提出 → 差戻し → 期限後 → what waits for others → what is done.
RANK = Case(
    When(state__in=UNSUBMITTED, then=Value(0)),
    When(state=State.RETURNED, then=Value(1)),
    When(state__in=ProgressReport.UNDER_REVIEW, is_late=True, then=Value(2)),
    When(state__in=ProgressReport.UNDER_REVIEW, then=Value(3)),
    When(state=State.APPROVED, then=Value(4)),
    default=Value(5),
    output_field=IntegerField(),
)
GROUPS = {
    "unsubmitted": (gettext_lazy("未提出"), Q(first_submitted_at=None) & ~Q(state=State.EXEMPT)),
    "returned": (gettext_lazy("差戻し"), Q(state=State.RETURNED)),
    "late": (gettext_lazy("期限後提出"), Q(is_late=True)),
    "on_time": (gettext_lazy("期限内に提出"), Q(first_submitted_at__isnull=False, is_late=False)),
    "exempt": (gettext_lazy("報告対象外"), Q(state=State.EXEMPT)),
}


@dataclass(frozen=True)
class Wanted:
    """What the board is asked for; empty texts ask for everything."""

    q: str = ""
    group: str = ""
    state: str = ""
    review: str = ""
    organization: str = ""

    @property
    def is_narrowed(self) -> bool:
        return any((self.q, self.group, self.state, self.review, self.organization))


@dataclass(frozen=True)
class Counts:
    """How many reports of the round are in which group; `asked` leaves out the exempt ones."""

    groups: dict[str, int]
    total: int

    @property
    def asked(self) -> int:
        return self.total - self.groups["exempt"]

    @property
    def submitted(self) -> int:
        return self.groups["on_time"] + self.groups["late"]

    @property
    def chips(self) -> list[tuple[str, str, int]]:
        """(group, word, how many), in the order in which they are chased."""
        return [(key, str(label), self.groups[key]) for key, (label, _rows) in GROUPS.items()]


@dataclass(frozen=True)
class ReviewCell:
    """One side's review in a few words."""

    side: str
    label: str
    tone: str
    who: str
    since: date | None
    is_proxy: bool


@dataclass(frozen=True)
class BoardRow:
    """One report as the board prints it."""

    report: ProgressReport
    url: str
    manage_url: str
    tone: str
    symbol: str
    late: str
    reviews: list[ReviewCell]
    reminder: Reminder | None
    next_step: str

    @property
    def keepers(self) -> list[tuple[str, Post]]:
        """(主担当 or 副担当, the post)."""
        posts = ((_("主"), self.report.post), (_("副"), self.report.deputy_post))
        return [(word, post) for word, post in posts if post is not None]

    @property
    def can_be_reminded(self) -> bool:
        return self.report.is_open


def counts_of(round_: ReportingRound) -> Counts:
    """In one query."""
    asked = {key: Count("pk", filter=rows) for key, (_label, rows) in GROUPS.items()}
    found = ProgressReport.objects.filter(round=round_).aggregate(total=Count("pk"), **asked)
    return Counts({key: found[key] for key in GROUPS}, found["total"])


def leads_of(round_: ReportingRound) -> list[tuple[str, str]]:
    """[(public id, name)] of the organisations that lead a project of the round. One query."""
    ids = ProgressReport.objects.filter(round=round_).values("project__lead_id")
    rows = Organization.objects.filter(pk__in=ids).values_list("public_id", "name")
    return [(str(public_id), name) for public_id, name in rows]


def reports_of(round_: ReportingRound, wanted: Wanted) -> QuerySet[ProgressReport]:
    """The reports that are asked for, in the order in which they are chased."""
    rows: QuerySet[ProgressReport] = ProgressReport.objects.filter(round=round_)
    if wanted.group in GROUPS:
        rows = rows.filter(GROUPS[wanted.group][1])
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.review:
        rows = rows.filter(pk__in=_in_review(*wanted.review.split(":", 1)))
    if wanted.organization:
        rows = rows.filter(project__lead__public_id=wanted.organization)
    if wanted.q:
        rows = containing(rows, wanted.q, "project__name", "project__code", "project__lead__name")
    return rows.order_by(RANK, "project__code", "pk")


def _in_review(side: str, state: str) -> QuerySet[Any, Any]:
    """Reviews in a state; 未着手 and 確認中 only where there is something to read."""
    rows = ReportReview.objects.filter(side=side, state=state)
    if state in (Review.WAITING, Review.REVIEWING):
        rows = rows.filter(report__state__in=ProgressReport.UNDER_REVIEW, reviewer_post__isnull=False)
    return rows.values("report_id")


def with_board(rows: QuerySet[ProgressReport]) -> QuerySet[ProgressReport]:
    """With everything that a row prints: two further queries, however many rows."""
    begun = ReportEvent.objects.filter(
        report=OuterRef("report_id"), side=OuterRef("side"), kind=ReportEvent.Kind.REVIEW_STARTED
    ).order_by("-id")
    reviews = ReportReview.objects.annotate(begun_at=Subquery(begun.values("at")[:1]))
    return rows.select_related(
        "project__lead", "post__organization", "deputy_post__organization"
    ).prefetch_related(
        Prefetch("reviews", reviews.select_related("reviewer_post__organization").order_by("side")),
        Prefetch("reminders", Reminder.objects.order_by("sent_at", "id")),
    )


def board_rows(round_: ReportingRound, reports: Iterable[ProgressReport], today: date) -> list[BoardRow]:
    return [board_row(round_, report, today) for report in reports]


def board_row(round_: ReportingRound, report: ProgressReport, today: date) -> BoardRow:
    state = State(report.state)
    reminders = list(report.reminders.all())
    return BoardRow(
        report=report,
        url=report_url(report),
        manage_url=reverse("projects:round_report", args=[round_.public_id, report.public_id]),
        tone=TONES.get(state, "neutral"),
        symbol=SYMBOLS.get(state, ""),
        late=late_words(round_, report, today),
        reviews=[] if state == State.EXEMPT else [_cell(report, each) for each in report.reviews.all()],
        reminder=reminders[-1] if reminders else None,
        next_step=str(next_step(reminders).label) if report.is_open else "",
    )


def late_words(round_: ReportingRound, report: ProgressReport, today: date) -> str:
    """How many days a report is overdue or came late; nothing where it is on time."""
    if report.is_late and report.first_submitted_at is not None:
        days = (timezone.localdate(report.first_submitted_at) - round_.due_on).days
        return _("期限後提出（%(days)s日遅れ）") % {"days": days}
    if report.state in UNSUBMITTED and today > round_.due_on:
        return _("提出期限から%(days)s日経過") % {"days": (today - round_.due_on).days}
    due_on = report.resubmit_due_on
    if report.state == State.RETURNED and due_on is not None and today > due_on:
        return _("再提出期限から%(days)s日経過") % {"days": (today - due_on).days}
    return ""


def _cell(report: ProgressReport, review: ReportReview) -> ReviewCell:
    side = str(Side(review.side).label)
    post = review.reviewer_post
    if post is None:
        return ReviewCell(side, _("確認者なし"), "none", review.missing_reason, None, False)
    is_under_review = report.state in ProgressReport.UNDER_REVIEW
    if review.state in (Review.WAITING, Review.REVIEWING) and not is_under_review:
        return ReviewCell(side, "", "none", f"{post.organization.display_name} {post}", None, False)
    since = _since(report, review)
    return ReviewCell(
        side=side,
        label=review.get_state_display(),
        tone=REVIEW_TONES.get(Review(review.state), "neutral"),
        who=review.user_name or f"{post.organization.display_name} {post}",
        since=timezone.localdate(since) if since else None,
        is_proxy=review.is_proxy,
    )


def _since(report: ProgressReport, review: Any) -> datetime | None:
    """Since when the review is where it is."""
    if review.decided_at is not None:
        return review.decided_at  # type: ignore[no-any-return]
    begun: datetime | None = review.begun_at
    return begun if review.state == Review.REVIEWING and begun else report.submitted_at


def missing_of(round_: ReportingRound) -> QuerySet[ProgressReport]:
    """What would be missing if the round ended now: not submitted, or returned and not submitted again."""
    rows: QuerySet[ProgressReport] = ProgressReport.objects.filter(
        round=round_, state__in=ProgressReport.OPEN_STATES
    )
    return rows.order_by(RANK, "project__code", "pk")


def overview(rounds: Any) -> Any:
    """Rounds with `asked_count` and `submitted_count`, in the same statement."""
    asked = ~Q(reports__state=State.EXEMPT) & Q(reports__isnull=False)
    return rounds.annotate(
        asked_count=Count("reports", filter=asked),
        submitted_count=Count("reports", filter=Q(reports__first_submitted_at__isnull=False) & asked),
        missing_count=F("asked_count") - F("submitted_count"),
    )

"""Reports as they stood at a moment: read from events, versions and answers, which never change.

What a report's own row says is true of now alone; an export or a compilation must say the same again later. Names and
dates of the round are those of today.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from projects.reporting.models import (
    AlignmentAnswer,
    ProgressReport,
    ReportEvent,
    ReportReview,
    ReportVersion,
    Side,
)
from projects.reporting.questions import WIDE_SPREAD

_NUMBERS = re.compile(r"([0-9]+)")
Kind = ReportEvent.Kind
State = ProgressReport.State
_DECIDED = {
    Kind.REVIEW_STARTED: ReportReview.State.REVIEWING,
    Kind.ACCEPTED: ReportReview.State.ACCEPTED,
    Kind.CONDITIONAL: ReportReview.State.CONDITIONAL,
    Kind.RETURNED: ReportReview.State.RETURNED,
}


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What one side has decided so far."""

    state: str = ReportReview.State.WAITING
    at: datetime | None = None
    who: str = ""
    is_proxy: bool = False

    @property
    def word(self) -> str:
        return str(ReportReview.State(self.state).label)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one of the four questions, by one side (or one organisation of the company side)."""

    side: str
    organization_id: int | None
    organization: str
    question: str
    score: int
    note: str


@dataclass
class Standing:
    """One report at the moment. `version` is the newest that was submitted by then."""

    report: ProgressReport
    state: str = State.NOT_STARTED
    version: ReportVersion | None = None
    first_submitted_at: datetime | None = None
    approved_at: datetime | None = None
    exempt_reason: str = ""
    reviews: dict[str, Reviewed] = field(
        default_factory=lambda: dict.fromkeys(ReportReview.SIDES, Reviewed())
    )
    answers: list[Answer] = field(default_factory=list)

    @property
    def is_late(self) -> bool:
        return self.version is not None and self.version.is_late

    @property
    def is_approved(self) -> bool:
        return self.state == State.APPROVED

    @property
    def word(self) -> str:
        return str(State(self.state).label)

    def days_late(self, today: date) -> int:
        """Days by which it came after 提出期限, or by which it is overdue on `today`; 0 where it is not late."""
        due = self.report.round.due_on
        if self.first_submitted_at is None:
            return max(0, (today - due).days)
        return max(0, (timezone.localdate(self.first_submitted_at) - due).days)

    def scores(self, question: str) -> list[int]:
        return [answer.score for answer in self.answers if answer.question == question]

    def spread(self, question: str) -> int | None:
        """How far apart the answers lie; None with fewer than two of them."""
        scores = self.scores(question)
        return max(scores) - min(scores) if len(scores) > 1 else None

    def is_wide(self, question: str) -> bool:
        return (self.spread(question) or 0) >= WIDE_SPREAD


def standings(reports: QuerySet[ProgressReport], as_of: datetime) -> list[Standing]:
    """The reports that had been asked for by the moment, in the queryset's order. Five queries."""
    rows = reports.select_related("round", "project__lead")
    found = {report.pk: Standing(report) for report in rows}
    asked = _follow_events(found, as_of)
    _read_versions(found, as_of)
    _read_answers(found, as_of)
    return [standing for pk, standing in found.items() if pk in asked]


def _follow_events(found: dict[int, Standing], as_of: datetime) -> set[int]:
    """State and reviews by what had happened; the keys of reports of which anything had."""
    events = ReportEvent.objects.filter(report_id__in=found, at__lte=as_of).order_by("at", "id")
    asked = set()
    for event in events:
        standing = found[event.report_id]
        asked.add(event.report_id)
        standing.state = event.to_state
        if event.kind in _DECIDED and event.side in standing.reviews:
            standing.reviews[event.side] = Reviewed(
                _DECIDED[Kind(event.kind)], event.at, event.user_name, event.is_proxy
            )
        elif event.kind == Kind.SUBMITTED:
            standing.reviews = dict.fromkeys(ReportReview.SIDES, Reviewed())
        elif event.kind == Kind.APPROVED:
            standing.approved_at = event.at
        elif event.kind == Kind.EXEMPTED:
            standing.exempt_reason = event.note
    return asked


def _read_versions(found: dict[int, Standing], as_of: datetime) -> None:
    newest: dict[int, int] = {}
    rows = ReportVersion.objects.filter(report_id__in=found, submitted_at__lte=as_of).order_by("number")
    for pk, report_id, at in rows.values_list("pk", "report_id", "submitted_at"):
        standing = found[report_id]
        standing.first_submitted_at = standing.first_submitted_at or at
        newest[report_id] = pk
    for version in ReportVersion.objects.filter(pk__in=newest.values()):
        found[version.report_id].version = version


def _read_answers(found: dict[int, Standing], as_of: datetime) -> None:
    rows = AlignmentAnswer.objects.filter(report_id__in=found, at__lte=as_of).order_by("at", "id")
    newest: dict[tuple[Any, ...], tuple[int, Answer]] = {}
    for row in rows.select_related("organization"):
        organization_id = row.organization_id if row.side == Side.COMPANY else None
        answer = Answer(
            row.side, organization_id, str(row.organization or ""), row.question, row.score, row.note
        )
        newest[row.report_id, row.side, organization_id, row.question] = row.report_id, answer
    for report_id, answer in newest.values():
        found[report_id].answers.append(answer)
    for standing in found.values():
        standing.answers.sort(key=_place)


_SIDES = list(Side)


def _place(answer: Answer) -> tuple[Any, ...]:
    return (_SIDES.index(Side(answer.side)), answer.organization_id or 0, answer.question)


def in_order(rows: Iterable[tuple[Any, str]]) -> list[Any]:
    """Keys of (key, code) pairs in order of the code, P2 before P10; a database's collation must not show."""
    return [key for key, _code in sorted(rows, key=lambda row: (row[1] == "", _natural(row[1]), row[0]))]


def _natural(code: str) -> list[tuple[int, str]]:
    """The code's words and numbers, each number by its size."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in _NUMBERS.split(code)]


def chunks(keys: Collection[int], size: int) -> Iterable[list[int]]:
    ordered = list(keys)
    return (ordered[start : start + size] for start in range(0, len(ordered), size))

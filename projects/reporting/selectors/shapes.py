"""What the pages of a report show: one version with its places, and what stands beside each of them. No queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from kpis.selectors.recorded import Recorded
from projects.reporting.comparing import Piece
from projects.reporting.content import Content
from projects.reporting.models import ProgressReport, ReportEvent, ReportReview, ReportVersion, ReviewNote
from projects.reporting.questions import SCORES, WIDE_SPREAD

SCORE_WORDS = dict(SCORES)


@dataclass
class Place:
    """Something of a version that a reviewer can write a note on."""

    place: str
    label: str
    notes: list[ReviewNote] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        return "p-" + self.place.replace(".", "-")


@dataclass
class Passage(Place):
    """One answer of the narrative; `pieces` where it is compared with another version."""

    text: str = ""
    pieces: list[Piece] = field(default_factory=list)

    @property
    def is_changed(self) -> bool:
        return any(piece.kind != "same" for piece in self.pieces)


@dataclass
class ReportFigure(Place):
    """One figure as it was submitted, and what became of it since."""

    data: dict[str, Any] = field(default_factory=dict)
    recorded: Recorded | None = None
    before: str | None = None
    period_before: str = ""
    sent_back: str = ""
    is_changed: bool = False

    @property
    def url(self) -> str:
        return reverse("kpis:indicator", args=[self.data["indicator"]])

    @property
    def why_url(self) -> str:
        return reverse("kpis:why", args=[self.data["indicator"]]) + f"?period={self.data['period']}"

    @property
    def state(self) -> str:
        return self.recorded.state if self.recorded else "submitted"

    @property
    def nature_label(self) -> str:
        if self.data["missing"] or self.recorded is None:
            return ""
        return str(self.recorded.row.get_nature_display())


@dataclass
class AlignmentRow(Place):
    """One of the four questions with everybody's answer."""

    key: str = ""
    answers: list[AlignmentCell] = field(default_factory=list)

    @property
    def spread(self) -> int:
        scores = [cell.score for cell in self.answers if cell.score]
        return max(scores) - min(scores) if scores else 0

    @property
    def is_wide(self) -> bool:
        return self.spread >= WIDE_SPREAD


@dataclass(frozen=True)
class AlignmentCell:
    """How one side answered one question; score 0: not yet."""

    who: str
    score: int = 0
    note: str = ""
    before: int = 0

    @property
    def word(self) -> str:
        return str(SCORE_WORDS.get(self.score, ""))

    @property
    def is_changed(self) -> bool:
        return bool(self.before) and self.before != self.score


@dataclass(frozen=True)
class EvidenceLine:
    """A file or link of the version; change: "" · added · removed."""

    data: dict[str, Any]
    change: str = ""


@dataclass(frozen=True)
class Base:
    """What a version may be compared with."""

    value: str
    label: str
    content: Content
    is_same_report: bool


@dataclass
class Reading:
    """Everything that the pages of a report show of one version."""

    report: ProgressReport
    versions: list[ReportVersion]
    version: ReportVersion | None
    reviews: list[ReportReview]
    events: list[ReportEvent]
    bases: list[Base]
    base: Base | None
    passages: list[Passage] = field(default_factory=list)
    figures: list[ReportFigure] = field(default_factory=list)
    earlier: list[dict[str, Any]] = field(default_factory=list)
    missing: list[dict[str, Any]] = field(default_factory=list)
    alignment: list[AlignmentRow] = field(default_factory=list)
    sides: list[str] = field(default_factory=list)
    evidence: list[EvidenceLine] = field(default_factory=list)
    about_evidence: Place | None = None
    about_all: Place | None = None

    @property
    def is_newest(self) -> bool:
        return bool(self.version and self.version.pk == self.versions[-1].pk)

    @property
    def places(self) -> list[Place]:
        more = [each for each in (self.about_evidence, self.about_all) if each]
        return [*self.passages, *self.figures, *self.alignment, *more]

    @property
    def changes(self) -> int:
        return (
            sum(each.is_changed for each in self.passages)
            + sum(each.is_changed for each in self.figures)
            + sum(cell.is_changed for row in self.alignment for cell in row.answers)
            + sum(bool(each.change) for each in self.evidence)
        )

    @property
    def open_conditions(self) -> list[ReportReview]:
        return [review for review in self.reviews if review.has_open_condition]

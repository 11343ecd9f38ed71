"""The page on which a report is written: its questions, what stands in them, its figures, and what is still missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from foundation.access import Actor
from kpis.models import Indicator
from kpis.periods import Period
from kpis.selectors.entry_grid import PeriodFigures, period_figures
from kpis.services import bundling
from projects.reporting.content import ALIGNMENT, NOTE
from projects.reporting.models import ProgressReport, ReportAnswer, ReportEvidence, ReportVersion, ReviewNote
from projects.reporting.questions import ALIGNMENT as QUESTIONS
from projects.reporting.questions import SCORES
from projects.reporting.selectors.report import last_approved_version, newest_notes
from projects.reporting.services.writing import MAX_NOTE, mark_of_text, plan_in_force
from visions.models import VisionVersion


@dataclass
class AnswerField:
    """One thing that is typed: what is kept, what was typed in this request and refused, and why."""

    key: str
    label: str
    help: str = ""
    limit: int = MAX_NOTE
    is_required: bool = False
    answer: ReportAnswer | None = None
    notes: list[ReviewNote] = field(default_factory=list)
    typed: str | None = None
    error: str = ""
    theirs: str | None = None
    who: str = ""
    viewer_id: int | None = None

    @property
    def stored(self) -> str:
        return self.answer.text if self.answer else ""

    @property
    def text(self) -> str:
        return self.stored if self.typed is None else self.typed

    @property
    def count(self) -> int:
        return len(self.text)

    @property
    def mark(self) -> str:
        return mark_of_text(self.stored)

    @property
    def name(self) -> str:
        return f"answer.{self.key}"

    @property
    def anchor(self) -> str:
        return "a-" + self.key.replace(".", "-")

    @property
    def is_prefilled(self) -> bool:
        return bool(self.answer and self.answer.is_prefilled)

    @property
    def is_missing(self) -> bool:
        return self.is_required and not self.stored.strip()

    @property
    def typist(self) -> str:
        """Who typed it, where that was somebody else."""
        user = self.answer.updated_by if self.answer else None
        return "" if user is None or user.pk == self.viewer_id else str(getattr(user, "person", user))


@dataclass
class AlignmentField:
    """One of the four questions: the choice and the reason."""

    score: AnswerField
    note: AnswerField

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """(value, words, chosen)."""
        return [(str(score), str(word), self.score.text == str(score)) for score, word in SCORES]


@dataclass(frozen=True)
class Lack:
    """Something without which the report cannot be submitted, and where it is typed."""

    label: str
    anchor: str


@dataclass
class WritingPage:
    """All that the writing page shows."""

    report: ProgressReport
    fields: dict[str, AnswerField]
    alignment: list[AlignmentField]
    figures: PeriodFigures | None
    evidence: list[ReportEvidence]
    notes: list[ReviewNote]
    last: ReportVersion | None
    plan: VisionVersion | None
    note_anchors: dict[int, tuple[str, str]]

    @property
    def narrative(self) -> list[AnswerField]:
        return [each for each in self.fields.values() if not each.key.startswith(ALIGNMENT)]

    @property
    def lacks(self) -> list[Lack]:
        return lacks_of(self.fields.values())

    @property
    def has_prefilled(self) -> bool:
        return any(each.is_prefilled for each in self.fields.values())

    @property
    def listed_notes(self) -> list[tuple[ReviewNote, str, str]]:
        """(note, what it is about, where that is typed)."""
        return [(note, *self.note_anchors[note.pk]) for note in self.notes]

    @property
    def general_notes(self) -> list[ReviewNote]:
        return [note for note in self.notes if note.key == "report"]

    @property
    def evidence_notes(self) -> list[ReviewNote]:
        return [note for note in self.notes if note.key == "evidence"]


def lacks_of(fields: Iterable[AnswerField]) -> list[Lack]:
    return [Lack(each.label, each.anchor) for each in fields if each.is_missing]


def answer_fields(report: ProgressReport, viewer_id: int | None) -> dict[str, AnswerField]:
    """{key: field} of everything that the form asks, in its order; one query."""
    kept = {each.key: each for each in report.answers.select_related("updated_by__person")}
    asked = report.round.template.questions if report.round.template else []
    found = [
        AnswerField(
            each["key"], each["label"], each["help"], each["limit"], each["is_required"], viewer_id=viewer_id
        )
        for each in asked
    ]
    for key, label in QUESTIONS:
        found.append(
            AnswerField(f"{ALIGNMENT}{key}", str(label), limit=1, is_required=True, viewer_id=viewer_id)
        )
        found.append(
            AnswerField(f"{ALIGNMENT}{key}{NOTE}", _("理由（なくても構いません）"), viewer_id=viewer_id)
        )
    for each in found:
        each.answer = kept.get(each.key)
    return {each.key: each for each in found}


def writing_page(actor: Actor, report: ProgressReport) -> WritingPage:
    """Everything at once, in a fixed number of queries."""
    fields = answer_fields(report, actor.user_id)
    is_returned = report.state == ProgressReport.State.RETURNED
    notes = newest_notes(report) if is_returned else []
    pairs = _pairs_of_bundle(report)
    page = WritingPage(
        report,
        fields,
        [
            AlignmentField(fields[f"{ALIGNMENT}{key}"], fields[f"{ALIGNMENT}{key}{NOTE}"])
            for key, _l in QUESTIONS
        ],
        _figures(actor, report, pairs),
        list(report.evidence.select_related("file").order_by("id")),
        notes,
        last_approved_version(report),
        plan_in_force(report),
        {},
    )
    page.note_anchors = _put_notes(page, pairs)
    return page


def _pairs_of_bundle(report: ProgressReport) -> dict[str, tuple[int, Period, Indicator]]:
    """{measurement: its cell} of everything that was ever submitted into the report."""
    rows = bundling.figures_of(report.bundle_key).select_related("indicator")
    return {str(row.public_id): (row.indicator_id, row.period, row.indicator) for row in rows}


def _figures(
    actor: Actor, report: ProgressReport, pairs: dict[str, tuple[int, Period, Indicator]]
) -> PeriodFigures | None:
    card = report.project.scorecard
    if card is None:
        return None
    also = {(pk, period) for pk, period, _indicator in pairs.values()}
    return period_figures(actor, card, report.round.period, also)


def _put_notes(
    page: WritingPage, pairs: dict[str, tuple[int, Period, Indicator]]
) -> dict[int, tuple[str, str]]:
    """Each note beside what it is about; {note: (its label, its anchor)} for the list on top."""
    found = {}
    for note in page.notes:
        kind, _dot, rest = note.key.partition(".")
        if kind == "answer" and rest in page.fields:
            field_ = page.fields[rest]
        elif kind == "alignment":
            field_ = page.fields[note.key]
        else:
            found[note.pk] = _about(kind, rest, pairs)
            continue
        field_.notes.append(note)
        found[note.pk] = (field_.label, field_.anchor)
    return found


def _about(kind: str, rest: str, pairs: dict[str, tuple[int, Period, Indicator]]) -> tuple[str, str]:
    if kind == "figure" and rest in pairs:
        _pk, period, indicator = pairs[rest]
        return f"{indicator} {period.label}", f"c-{indicator.public_id.hex}-{period.code}"
    if kind == "evidence":
        return _("資料"), "evidence"
    return _("報告の全体"), "returned"

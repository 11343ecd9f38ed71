"""What waits for review, and one submission with everything a reviewer weighs beside each figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from ecosystems.access import duty_forums
from foundation.access import Actor
from foundation.figures import show_figure
from kpis.access import APPROVE
from kpis.arithmetic import ratio_value
from kpis.figure_text import measurement_text, rate_text
from kpis.figures import EXACT
from kpis.models import (
    Cell,
    Evidence,
    IndicatorSheet,
    Measurement,
    MeasurementEvent,
    MeasurementPart,
    Scorecard,
    Submission,
)
from kpis.models.cell import TOTAL
from kpis.periods import Period, PeriodError
from kpis.querysets import MeasurementQuerySet
from kpis.rules import Basis
from kpis.selectors.recorded import History, Recorded, histories
from kpis.units import unit_of

TREND = 4
ENOUGH = 3


# --- the queue -------------------------------------------------------------------------------------------------------


def waiting() -> MeasurementQuerySet:
    """Submitted and neither approved nor returned nor withdrawn."""
    later = MeasurementEvent.objects.filter(measurement=OuterRef("pk")).exclude(kind="submitted")
    return Measurement.objects.filter(~Exists(later))


def _count(rows: MeasurementQuerySet) -> Coalesce:
    counted = rows.filter(submission=OuterRef("pk")).order_by().values("submission").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), Value(0))


def review_queue(actor: Actor) -> QuerySet[Submission]:
    """Submissions with waiting figures in the forums where the actor reviews, oldest first.

    Each with `waiting_count`, and `reviewable_count`: those the actor may approve (not their own).
    """
    rows = Submission.objects.filter(
        Exists(waiting().filter(submission=OuterRef("pk"))),
        state=Submission.State.SUBMITTED,
        bundle="",
        scorecard__forum_id__in=duty_forums(actor, *APPROVE),
    )
    return (
        rows.annotate(
            waiting_count=_count(waiting()), reviewable_count=_count(waiting().allowed(actor, "approve"))
        )
        .select_related("scorecard__forum", "organization", "submitted_by__person")
        .order_by("submitted_at", "id")
    )


# --- one submission --------------------------------------------------------------------------------------------------


@dataclass
class SubmittedRow:
    """One submitted figure with its state, what stood before it, and what the actor may do."""

    row: Measurement
    recorded: Recorded
    sheet: IndicatorSheet
    before: Recorded | None = None
    sent_back: Recorded | None = None
    trend: list[Decimal] = field(default_factory=list)
    parts: list[MeasurementPart] = field(default_factory=list)
    is_superseded: bool = False
    why_not: str = ""

    @property
    def text(self) -> str:
        return measurement_text(self.row, self.sheet)

    @property
    def rate(self) -> str:
        return rate_text(self.row, self.sheet)

    @property
    def before_text(self) -> str:
        return measurement_text(self.before.row, self.sheet) if self.before else ""

    @property
    def sent_back_text(self) -> str:
        """The figure that was returned and is now reported again."""
        return measurement_text(self.sent_back.row, self.sheet) if self.sent_back else ""

    @property
    def before_rate(self) -> str:
        return rate_text(self.before.row, self.sheet) if self.before else ""

    @property
    def difference(self) -> str:
        """「+3.5」「▲390」 against the standing figure; empty where one of the two is no figure or the units differ."""
        now, then = _value(self.row), _value(self.before.row) if self.before else None
        if now is None or then is None or self.before is None or self.before.row.unit != self.row.unit:
            return ""
        change = EXACT.subtract(now, then)
        places = max(self.sheet.decimals, -int(change.normalize().as_tuple().exponent), 0)
        return ("+" if change > 0 else "") + show_figure(change, min(places, 6))

    @property
    def is_unusual(self) -> bool:
        value = None if self.recorded.is_outlook else _value(self.row)
        return value is not None and self.row.unit == self.sheet.unit and is_out_of_trend(value, self.trend)

    @property
    def is_doubtful(self) -> bool:
        """Not chosen beforehand: a figure that deserves a second look is approved by a decision of its own."""
        return self.is_unusual or bool(self.unaccounted) or self.is_superseded

    @property
    def trend_text(self) -> str:
        return "、".join(show_figure(value, self.sheet.decimals) for value in self.trend)

    @property
    def unaccounted(self) -> str:
        """内訳不完全: the total less the sum of its parts, where they differ."""
        values = [part.value for part in self.parts if part.value is not None]
        if not values or self.row.value is None:
            return ""
        rest = EXACT.subtract(self.row.value, sum(values, Decimal(0)))
        return show_figure(rest, self.sheet.decimals) if rest else ""

    @property
    def choice(self) -> str:
        """How a form names it."""
        return str(self.row.public_id)

    @property
    def can_choose(self) -> bool:
        return self.recorded.is_waiting and not self.why_not

    @property
    def events(self) -> list[MeasurementEvent]:
        return sorted(self.recorded.events.values(), key=lambda event: event.pk)


def _value(row: Measurement) -> Decimal | None:
    numerator: Decimal | None = row.numerator
    denominator: Decimal | None = row.denominator
    if numerator is not None and denominator is not None:
        return ratio_value(numerator, denominator, unit_of(row.unit).is_percent)
    value: Decimal | None = row.value
    return value


def is_out_of_trend(value: Decimal, earlier: Sequence[Decimal]) -> bool:
    """Whether a figure moves more than twice as far as any step of the last periods. A hint, never a refusal."""
    if len(earlier) < ENOUGH:
        return False
    steps = [abs(EXACT.subtract(b, a)) for a, b in zip(earlier, earlier[1:], strict=False)]
    return abs(EXACT.subtract(value, earlier[-1])) > 2 * max(steps)


def submitted_rows(actor: Actor, submission: Submission, *verbs: str) -> list[SubmittedRow]:
    """The figures of a submission in the order of the card; five queries whatever their number.

    The rows carry `can_<verb>` for each of the verbs.
    """
    rows = list(
        submission.measurements.with_can(actor, "approve", *verbs)
        .select_related("indicator")
        .order_by("indicator__position", "indicator_id", "period", "id")
    )
    found = histories({row.indicator_id for row in rows}, {row.period for row in rows})
    sheets = _sheets(rows)
    trends, parts = _trends(rows), _parts(rows)
    return [
        _submitted_row(actor, row, found[row.indicator_id, row.period], sheets, trends, parts) for row in rows
    ]


def _submitted_row(
    actor: Actor,
    row: Measurement,
    history: History,
    sheets: dict[int, IndicatorSheet],
    trends: dict[int, dict[Period, Decimal]],
    parts: dict[int, list[MeasurementPart]],
) -> SubmittedRow:
    recorded = next(each for each in history.rows if each.row.pk == row.pk)
    earlier = History([each for each in history.rows if each.row.pk < row.pk])
    own = trends.get(row.indicator_id, {})
    return SubmittedRow(
        row,
        recorded,
        sheets[row.indicator_id],
        before=earlier.official,
        sent_back=earlier.returned,
        trend=[own[period] for period in _before(row.period) if period in own],
        parts=parts.get(row.pk, []),
        is_superseded=any(each.row.pk > row.pk and not each.is_outlook for each in history.rows),
        why_not="" if row.can_approve else _why_not(actor, row),  # type: ignore[attr-defined]
    )


def _why_not(actor: Actor, row: Measurement) -> str:
    if row.reporter_id == actor.user_id:
        return _("自分が報告した値は承認できません")
    if row.post_id in actor.post_ids:
        return _("自分の担当ポストが報告した値は承認できません")
    if row.organization_id is not None and row.organization_id == actor.organization_id:
        return _("同じ機関の値は、この場では承認できません")
    return _("承認は自治体確認者・大学確認者が行います")


def _sheets(rows: Sequence[Measurement]) -> dict[int, IndicatorSheet]:
    found = IndicatorSheet.objects.filter(
        indicator_id__in={row.indicator_id for row in rows}, superseded_at=None
    )
    return {sheet.indicator_id: sheet for sheet in found}


def _before(period: Period) -> list[Period]:
    """The periods just before, oldest first."""
    try:
        return [period.shift(-count) for count in range(TREND, 0, -1)]
    except PeriodError:
        return []


def _trends(rows: Sequence[Measurement]) -> dict[int, dict[Period, Decimal]]:
    """The approved figures of the last periods before each row, by indicator."""
    cells = Cell.objects.filter(
        indicator_id__in={row.indicator_id for row in rows},
        period__in={period for row in rows for period in _before(row.period)},
        basis=Basis.OFFICIAL,
        part_id=TOTAL,
        value__isnull=False,
    )
    found: dict[int, dict[Period, Decimal]] = defaultdict(dict)
    for cell in cells.only("indicator_id", "period", "value"):
        if cell.value is not None:
            found[cell.indicator_id][cell.period] = cell.value
    return found


def _parts(rows: Sequence[Measurement]) -> dict[int, list[MeasurementPart]]:
    found: dict[int, list[MeasurementPart]] = defaultdict(list)
    parts = MeasurementPart.objects.filter(measurement_id__in={row.pk for row in rows})
    for part in parts.select_related("part").order_by("part__position", "id"):
        found[part.measurement_id].append(part)
    return found


def evidence_of(submission: Submission) -> list[Evidence]:
    return list(submission.evidence.select_related("file", "indicator").order_by("id"))


def scorecards_moved(actor: Actor, submission: Submission) -> QuerySet[Scorecard]:
    """The card of the submission, and those one step above that its figures feed; only what the actor may see."""
    above = Q(
        indicators__contributions_in__child__scorecard_id=submission.scorecard_id,
        indicators__contributions_in__superseded_at=None,
    )
    rows: QuerySet[Scorecard] = Scorecard.objects.visible_to(actor).filter(
        Q(pk=submission.scorecard_id) | above
    )
    return rows.distinct().order_by("id")

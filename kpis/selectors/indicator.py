"""One indicator as it is read: its sheet, its figures by period, its targets, its place in the graph, its ledger.

Ten queries with the three of the request: the indicator with keeper and rights, sheets, targets, the rules beneath,
the cells, the contributions, the events of its newest measurements.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from actors.models import Assignment
from foundation.access import Actor, condition
from foundation.dates import fiscal_year
from kpis.attainment import Attainment, Bounds, Plan, Standing, judging_grain
from kpis.models import (
    Cell,
    Contribution,
    GradeScheme,
    Indicator,
    IndicatorSheet,
    Measurement,
    MeasurementEvent,
    Target,
)
from kpis.models.cell import TOTAL
from kpis.periods import Grain, Period
from kpis.rules import Basis, Missing, Nature, TimeRule
from kpis.selectors.judging import judged_at
from kpis.selectors.scorecard import Entry, figures_of
from kpis.selectors.scorecard_table import Frame, Line
from kpis.selectors.series import OUTSIDE, Series
from kpis.selectors.wording import (
    GAP_KINDS,
    AsOf,
    Printed,
    figure_text,
    met_word,
    plain_figure,
    post_text,
    rate_text,
    target_text,
    unit_label,
    why_address,
)
from kpis.units import unit_of

HISTORY = 60


def indicator_rows(actor: Actor) -> QuerySet[Any, Any]:
    """The indicators the actor may see, each with its card, forum, keepers, rights, and who holds the keeper's post."""
    schemes = GradeScheme.objects.filter(forum_id=OuterRef("scorecard__forum_id"), superseded_at=None)
    mains = Assignment.objects.filter(post_id=OuterRef("post_id"), role=Assignment.Role.MAIN)
    here = Q(parent_id=OuterRef("pk")) | Q(child_id=OuterRef("pk"))
    links = Contribution.objects.filter(here, superseded_at=None)
    today = timezone.localdate()
    rows: QuerySet[Any, Any] = (
        Indicator.objects.visible_to(actor)
        .select_related("scorecard__forum", "post__organization", "deputy_post__organization")
        .with_can(actor, "enter", "change", "view_provisional", "view_figures")
        .annotate(
            is_joined=Exists(links),
            scheme_definition=Subquery(schemes.values("definition")[:1]),
            holder=Subquery(mains.active_on(today).values("person__name")[:1]),
            last_held_on=Subquery(mains.order_by("-to_on").filter(to_on__lt=today).values("to_on")[:1]),
        )
    )
    return rows


def sheets_of(indicator: Indicator) -> list[IndicatorSheet]:
    """Every version, newest first."""
    return list(
        IndicatorSheet.objects.filter(indicator=indicator).select_related("decision").order_by("-version")
    )


def targets_of(indicator: Indicator) -> list[Target]:
    """Every target that ever stood, by period and then by when it was recorded."""
    rows = Target.objects.filter(indicator=indicator).select_related("decision")
    return list(rows.order_by("period", "recorded_at", "id"))


def entry_of(indicator: Indicator, sheet: IndicatorSheet, targets: list[Target]) -> Entry:
    current = [
        (target.period, target.value, target.lower, target.upper)
        for target in targets
        if target.superseded_at is None
    ]
    keeper = indicator.post.public_id if indicator.post else None
    return Entry(
        indicator.pk, indicator.public_id, indicator.code, indicator.name, indicator.is_rolled_up, keeper,
        post_text(indicator.post), sheet, current,
    )  # fmt: skip


@dataclass(frozen=True)
class Vacancy:
    """Nobody holds the keeper's post as its main holder; `since`: the first day without."""

    since: date | None


def vacancy_of(indicator: Any) -> Vacancy | None:
    if indicator.post is None or indicator.holder:
        return None
    return Vacancy(indicator.last_held_on + timedelta(days=1) if indicator.last_held_on else None)


# --- figures by period -----------------------------------------------------------------------------------------------


@dataclass
class PeriodRow:
    """One period of the table that says the same as the chart."""

    period: Period
    official: Printed
    provisional: Printed | None
    coverage: str
    coverage_short: bool
    target: str
    rate: str
    grade: str
    symbol: str
    tone: str
    is_open: bool = False
    actual: float | None = None
    pending: float | None = None
    goal: Any = None
    marks: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class PeriodTable:
    """The periods of one grain, newest last, with the data of their chart."""

    grain: Grain
    rows: list[PeriodRow]
    has_targets: bool
    chart: dict[str, Any] = field(default_factory=dict)


def tables_of(indicator: Any, entry: Entry, targets: list[Target]) -> list[PeriodTable]:
    """The table at the grain at which it is judged, and, where that is coarser, one of the own periods."""
    today = timezone.localdate()
    last = max([fiscal_year(today), *(target[0].fiscal_year for target in entry.targets)])
    bases = [Basis.OFFICIAL, Basis.PROVISIONAL] if indicator.can_view_provisional else [Basis.OFFICIAL]
    year = Period.year(last)
    figures = figures_of(indicator, [entry], year, AsOf(), bases, whole=True)
    reader = _Reader(entry, figures, Frame(year, today, AsOf(), indicator.can_view_provisional))
    own = Grain(entry.sheet.grain)
    judging = judging_grain(entry.plan.milestones, entry.plan.baseline) or own
    tables = [reader.table(judging)]
    if own != judging:
        tables.append(reader.table(own))
    for table in tables:
        table.chart = chart_of(entry, table, targets)
    return tables


NOT_JUDGED = Standing(None, Attainment(), None, Attainment())


class _Reader(Line):
    """Reads one indicator period by period."""

    def table(self, grain: Grain) -> PeriodTable:
        judged = judged_at(self.sheet, self.entry.plan, grain) and bool(self.entry.plan.milestones)
        rows = [self.period_row(period, judged) for period in self._periods(grain)]
        return PeriodTable(grain, rows, judged)

    def _periods(self, grain: Grain) -> list[Period]:
        """From the first period to the newest that has begun, or, where targets stand, to the last of those."""
        start = (
            self.sheet.first_period.containing(grain)
            if grain >= self.sheet.grain
            else self.sheet.first_period
        )
        ends = [Period.of(self.frame.today, grain)]
        if judged_at(self.sheet, self.entry.plan, grain):
            ends += [target[0] for target in self.entry.targets if target[0].grain == grain]
        last = max(ends)
        if self.sheet.last_period is not None:
            last = min(last, Period.of(self.sheet.last_period.last_day, grain))
        return [start.shift(step) for step in range((last.first - start.first) // grain + 1)]

    def period_row(self, period: Period, judged: bool) -> PeriodRow:
        figure, value = self._figure(period)
        standing = self.entry.plan.standing(period, value) if judged else NOT_JUDGED
        judgement = self._judge(period) if judged else None
        grade = judgement.grade if judgement else None
        pending, pending_value = self._pending(period)
        printed = self._printed(self.official, Basis.OFFICIAL, period, figure, value)
        judged = judged and printed.gap != GAP_KINDS[OUTSIDE]
        is_open = self._is_growing(period)
        return PeriodRow(
            period,
            printed,
            pending,
            f"{figure.reported}／{figure.expected}" if figure.expected else "",
            self.official.is_overdue(period, self.frame.today),
            target_text(standing.target, self.sheet) if judged else "",
            (rate_text(standing.attainment) or met_word(standing.attainment, self._keeps)) if grade else "",
            judgement.label if judgement and grade else "",
            grade.symbol if grade else "",
            grade.tone if grade else "",
            is_open,
            None if value is None or is_open else float(value),
            pending_value,
            standing.target if judged else None,
        )

    def _is_growing(self, period: Period) -> bool:
        """A sum that is still being added to; no line of a chart leads there."""
        coarser = period.grain > self.sheet.grain and self.sheet.time_rule == TimeRule.SUM
        return coarser and period.last_day >= self.frame.today

    def _pending(self, period: Period) -> tuple[Printed | None, float | None]:
        """The provisional figure, and its value where it differs from the official one."""
        if not self.frame.is_insider:
            return None, None
        series: Series = self.figures.of(self.entry, Basis.PROVISIONAL)
        figure = series.at(period)
        value = figure.stored(self.unit)
        printed = self._printed(series, Basis.PROVISIONAL, period, figure, value)
        differs = value is not None and (value != self._figure(period)[1] or self._is_growing(period))
        return printed, float(value) if differs and value is not None else None


def chart_of(entry: Entry, table: PeriodTable, targets: list[Target]) -> dict[str, Any]:
    """The data of static/js/series_chart.js: a gap is null, a target a step, bounds a band, changes marks."""
    rows, plan = table.rows, entry.plan
    goals = [row.goal for row in rows]
    return {
        "title": f"{entry.name}（{table.grain.label}）",
        "periods": [row.period.short_label for row in rows],
        "actual": [row.actual for row in rows],
        "provisional": [row.pending for row in rows],
        "target": [None if goal is None or isinstance(goal, Bounds) else float(goal) for goal in goals],
        "bounds": [
            [float(goal.lower), float(goal.upper)] if isinstance(goal, Bounds) else None for goal in goals
        ],
        "expected": _expected(plan, rows) if table.has_targets else [],
        "unit": unit_label(entry.sheet),
        "decimals": entry.sheet.decimals,
        "marks": [
            {"index": index, "label": Nature.CORRECTED.label}
            for index, row in enumerate(rows)
            if Nature.CORRECTED.label in row.official.note
        ],
        "target_changes": _changes(table, targets),
    }


def _expected(plan: Plan, rows: list[PeriodRow]) -> list[float | None]:
    found = [plan.expected(row.period) for row in rows]
    return [None if value is None or isinstance(value, Bounds) else float(value) for value in found]


def _changes(table: PeriodTable, targets: list[Target]) -> list[dict[str, Any]]:
    """「目標 90→75」 at each period whose target was changed."""
    place = {row.period: index for index, row in enumerate(table.rows)}
    found = []
    for before, after in zip(targets, targets[1:], strict=False):
        if (
            before.period == after.period
            and before.superseded_at
            and after.period in place
            and table.has_targets
        ):
            old, new = (target_text(_goal(each), IndicatorSheet(scale="number")) for each in (before, after))
            found.append({"index": place[after.period], "label": f"目標 {old}→{new}"})
    return found


def _goal(target: Target) -> Any:
    if target.lower is not None and target.upper is not None:
        return Bounds(target.lower, target.upper)
    return target.value


# --- targets, graph, ledger ------------------------------------------------------------------------------------------


def target_history(targets: list[Target], sheet: IndicatorSheet) -> list[dict[str, Any]]:
    """Which target was in force from when to when, and by which decision."""
    return [
        {
            "period": target.period,
            "text": target_text(_goal(target), sheet),
            "is_none": _goal(target) is None,
            "recorded_at": target.recorded_at,
            "superseded_at": target.superseded_at,
            "decision": target.decision,
        }
        for target in targets
    ]


@dataclass
class Joined:
    """Contributions on one side of the indicator: those that may be named, and how many may not."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    hidden: int = 0


def joined(actor: Actor, indicator: Any) -> dict[str, Joined]:
    """What feeds the indicator (`below`) and what it feeds (`above`), proposals included; one query if any does."""
    found = {"below": Joined(), "above": Joined()}
    if not indicator.is_joined:
        return found
    visible = Indicator.objects.visible_to(actor)
    either = Q(pk=OuterRef("parent_id")) | Q(pk=OuterRef("child_id"))
    rows = (
        Contribution.objects.filter(Q(parent=indicator) | Q(child=indicator), superseded_at=None)
        .filter(Q(state=Contribution.State.ACCEPTED) | condition(actor, "kpis.view_contribution"))
        .exclude(state=Contribution.State.DECLINED)
        .annotate(other_visible=Exists(visible.filter(either).exclude(pk=indicator.pk)))
        .select_related("parent__scorecard", "child__scorecard")
        .order_by("position", "id")
    )
    for link in rows:
        below = link.parent_id == indicator.pk
        side, other = (found["below"], link.child) if below else (found["above"], link.parent)
        if link.other_visible:
            side.rows.append(_joined_row(link, other))
        else:
            side.hidden += 1
    return found


def _joined_row(link: Contribution, other: Indicator) -> dict[str, Any]:
    return {
        "other": other,
        "state": link.get_state_display(),
        "is_accepted": link.state == Contribution.State.ACCEPTED,
        "factor": plain_figure(link.factor),
        "weight": plain_figure(link.weight),
        "first": link.first_period,
        "last": link.last_period,
    }


@dataclass
class LedgerRow:
    """One measurement with what happened to it."""

    measurement: Measurement
    figure: str
    events: list[MeasurementEvent] = field(default_factory=list)

    @property
    def state(self) -> MeasurementEvent:
        return self.events[-1]

    @property
    def tone(self) -> str:
        kinds = {"approved": "positive", "returned": "negative", "withdrawn": "none"}
        return kinds.get(self.state.kind, "neutral")


def ledger_of(actor: Actor, indicator: Any, sheet: IndicatorSheet) -> list[LedgerRow]:
    """The newest measurements the actor may see, corrections beside what they correct, in one query."""
    rows = Measurement.objects.filter(indicator=indicator)
    if not indicator.can_view_figures:
        rows = rows.visible_to(actor)
    newest = rows.order_by("-period", "-id").values("pk")[:HISTORY]
    events = MeasurementEvent.objects.filter(measurement_id__in=newest).select_related(
        "measurement__organization", "measurement__post", "organization"
    )
    found: dict[int, LedgerRow] = {}
    for event in events.order_by("-measurement__period", "-measurement_id", "id"):
        row = event.measurement
        entry = found.setdefault(row.pk, LedgerRow(row, measurement_text(row, sheet)))
        entry.events.append(event)
    return list(found.values())


def measurement_text(row: Measurement, sheet: IndicatorSheet) -> str:
    """As it was entered, in the unit it was entered in."""
    if row.missing:
        return Missing(row.missing).label
    if row.numerator is not None and row.denominator is not None:
        return f"{plain_figure(row.numerator)}／{plain_figure(row.denominator)}"
    if row.value is None:
        return ""
    return f"{plain_figure(row.value)}{unit_of(row.unit).label}"


# --- the list --------------------------------------------------------------------------------------------------------


def list_rows(actor: Actor) -> QuerySet[Any, Any]:
    """Indicators with what a list prints: card, forum, keeper, rules in force, and the newest approved figure."""
    newest = Cell.objects.filter(
        indicator_id=OuterRef("pk"), basis=Basis.OFFICIAL, part_id=TOTAL, handed__isnull=False
    ).order_by("-period")
    sheet = IndicatorSheet.objects.filter(indicator_id=OuterRef("pk"), superseded_at=None)
    fields = ("unit", "grain", "decimals", "scale", "value")
    rows: QuerySet[Any, Any] = (
        Indicator.objects.visible_to(actor)
        .select_related("scorecard__forum", "post__organization")
        .annotate(
            newest_period=Subquery(newest.values("period")[:1]),
            newest_value=Subquery(newest.values("value")[:1]),
            **{f"sheet_{name}": Subquery(sheet.values(name)[:1]) for name in fields},
        )
        .order_by("scorecard_id", "position", "pk")
    )
    return rows


def listed(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """The rows of a page, ready for print."""
    found = []
    for row in rows:
        sheet = IndicatorSheet(
            unit=row.sheet_unit or "count",
            decimals=row.sheet_decimals or 0,
            scale=row.sheet_scale or "number",
        )
        period, value = row.newest_period, row.newest_value
        found.append({
            "indicator": row,
            "unit": unit_label(sheet),
            "grain": Grain(row.sheet_grain).label if row.sheet_grain else "",
            "keeper": post_text(row.post),
            "figure": "" if value is None else figure_text(value, sheet),
            "period": period,
            "why": why_address(row.public_id, period, Basis.OFFICIAL) if value is not None else "",
        })  # fmt: skip
    return found

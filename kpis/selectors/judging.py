"""How an indicator stands in a period: its plan, its attainment and course, its grade in the forum's scheme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kpis.arithmetic import CellFigure, gap_estimates
from kpis.attainment import Baseline, Bounds, Milestone, Plan, Standing, is_judged_at, judging_grain
from kpis.grades import Judgement, judge, judge_input
from kpis.models import IndicatorSheet
from kpis.models.cell import TOTAL
from kpis.periods import Grain, Period
from kpis.rollup.clean import CleanLedger
from kpis.rules import Accrual, AttainmentRule, Basis, Direction, Scale, TimeRule, TreeRule, only_adds
from kpis.schemes import PRESETS, Scheme, SchemeError
from kpis.selectors.series import Series
from kpis.units import unit_of

DEFAULT_SCHEME = "three_step"
Targets = Iterable[tuple[Period, Decimal | None, Decimal | None, Decimal | None]]


def scheme_of(definition: Mapping[str, Any] | None) -> Scheme:
    """The forum's own scheme; 三段階 where it has none (or one that cannot be read)."""
    if definition:
        try:
            return Scheme.from_dict(definition)
        except SchemeError:
            return PRESETS.get(str(definition.get("code")), PRESETS[DEFAULT_SCHEME])
    return PRESETS[DEFAULT_SCHEME]


def plan_of(sheet: IndicatorSheet, targets: Targets) -> Plan:
    """Baseline and milestones; `targets`: (period, value, lower, upper), all None where it was agreed to set none."""
    baseline = None
    if sheet.baseline_value is not None and sheet.baseline_period is not None:
        baseline = Baseline(sheet.baseline_value, sheet.baseline_period)
    milestones = tuple(Milestone(period, _target(value, low, high)) for period, value, low, high in targets)
    return Plan(
        Direction(sheet.direction),
        AttainmentRule(sheet.attainment_rule),
        Scale(sheet.scale),
        baseline,
        milestones,
    )


def _target(value: Decimal | None, lower: Decimal | None, upper: Decimal | None) -> Decimal | Bounds | None:
    if lower is not None and upper is not None:
        return Bounds(lower, upper)
    return value


def judged_at(sheet: IndicatorSheet, plan: Plan, grain: Grain) -> bool:
    judging = judging_grain(plan.milestones, plan.baseline)
    return is_judged_at(
        grain, judging, Accrual(sheet.accrual), TimeRule(sheet.time_rule), sheet.is_running_total
    )


@dataclass
class Judging:
    """Judges figures; `ledger` holds the contributions and rules beneath, `leaves` the official cells at their ends."""

    scheme: Scheme
    ledger: CleanLedger
    leaves: dict[int, Series]

    def judge(
        self, indicator_id: int, sheet: IndicatorSheet, plan: Plan, period: Period, figure: CellFigure
    ) -> Judgement:
        """The grade of a figure; estimates of what is missing are made only where they decide."""
        return judge(self.scheme, self._given(indicator_id, sheet, plan, period, figure))

    def _given(
        self, indicator_id: int, sheet: IndicatorSheet, plan: Plan, period: Period, figure: CellFigure
    ) -> Any:
        facts: dict[str, Any] = {
            "reported": figure.reported,
            "expected": figure.expected,
            "only_adds": self.only_adds(indicator_id),
            "judged": judged_at(sheet, plan, period.grain)
            and (bool(plan.milestones) or plan.baseline is not None),
        }
        actual = figure.stored(unit_of(sheet.unit))
        given = judge_input(plan, period, actual, **facts)
        if not given.is_undecided:
            return given
        return judge_input(plan, period, actual, **facts, possible=self.possible(indicator_id, sheet, period))

    def only_adds(self, indicator_id: int) -> bool:
        """Whether what is missing anywhere beneath can only add to the figure."""
        sheet = self.ledger.sheets[indicator_id]
        tree = TreeRule(sheet.tree_rule) if sheet.tree_rule else None
        if sheet.may_be_negative or not only_adds(TimeRule(sheet.time_rule), tree):
            return False
        links = self.ledger.links.get(indicator_id, [])
        return all(link.factor >= 0 and self.only_adds(link.child_id) for link in links)

    # --- what a missing figure may have been -----------------------------------------------------------------------

    def possible(self, indicator_id: int, sheet: IndicatorSheet, period: Period) -> tuple[Decimal, ...]:
        """The figure with every gap filled as between its neighbours, and as a year before; empty if one cannot be."""
        if sheet.is_running_total:
            return ()
        known, gaps = self._beneath(indicator_id, period)
        estimates = {gap: gap_estimates(self._by_period(gap[0]), gap[1]) for gap in gaps}
        if not estimates or not all(estimates.values()):
            return ()
        unit = unit_of(sheet.unit)
        figures = [
            self._with(known | {gap: pair[way] for gap, pair in estimates.items()}, indicator_id, period)
            for way in (0, 1)
        ]
        return tuple(value for figure in figures if (value := figure.stored(unit)) is not None)

    def _with(
        self, cells: dict[tuple[int, Period], CellFigure], indicator_id: int, period: Period
    ) -> CellFigure:
        ledger = self.ledger
        memo = {(pk, at, TOTAL): figure for (pk, at), figure in cells.items()}
        filled = CleanLedger(Basis.OFFICIAL, None, ledger.indicators, ledger.sheets, ledger.links, known=memo)
        return filled.folded(indicator_id, period)

    def _beneath(
        self, indicator_id: int, period: Period
    ) -> tuple[dict[tuple[int, Period], CellFigure], set[tuple[int, Period]]]:
        """The measured cells that make the figure, and the gaps among them."""
        known: dict[tuple[int, Period], CellFigure] = {}
        gaps: set[tuple[int, Period]] = set()
        for pk, own in self._measured(indicator_id, self.ledger.own_periods(indicator_id, period)):
            cell = self.leaves[pk].own(own.first).figure if pk in self.leaves else CellFigure(expected=1)
            known[pk, own] = cell
            if cell.value is None and cell.expected > cell.reported:
                gaps.add((pk, own))
        return known, gaps

    def _measured(self, indicator_id: int, periods: Iterable[Period]) -> set[tuple[int, Period]]:
        if not self.ledger.indicators[indicator_id].is_rolled_up:
            return {(indicator_id, period) for period in periods}
        found: set[tuple[int, Period]] = set()
        for period in periods:
            for link in self.ledger.links.get(indicator_id, []):
                found |= self._measured(link.child_id, self.ledger.counted_periods(link, period))
        return found

    def _by_period(self, indicator_id: int) -> dict[Period, CellFigure]:
        series = self.leaves[indicator_id]
        return {Period(first, Grain(series.sheet.grain)): own.figure for first, own in series.cells.items()}


def standing_of(sheet: IndicatorSheet, plan: Plan, period: Period, figure: CellFigure) -> Standing:
    return plan.standing(period, figure.stored(unit_of(sheet.unit)))

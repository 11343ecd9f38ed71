"""Targets, attainment and the expected value (目安値), judged on the stored figure.

達成率（対目標） and 進捗率（基準値から） are two names for two formulas and never mixed. All values are in the
indicator's own unit. Quotients stay exact fractions: 99.96 % shows 100.0 % and is not met. The axis is the month in
which a period ends. Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from kpis.figures import EXACT, rounded
from kpis.periods import Grain, Period
from kpis.rules import Accrual, AttainmentRule, Direction, Scale, TimeRule


class PlanError(ValueError):
    """A baseline and milestones that do not go together: `code` for machines, a Japanese message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Bounds:
    """The range of a 'keep' target, both ends included."""

    lower: Decimal
    upper: Decimal

    def __post_init__(self) -> None:
        if self.lower > self.upper:
            raise PlanError("bounds", "下限が上限を上回っています。")


Target = Decimal | Bounds


@dataclass(frozen=True)
class Milestone:
    """The target agreed for a period; None: it was agreed to set none (準備年度, 測定しない年度)."""

    period: Period
    target: Target | None


@dataclass(frozen=True)
class Baseline:
    value: Decimal
    period: Period


@dataclass(frozen=True)
class Attainment:
    """`ratio` exact and unrounded (1 = 100 %), None where the rule has no figure; `met` None: nothing to compare.

    `distance`: how far on the better side of the target (negative: short of it); of a range, to the nearer bound,
    positive inside and negative outside.
    """

    ratio: Fraction | None = None
    met: bool | None = None
    distance: Decimal | None = None

    @property
    def judged_ratio(self) -> Fraction | None:
        """What a grade compares: 'met' without a figure stands for exactly 100 %."""
        return Fraction(1) if self.ratio is None and self.met else self.ratio


NOTHING = Attainment()


# --- which target -----------------------------------------------------------------------------------


def milestone_for(
    period: Period, milestones: Iterable[Milestone], baseline_period: Period | None = None
) -> Milestone | None:
    """The first milestone at or after the period, after the last the last; none before the baseline's period."""
    ordered = sorted(milestones, key=lambda milestone: milestone.period.last_month)
    if not ordered or (baseline_period is not None and period.last_month < baseline_period.last_month):
        return None
    return next((each for each in ordered if each.period.last_month >= period.last_month), ordered[-1])


def target_for(
    period: Period, milestones: Iterable[Milestone], baseline_period: Period | None = None
) -> Target | None:
    milestone = milestone_for(period, milestones, baseline_period)
    return None if milestone is None else milestone.target


def judging_grain(milestones: Sequence[Milestone], baseline: Baseline | None = None) -> Grain | None:
    """The one grain that baseline and milestones share; None without either."""
    periods = [milestone.period for milestone in milestones] + ([baseline.period] if baseline else [])
    return periods[0].grain if periods else None


def is_judged_at(
    grain: Grain, judging: Grain | None, accrual: Accrual, time_rule: TimeRule, running_total: bool = False
) -> bool:
    """A flow that sums and is no running total is judged at the judging grain alone, all else at every period."""
    only_there = accrual is Accrual.FLOW and time_rule is TimeRule.SUM and not running_total
    return judging is None or not only_there or grain == judging


# --- the expected value ------------------------------------------------------------------------------

_Point = tuple[int, Decimal]


def expected_value(
    period: Period,
    baseline: Baseline | None,
    milestones: Iterable[Milestone],
    scale: Scale = Scale.NUMBER,
) -> Decimal | None:
    """On straight lines through the baseline and the milestones, 6 decimals; after the last milestone it stays.

    None before the first point, without a milestone, and for levels and yes/no.
    """
    points = _points((each.period, each.target) for each in milestones if isinstance(each.target, Decimal))
    if not points or scale in (Scale.LEVEL, Scale.YES_NO):
        return None
    if baseline is not None:
        points = sorted([(baseline.period.last_month, baseline.value), *points])
    return None if period.last_month < points[0][0] else _on_lines(points, period.last_month)


def expected_bounds(period: Period, milestones: Iterable[Milestone]) -> Bounds | None:
    """Lines through the bounds of a 'keep' target; the first bounds hold before the first milestone."""
    ranges = [(each.period, each.target) for each in milestones if isinstance(each.target, Bounds)]
    if not ranges:
        return None
    lower = _points((at, bounds.lower) for at, bounds in ranges)
    upper = _points((at, bounds.upper) for at, bounds in ranges)
    return Bounds(_on_lines(lower, period.last_month), _on_lines(upper, period.last_month))


def _points(values: Iterable[tuple[Period, Decimal]]) -> list[_Point]:
    return sorted((period.last_month, value) for period, value in values)


def _on_lines(points: Sequence[_Point], month: int) -> Decimal:
    """The height of the line at a month, 6 decimals; level before the first and after the last point."""
    if month <= points[0][0]:
        return points[0][1]
    for (start, low), (end, high) in zip(points, points[1:], strict=False):
        if month <= end:
            return rounded(
                Fraction(low) + (Fraction(high) - Fraction(low)) * Fraction(month - start, end - start)
            )
    return points[-1][1]


# --- attainment and course ----------------------------------------------------------------------------


def attainment(
    rule: AttainmentRule,
    actual: Decimal | None,
    target: Target | None,
    baseline: Decimal | None = None,
    *,
    direction: Direction,
    scale: Scale = Scale.NUMBER,
) -> Attainment:
    """How far the target is reached; never clamped. Levels have met or not met, and no figure."""
    if actual is None or target is None:
        return NOTHING
    distance = _distance(actual, target, direction)
    has_figure = scale is not Scale.LEVEL and not isinstance(target, Bounds)
    ratio = _ratio(rule, actual, target, baseline, direction) if has_figure else None
    return Attainment(ratio, met=distance >= 0, distance=distance)


def course(
    rule: AttainmentRule,
    actual: Decimal | None,
    expected: Target | None,
    baseline: Decimal | None = None,
    *,
    direction: Direction,
    scale: Scale = Scale.NUMBER,
) -> Attainment:
    """The same rule with the expected value in the target's place, so that a five-year target is not late at once."""
    if scale in (Scale.LEVEL, Scale.YES_NO):
        return NOTHING
    return attainment(rule, actual, expected, baseline, direction=direction, scale=scale)


def _distance(actual: Decimal, target: Target, direction: Direction) -> Decimal:
    if isinstance(target, Bounds):
        return min(EXACT.subtract(actual, target.lower), EXACT.subtract(target.upper, actual))
    if direction is Direction.KEEP:
        raise PlanError("keep_needs_bounds", "範囲内に保つ指標の目標値には、下限と上限が必要です。")
    return EXACT.subtract(actual, target) if direction is Direction.UP else EXACT.subtract(target, actual)


def _ratio(
    rule: AttainmentRule, actual: Decimal, target: Target, baseline: Decimal | None, direction: Direction
) -> Fraction | None:
    if isinstance(target, Bounds):
        return None
    if rule is AttainmentRule.RATIO_TO_TARGET:
        return Fraction(actual) / Fraction(target) if target > 0 else None
    if rule is AttainmentRule.INVERSE_RATIO:
        return _inverse(actual, target)
    if rule is AttainmentRule.PROGRESS_FROM_BASELINE and baseline is not None:
        return _progress(actual, target, baseline, direction)
    return None


def _inverse(actual: Decimal, target: Decimal) -> Fraction | None:
    """target ÷ actual: both above 0, or both 0, which is 100 %."""
    if actual == target == 0:
        return Fraction(1)
    return Fraction(target) / Fraction(actual) if actual > 0 and target > 0 else None


def _progress(actual: Decimal, target: Decimal, baseline: Decimal, direction: Direction) -> Fraction | None:
    """The way gone from the baseline; only towards a target on the better side of it."""
    if _distance(target, baseline, direction) <= 0:
        return None
    return (Fraction(actual) - Fraction(baseline)) / (Fraction(target) - Fraction(baseline))


# --- all of an indicator's plan -----------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """Where an indicator stands in a period: its target and attainment, its expected value and course.

    `is_set_aside`: it was agreed to set no target for this period, so there is nothing to judge.
    """

    target: Target | None
    attainment: Attainment
    expected: Target | None
    course: Attainment
    is_set_aside: bool = False


@dataclass(frozen=True)
class Plan:
    """An indicator's baseline and milestones as they were on record, and how it is judged on them."""

    direction: Direction
    rule: AttainmentRule
    scale: Scale = Scale.NUMBER
    baseline: Baseline | None = None
    milestones: tuple[Milestone, ...] = ()

    def standing(self, period: Period, actual: Decimal | None) -> Standing:
        milestone = milestone_for(period, self.milestones, self.baseline.period if self.baseline else None)
        target = milestone.target if milestone else None
        expected = self.expected(period)
        base = self.baseline.value if self.baseline else None
        return Standing(
            target,
            attainment(self.rule, actual, target, base, direction=self.direction, scale=self.scale),
            expected,
            course(self.rule, actual, expected, base, direction=self.direction, scale=self.scale),
            is_set_aside=milestone is not None and target is None,
        )

    def expected(self, period: Period) -> Target | None:
        if self.scale in (Scale.LEVEL, Scale.YES_NO):
            return None
        if self.direction is Direction.KEEP:
            return expected_bounds(period, self.milestones)
        return expected_value(period, self.baseline, self.milestones, self.scale)

    def check(self, grain: Grain) -> None:
        """PlanError unless all share one grain, not finer than the indicator's, and stand in order."""
        periods = [each.period for each in self.milestones] + (
            [self.baseline.period] if self.baseline else []
        )
        if len({period.grain for period in periods}) > 1:
            raise PlanError("grains", "基準値と目標値の期間は、同じ単位（年度など）にそろえてください。")
        if periods and periods[0].grain < grain:
            raise PlanError("finer", f"{grain.label}ごとの指標に、それより短い期間の目標値は置けません。")
        if len({each.period for each in self.milestones}) < len(self.milestones):
            raise PlanError("twice", "同じ期間に目標値が二つあります。")
        self._check_targets()

    def _check_targets(self) -> None:
        kept = self.direction is Direction.KEEP
        for milestone in self.milestones:
            if milestone.target is None:
                continue
            if isinstance(milestone.target, Bounds) is not kept:
                message = "範囲内に保つ指標には下限と上限を、ほかの指標には目標値を一つ入れてください。"
                raise PlanError("target_kind", message)
            if self.baseline and milestone.period <= self.baseline.period:
                raise PlanError("before_baseline", "目標値の期間は、基準値の期間より後にしてください。")

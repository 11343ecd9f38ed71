"""The arithmetic of the roll-up, exact to the last stored digit, for explain, verify and every page.

A figure travels in the smallest unit of its family. Sums, counts, min, max and last never round; a quotient or a
factored value is rounded half up, away from zero (四捨五入), to 6 decimals where it is handed on. Reading, rounding
and showing stand in `kpis.figures` and are offered here too. Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from kpis.figures import (
    EXACT,
    ZERO,
    AmbiguousDash,
    FigureError,
    check_denominator,
    check_figure,
    exact_div,
    exact_mul,
    exact_sum,
    parse_figure,
    ratio_value,
    rounded,
    show_figure,
    show_rate,
)
from kpis.periods import Grain, Period, periods_expected
from kpis.rules import TimeRule, TreeRule
from kpis.units import Unit

__all__ = [
    "MISSING_CELL",
    "NOT_APPLICABLE_CELL",
    "AmbiguousDash",
    "CellFigure",
    "Child",
    "FigureError",
    "apply_factor",
    "breakdown_gap",
    "cells_within",
    "check_denominator",
    "check_figure",
    "combine",
    "exact_div",
    "exact_mul",
    "exact_sum",
    "fold_periods",
    "gap_estimates",
    "handed_up",
    "measured_cell",
    "parse_figure",
    "ratio_cell",
    "ratio_value",
    "rounded",
    "running_total",
    "show_figure",
    "show_rate",
]


# --- figures ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CellFigure:
    """One figure as it is handed up: in the smallest unit, with what it is made of and its coverage.

    `value` None with `reported` above 0: a ratio over zero, or a roll-up without a value. `newest`: the
    month index in which its newest cell with a value ends. `contributing` of `children` had a figure.
    """

    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    reported: int = 0
    expected: int = 0
    newest: int | None = None
    contributing: int = 0
    children: int = 0

    @property
    def has_parts(self) -> bool:
        return self.numerator is not None and self.denominator is not None

    @property
    def is_complete(self) -> bool:
        return self.reported >= self.expected

    def stored(self, unit: Unit) -> Decimal | None:
        """The stored figure: the indicator's own unit, 6 decimals. Attainment and grade judge this one."""
        return None if self.value is None else rounded(unit.from_smallest(self.value))


def measured_cell(period: Period, value: Decimal, unit: Unit) -> CellFigure:
    return CellFigure(unit.to_smallest(value), reported=1, expected=1, newest=period.last_month)


def ratio_cell(period: Period, numerator: Decimal, denominator: Decimal, unit: Unit) -> CellFigure:
    """A reported ratio; over zero it is reported but has no value."""
    numerator = unit.to_smallest(numerator)
    value = ratio_value(numerator, denominator, unit.is_percent)
    newest = period.last_month if value is not None else None
    return CellFigure(value, numerator, denominator, reported=1, expected=1, newest=newest)


MISSING_CELL = CellFigure(expected=1)
NOT_APPLICABLE_CELL = CellFigure()


def cells_within(
    cells: Mapping[Period, CellFigure],
    within: Period,
    grain: Grain,
    first: Period | None = None,
    last: Period | None = None,
) -> list[CellFigure]:
    """An indicator's own cells that `within` should hold, missing ones included, in order of time."""
    return [cells.get(period, MISSING_CELL) for period in periods_expected(within, grain, first, last)]


# --- step 1: one figure of a child's cells ----------------------------------------------------------


def fold_periods(cells: Iterable[CellFigure], time_rule: TimeRule, percent: bool = False) -> CellFigure:
    """Cells in order of time made into one by the time rule; coverage added up.

    Only last and ratio of sums keep numerator and denominator. A cell without a value is left out, never 0.
    """
    cells = list(cells)
    valued = [cell for cell in cells if cell.value is not None]
    made = _FOLDS[time_rule](cells, percent)
    return replace(
        made,
        reported=sum(cell.reported for cell in cells),
        expected=sum(cell.expected for cell in cells),
        newest=max((cell.newest for cell in valued if cell.newest is not None), default=None),
        contributing=0,
        children=0,
    )


def _values(cells: Iterable[CellFigure]) -> list[Decimal]:
    return [cell.value for cell in cells if cell.value is not None]


def _mean(values: Sequence[Decimal]) -> Decimal | None:
    return exact_div(exact_sum(values), Decimal(len(values)))


def _sum(values: Sequence[Decimal]) -> Decimal | None:
    return exact_sum(values) if values else None


def _ratio_of_sums(cells: Iterable[CellFigure], percent: bool) -> CellFigure:
    parts = [(cell.numerator, cell.denominator) for cell in cells if cell.has_parts]
    if not parts:
        return CellFigure()
    numerator = exact_sum(n for n, _ in parts if n is not None)
    denominator = exact_sum(d for _, d in parts if d is not None)
    return CellFigure(ratio_value(numerator, denominator, percent), numerator, denominator)


def _newest_cell(cells: Iterable[CellFigure], percent: bool) -> CellFigure:
    valued = [cell for cell in cells if cell.value is not None]
    return max(valued, key=lambda cell: -1 if cell.newest is None else cell.newest, default=CellFigure())


def _by_value(rule: Callable[[Sequence[Decimal]], Decimal | None]) -> Callable[..., CellFigure]:
    return lambda cells, percent: CellFigure(rule(_values(cells)))


_FOLDS: Mapping[TimeRule, Callable[[list[CellFigure], bool], CellFigure]] = {
    TimeRule.SUM: _by_value(_sum),
    TimeRule.MEAN: _by_value(_mean),
    TimeRule.MAX: _by_value(lambda values: max(values, default=None)),
    TimeRule.MIN: _by_value(lambda values: min(values, default=None)),
    TimeRule.LAST: _newest_cell,
    TimeRule.RATIO_OF_SUMS: _ratio_of_sums,
}


def apply_factor(figure: CellFigure, factor: Decimal) -> CellFigure:
    """Value and numerator times the factor, rounded; the denominator stays."""
    return replace(
        figure,
        value=None if figure.value is None else exact_mul(figure.value, factor),
        numerator=None if figure.numerator is None else exact_mul(figure.numerator, factor),
    )


def handed_up(figure: CellFigure, factor: Decimal, tree_rule: TreeRule) -> CellFigure:
    """What a child's folded figure brings to a parent of this rule: times the factor; an answer as it is."""
    return figure if tree_rule.asks_yes else apply_factor(figure, factor)


# --- step 3: children make a parent -----------------------------------------------------------------


@dataclass(frozen=True)
class Child:
    """What one contribution brings to a parent's cell: its folded figure and how it is joined."""

    figure: CellFigure
    order: int = 0
    weight: Decimal = Decimal(1)
    factor: Decimal = Decimal(1)


def combine(
    children: Iterable[Child], tree_rule: TreeRule, *, last_month: int, percent: bool = False
) -> CellFigure:
    """The parent's cell in the period that ends in month `last_month`, with its coverage (steps 2 to 5).

    Present: has numerator and denominator for a ratio of sums, a value for every other rule. Nothing present:
    no value. The order in which children are given does not matter.
    """
    children = list(children)
    joined = [replace(child, figure=handed_up(child.figure, child.factor, tree_rule)) for child in children]
    present = [child for child in joined if _is_present(child.figure, tree_rule)]
    made = _TREES[tree_rule](present, percent) if present else CellFigure()
    return CellFigure(
        made.value,
        made.numerator,
        made.denominator,
        reported=sum(child.figure.reported for child in children),
        expected=sum(child.figure.expected for child in children),
        newest=last_month if made.value is not None else None,
        contributing=len(present),
        children=len(children),
    )


def _is_present(figure: CellFigure, tree_rule: TreeRule) -> bool:
    return figure.has_parts if tree_rule is TreeRule.RATIO_OF_SUMS else figure.value is not None


def _figures(children: Iterable[Child]) -> list[CellFigure]:
    return [child.figure for child in children]


def _weighted_mean(children: Sequence[Child], percent: bool) -> CellFigure:
    """By the weights of the present children only; all weights 0: no value."""
    weights = exact_sum(child.weight for child in children)
    weighted = exact_sum(
        EXACT.multiply(child.figure.value, child.weight)
        for child in children
        if child.figure.value is not None
    )
    return CellFigure(exact_div(weighted, weights))


def _last_child(children: Sequence[Child], percent: bool) -> CellFigure:
    """Whose newest cell is latest; ties go to the first in the contributions' order."""
    return max(children, key=lambda child: (child.figure.newest or 0, -child.order)).figure


def _count_yes(children: Sequence[Child], percent: bool) -> CellFigure:
    return CellFigure(Decimal(sum(value == 1 for value in _values(_figures(children)))))


def _share_yes(children: Sequence[Child], percent: bool) -> CellFigure:
    yes, present = _count_yes(children, percent).value or ZERO, Decimal(len(children))
    return CellFigure(ratio_value(yes, present, percent), yes, present)


def _tree_by_value(rule: TimeRule) -> Callable[[Sequence[Child], bool], CellFigure]:
    return lambda children, percent: _FOLDS[rule](_figures(children), percent)


_TREES: Mapping[TreeRule, Callable[[Sequence[Child], bool], CellFigure]] = {
    TreeRule.SUM: _tree_by_value(TimeRule.SUM),
    TreeRule.MEAN: _tree_by_value(TimeRule.MEAN),
    TreeRule.MIN: _tree_by_value(TimeRule.MIN),
    TreeRule.MAX: _tree_by_value(TimeRule.MAX),
    TreeRule.RATIO_OF_SUMS: _tree_by_value(TimeRule.RATIO_OF_SUMS),
    TreeRule.WEIGHTED_MEAN: _weighted_mean,
    TreeRule.LAST: _last_child,
    TreeRule.COUNT_YES: _count_yes,
    TreeRule.SHARE_YES: _share_yes,
}


# --- beside the roll-up -----------------------------------------------------------------------------


def running_total(cells: Mapping[Period, CellFigure], base: Period, upto: Period) -> CellFigure:
    """The sum of an indicator's own cells (given by period, missing ones included) from `base` to `upto`.

    A gap at `upto` itself gives no value; earlier gaps are left out and seen in the coverage, which runs from
    the base period too. The baseline is not added; parents receive the flow, not this.
    """
    counted = {
        period: cell
        for period, cell in cells.items()
        if period.first >= base.first and period.last_month <= upto.last_month
    }
    total = fold_periods(counted.values(), TimeRule.SUM)
    if any(upto.contains(period) and cell.value is not None for period, cell in counted.items()):
        return total
    return replace(total, value=None, newest=None)


def breakdown_gap(total: CellFigure, parts: Iterable[CellFigure]) -> tuple[Decimal, ...]:
    """Total minus the sum of a dimension's reported parts; of a ratio, numerator and denominator apart.

    Empty when there is nothing to test: no total, or no reported part. All zero: the split is complete;
    anything else is 内訳不完全. Ask `rules.splits_add_up` first whether the indicator is tested at all.
    """
    parts = list(parts)
    if total.has_parts:
        return _gap(total.numerator, [part.numerator for part in parts]) + _gap(
            total.denominator, [part.denominator for part in parts]
        )
    return _gap(total.value, [part.value for part in parts])


def _gap(total: Decimal | None, parts: Iterable[Decimal | None]) -> tuple[Decimal, ...]:
    known = [part for part in parts if part is not None]
    if total is None or not known:
        return ()
    return (EXACT.subtract(total, exact_sum(known)),)


def gap_estimates(cells: Mapping[Period, CellFigure], gap: Period) -> tuple[CellFigure, ...]:
    """What a missing cell may have been: as between its neighbours, and as a year before; for 判定保留 only.

    Empty unless both can be formed. An estimate is never stored, shown as a figure or handed up.
    """
    before, after = cells.get(gap.previous()), cells.get(gap.next())
    year_ago = cells.get(gap.shift(-12 // gap.grain))
    if before is None or after is None or year_ago is None:
        return ()
    if before.value is None or after.value is None or year_ago.value is None:
        return ()
    between = CellFigure(
        _midpoint(before.value, after.value),
        _midpoint(before.numerator, after.numerator),
        _midpoint(before.denominator, after.denominator),
    )
    return tuple(replace(cell, reported=1, expected=1, newest=gap.last_month) for cell in (between, year_ago))


def _midpoint(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    return None if a is None or b is None else exact_div(exact_sum([a, b]), Decimal(2))

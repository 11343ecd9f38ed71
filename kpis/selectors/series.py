"""The figures of one indicator on one basis, by period: its own cells, and coarser periods made of them.

Made of stored cells, or of a clean computation as of an earlier moment; from here on there is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from kpis.arithmetic import MISSING_CELL, CellFigure, fold_periods, running_total
from kpis.models import IndicatorSheet
from kpis.periods import Grain, Period
from kpis.rollup.clean import CleanLedger
from kpis.rules import Missing, TimeRule

OUTSIDE = "outside"


@lru_cache(maxsize=8192)
def period_at(first: int, grain: int) -> Period:
    return Period(first, Grain(grain))


@dataclass(frozen=True, slots=True)
class Own:
    """One own cell: its figure, why there is none, and what kind of figure was measured (blank if rolled up)."""

    figure: CellFigure
    missing: str = ""
    nature: str = ""


NOT_THERE = Own(MISSING_CELL)


@dataclass
class Series:
    """Own cells by the month index in which they begin."""

    sheet: IndicatorSheet
    cells: dict[int, Own] = field(default_factory=dict)

    # --- which periods --------------------------------------------------------------------------------------------

    def firsts(self, within: Period) -> Iterator[int]:
        """The first months of the own periods that `within` should hold."""
        sheet = self.sheet
        last = sheet.last_period.first if sheet.last_period is not None else within.last_month
        start = max(within.first, sheet.first_period.first)
        return iter(range(start, min(within.last_month, last) + 1, sheet.grain))

    def own_periods(self, within: Period) -> list[Period]:
        return [period_at(first, self.sheet.grain) for first in self.firsts(within)]

    def own(self, first: int) -> Own:
        return self.cells.get(first, NOT_THERE)

    def items(self, within: Period) -> list[tuple[Period, Own]]:
        return [(period_at(first, self.sheet.grain), self.own(first)) for first in self.firsts(within)]

    # --- figures --------------------------------------------------------------------------------------------------

    def at(self, period: Period) -> CellFigure:
        """The figure of a period of its own or a coarser grain, by the time rule; the running total where it is one."""
        sheet = self.sheet
        if sheet.is_running_total:
            return self._total(period)
        own = [self.own(first).figure for first in self.firsts(period)]
        if period.grain == sheet.grain:
            return own[0] if own else CellFigure()
        return fold_periods(own, TimeRule(sheet.time_rule), sheet.is_percent)

    def flow(self, period: Period) -> CellFigure:
        """Without the running total: what happened in the period itself."""
        own = [self.own(first).figure for first in self.firsts(period)]
        if period.grain == self.sheet.grain:
            return own[0] if own else CellFigure()
        return fold_periods(own, TimeRule(self.sheet.time_rule), self.sheet.is_percent)

    def _total(self, period: Period) -> CellFigure:
        base = self.sheet.first_period
        if period.last_month < base.first:
            return CellFigure()
        upto = range(base.first, period.last_month + 1, self.sheet.grain)
        last = self.sheet.last_period
        cells = {
            period_at(first, self.sheet.grain): self.own(first).figure
            for first in upto
            if last is None or first <= last.first
        }
        return running_total(cells, base, period)

    def newest(self, within: Period) -> Period | None:
        """The newest own period in `within` that has a value."""
        valued = [first for first in self.firsts(within) if self.own(first).figure.value is not None]
        return period_at(valued[-1], self.sheet.grain) if valued else None

    # --- words ----------------------------------------------------------------------------------------------------

    def gap(self, period: Period, today: date) -> str:
        """Why a period has no figure: a code of `Missing`, or `outside` its first and last period."""
        own = [(first, self.own(first)) for first in self.firsts(period)]
        if not own:
            return OUTSIDE
        open_ones = [(first, cell) for first, cell in own if cell.figure.value is None]
        missing = {cell.missing for _first, cell in open_ones}
        if missing == {Missing.NOT_APPLICABLE}:
            return Missing.NOT_APPLICABLE
        if all(cell.figure.expected == 0 for _first, cell in own):
            return Missing.NOT_APPLICABLE if any(cell.figure.children for _first, cell in own) else OUTSIDE
        if Missing.WITHHELD in missing:
            return Missing.WITHHELD
        if any(cell.figure.reported for _first, cell in open_ones):
            return "no_value"
        waiting = {first for first, cell in open_ones if not cell.missing and cell.figure.expected}
        if not waiting and Missing.NEVER in missing:
            return Missing.NEVER
        ended = any(period_at(first, self.sheet.grain).last_day < today for first in waiting)
        return Missing.NOT_REPORTED if ended else Missing.NOT_DUE

    def is_overdue(self, period: Period, today: date) -> bool:
        """Whether something that should be there by now is not: an own period has ended and is not complete."""
        ended = [
            first for first in self.firsts(period) if period_at(first, self.sheet.grain).last_day < today
        ]
        return any(not self.own(first).figure.is_complete for first in ended)

    def natures(self, period: Period) -> set[str]:
        """The kinds of the newest measured figures in a period."""
        return {cell.nature for first in self.firsts(period) if (cell := self.own(first)).nature}


def from_clean(ledger: CleanLedger, indicator_id: int, within: Iterable[Period]) -> Series:
    """The series of an indicator as the ledger was at the moment; `within`: periods that cover what is asked for."""
    series = Series(ledger.sheets[indicator_id])
    rolled_up = ledger.indicators[indicator_id].is_rolled_up
    for span in within:
        for period in series.own_periods(span):
            row = None if rolled_up else ledger.rows.get((indicator_id, period))
            if rolled_up or row is not None:
                series.cells[period.first] = Own(
                    ledger.figure(indicator_id, period),
                    row.missing if row else "",
                    row.nature if row and not row.missing else "",
                )
    return series

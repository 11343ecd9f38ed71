"""A project's money by fiscal year: which of several amounts of a year counts, and the table with its totals.

Amounts are whole yen. The furthest step of a year counts (額の確定, else 実績, 交付決定, 予定), 返還 lowers it, and
繰越 is a part of it that is only told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from foundation.dates import fiscal_year_label
from foundation.figures import show_figure
from projects.research.models import FundingAmount, FundingSource

Nature = FundingAmount.Nature
STEPS = (Nature.SETTLED, Nature.ACTUAL, Nature.GRANTED, Nature.PLANNED)
THOUSAND = 1000


@dataclass
class FundingCell:
    """What one source gives in one fiscal year."""

    rows: list[FundingAmount] = field(default_factory=list)

    @property
    def main(self) -> FundingAmount | None:
        """The furthest step of the year."""
        by_nature = {row.nature: row for row in self.rows}
        return next((by_nature[nature] for nature in STEPS if nature in by_nature), None)

    @property
    def total(self) -> int | None:
        """What counts, in yen; None where nothing stands."""
        main = self.main
        refunds = [row.amount for row in self.rows if row.nature == Nature.REFUND]
        if main is None and not refunds:
            return None
        return (main.amount if main else 0) + sum(refunds)

    @property
    def told(self) -> list[FundingAmount]:
        """What stands beside the amount that counts: earlier steps, 返還, 繰越."""
        return [row for row in self.rows if row is not self.main]


@dataclass
class SourceRow:
    """One source with its years, and their total in yen."""

    source: FundingSource
    cells: list[FundingCell]

    @property
    def total(self) -> int:
        return sum(cell.total or 0 for cell in self.cells)


@dataclass
class FundingTable:
    """Sources by fiscal years. `unit` is 千円 where every amount is whole in it, otherwise 円: sums stay exact."""

    years: list[int]
    rows: list[SourceRow]

    @property
    def divisor(self) -> int:
        amounts = [each.amount for row in self.rows for cell in row.cells for each in cell.rows]
        return THOUSAND if all(amount % THOUSAND == 0 for amount in amounts) else 1

    @property
    def unit(self) -> str:
        return "千円" if self.divisor == THOUSAND else "円"

    @property
    def year_labels(self) -> list[str]:
        return [fiscal_year_label(year) for year in self.years]

    @property
    def year_totals(self) -> list[int]:
        return [sum(row.cells[place].total or 0 for row in self.rows) for place in range(len(self.years))]

    @property
    def total(self) -> int:
        return sum(row.total for row in self.rows)

    def shown(self, amount: int | None) -> str:
        """An amount in the table's unit."""
        return "" if amount is None else show_figure(Decimal(amount) / self.divisor)

    # --- ready for print ----------------------------------------------------------------------------------------------

    @property
    def total_text(self) -> str:
        return self.shown(self.total)

    @property
    def shown_year_totals(self) -> list[str]:
        return [self.shown(amount) for amount in self.year_totals]

    @property
    def shown_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "source": row.source,
                "cells": [self._cell(cell) for cell in row.cells],
                "total": self.shown(row.total),
            }
            for row in self.rows
        ]

    def _cell(self, cell: FundingCell) -> dict[str, Any]:
        main = cell.main
        return {
            "amount": self.shown(cell.total),
            "nature": self._said(main) if main else "",
            "told": [f"{self._said(row)} {self.shown(row.amount)}" for row in cell.told],
        }

    @staticmethod
    def _said(row: FundingAmount) -> str:
        return f"{row.get_nature_display()}（{row.note}）" if row.note else str(row.get_nature_display())

    @property
    def notes(self) -> list[str]:
        return [f"{row.source.name}：{row.source.note}" for row in self.rows if row.source.note]


def funding_table(sources: Sequence[FundingSource], years: Iterable[int] = ()) -> FundingTable:
    """From sources with their amounts prefetched; `years` are columns that stand there even when empty."""
    found = {amount.fiscal_year for source in sources for amount in source.amounts.all()}
    columns = sorted(found | set(years))
    rows = []
    for source in sources:
        cells = {year: FundingCell() for year in columns}
        for amount in source.amounts.all():
            cells[amount.fiscal_year].rows.append(amount)
        rows.append(SourceRow(source, list(cells.values())))
    return FundingTable(columns, rows)

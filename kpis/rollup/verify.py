"""`rollup verify`: every stored figure against a clean computation from the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kpis.arithmetic import CellFigure
from kpis.models import Cell, Indicator
from kpis.models.cell import TOTAL
from kpis.periods import Period
from kpis.rollup.clean import CleanLedger
from kpis.rollup.drain import horizon, periods_kept
from kpis.rules import Basis
from kpis.units import unit_of

Stored = tuple[Any, ...]
_FIELDS = ("value", "handed", "numerator", "denominator", "reported", "expected", "present", "children")


@dataclass(frozen=True)
class Difference:
    """One cell that is not what the ledger says."""

    indicator: Indicator
    basis: str
    part: int
    period: Period
    field: str
    stored: Any
    clean: Any

    def __str__(self) -> str:
        where = f"{self.indicator} {self.period} {Basis(self.basis).label}"
        part = f"（内訳 {self.part}）" if self.part else ""
        return f"{where}{part} {self.field}: 保存値 {self.stored} ≠ 計算値 {self.clean}"


def verify() -> Iterator[Difference]:
    """Every difference, in order of indicator and period; nothing at all when all is well."""
    for basis in Basis:
        yield from _verify_basis(basis)


def _verify_basis(basis: str) -> Iterator[Difference]:
    ids = list(Indicator.objects.values_list("pk", flat=True))
    ledger = CleanLedger.load(ids, basis, with_parts=True)
    last_month = horizon()
    stored = {
        (cell.indicator_id, cell.period, cell.part_id): cell for cell in Cell.objects.filter(basis=basis)
    }
    for indicator_id in sorted(ledger.indicators):
        for part in sorted({TOTAL} | ledger.declared.get(indicator_id, set())):
            for period in _periods(ledger, indicator_id, last_month):
                cell = stored.pop((indicator_id, period, part), None)
                yield from _compare(ledger, basis, indicator_id, period, part, cell)
    for (indicator_id, period, part), cell in sorted(stored.items(), key=lambda item: str(item[0])):
        yield Difference(
            ledger.indicators[indicator_id], basis, part, period, "行", cell.value, "あってはならない行"
        )


def _periods(ledger: CleanLedger, indicator_id: int, last_month: int) -> list[Period]:
    """The periods whose cells must be stored: all kept ones of a rolled-up indicator, those reported otherwise."""
    sheet = ledger.sheets[indicator_id]
    if ledger.indicators[indicator_id].is_rolled_up:
        return periods_kept(sheet, last_month)
    reported = sorted(period for pk, period in ledger.rows if pk == indicator_id)
    return [period for period in reported if sheet.covers(period)]


def _compare(
    ledger: CleanLedger, basis: str, indicator_id: int, period: Period, part: int, cell: Cell | None
) -> Iterator[Difference]:
    indicator = ledger.indicators[indicator_id]
    clean = _as_stored(ledger, indicator_id, ledger.figure(indicator_id, period, part))
    if cell is None:
        if (
            part != TOTAL
            and not indicator.is_rolled_up
            and clean["value"] is None
            and clean["numerator"] is None
        ):
            return
        yield Difference(indicator, basis, part, period, "行", "なし", clean["value"])
        return
    for name in _FIELDS:
        if getattr(cell, name) != clean[name]:
            yield Difference(indicator, basis, part, period, name, getattr(cell, name), clean[name])


def _as_stored(ledger: CleanLedger, indicator_id: int, figure: CellFigure) -> dict[str, Any]:
    """A clean figure in the columns of a cell."""
    unit = unit_of(ledger.sheets[indicator_id].unit)
    return {
        "value": figure.stored(unit),
        "handed": figure.value,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "reported": figure.reported,
        "expected": figure.expected,
        "present": figure.contributing,
        "children": figure.children,
    }

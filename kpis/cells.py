"""The measured cells: the newest figure that counts, per (indicator, basis, part, period)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.utils import timezone

from kpis.arithmetic import ratio_value, rounded
from kpis.models import Cell, IndicatorSheet, Measurement, MeasurementPart
from kpis.models.cell import TOTAL
from kpis.periods import Period
from kpis.rules import Basis
from kpis.units import Unit, unit_of

Pair = tuple[int, Period]
CELL_FIELDS = [
    "value", "handed", "numerator", "denominator", "missing",
    "reported", "expected", "present", "children", "measurement", "computed_at",
]  # fmt: skip


def refresh_cells(pairs: set[Pair]) -> None:
    """Make the cells of these measured (indicator, period) pairs anew from the ledger; a fixed number of queries."""
    if not pairs:
        return
    newest = {basis: newest_valid(pairs, basis) for basis in Basis}
    units = _units({indicator_id for indicator_id, _period in pairs})
    parts = _parts([row for rows in newest.values() for row in rows.values()])
    cells = [
        cell
        for basis, rows in newest.items()
        for row in rows.values()
        for cell in cells_of(row, basis, units[row.indicator_id], parts.get(row.pk, []))
    ]
    _replace(pairs, cells)


def newest_valid(pairs: set[Pair], basis: str) -> dict[Pair, Measurement]:
    """The measurement that counts for each pair: the one recorded last among those valid on the basis."""
    rows = (
        Measurement.objects.valid(basis)
        .filter(
            indicator_id__in={indicator_id for indicator_id, _period in pairs},
            period__in={period for _indicator_id, period in pairs},
        )
        .order_by("id")
    )
    return {(row.indicator_id, row.period): row for row in rows if (row.indicator_id, row.period) in pairs}


def _units(indicator_ids: set[int]) -> dict[int, Unit]:
    sheets = IndicatorSheet.objects.filter(indicator_id__in=indicator_ids, superseded_at=None)
    return {pk: unit_of(unit) for pk, unit in sheets.values_list("indicator_id", "unit")}


def _parts(rows: list[Measurement]) -> dict[int, list[MeasurementPart]]:
    found: dict[int, list[MeasurementPart]] = {}
    for part in MeasurementPart.objects.filter(measurement_id__in={row.pk for row in rows}):
        found.setdefault(part.measurement_id, []).append(part)
    return found


def cells_of(
    row: Measurement, basis: str, unit: Unit, parts: Iterable[MeasurementPart] = ()
) -> Iterator[Cell]:
    """The cell of the total, and one for each reported part."""
    yield _cell(row, basis, unit, TOTAL, row)
    for part in parts:
        yield _cell(row, basis, unit, part.part_id, part)


def _cell(
    row: Measurement, basis: str, unit: Unit, part_id: int, figure: Measurement | MeasurementPart
) -> Cell:
    entered = unit_of(row.unit)
    handed, numerator = _smallest(figure.value, entered), _smallest(figure.numerator, entered)
    is_ratio = numerator is not None and figure.denominator is not None
    if is_ratio:
        handed = ratio_value(numerator, figure.denominator, unit.is_percent)  # type: ignore[arg-type]
    not_applicable = row.missing == "not_applicable"
    return Cell(
        indicator_id=row.indicator_id,
        basis=basis,
        part_id=part_id,
        period=row.period,
        value=None if handed is None else rounded(unit.from_smallest(handed)),
        handed=handed,
        numerator=numerator if is_ratio else None,
        denominator=figure.denominator if is_ratio else None,
        missing=row.missing,
        reported=int(is_ratio or handed is not None),
        expected=0 if not_applicable else 1,
        measurement=row,
        computed_at=timezone.now(),
    )


def _smallest(value: Decimal | None, unit: Unit) -> Decimal | None:
    return None if value is None else unit.to_smallest(value)


def _replace(pairs: set[Pair], cells: list[Cell]) -> None:
    """Exactly these cells stand for the pairs afterwards; unchanged keys are updated in place."""
    kept = {(cell.indicator_id, cell.basis, cell.part_id, cell.period) for cell in cells}
    stored = Cell.objects.filter(
        indicator_id__in={indicator_id for indicator_id, _period in pairs},
        period__in={period for _indicator_id, period in pairs},
    )
    gone = [
        cell.pk
        for cell in stored.only("indicator_id", "basis", "part_id", "period")
        if (cell.indicator_id, cell.period) in pairs
        and (cell.indicator_id, cell.basis, cell.part_id, cell.period) not in kept
    ]
    if gone:
        Cell.objects.filter(pk__in=gone).delete()
    Cell.objects.bulk_create(
        cells,
        update_conflicts=True,
        unique_fields=["indicator", "basis", "part_id", "period"],
        update_fields=CELL_FIELDS,
    )

"""The measured cells: the newest figure that counts, per (indicator, basis, part, period), made in the database.

`refresh_cells` runs in the transaction of each ledger write, for the cells it touched; `refresh_all` makes every
measured cell anew. Both are the same statement. Figures outside an indicator's first and last period have no cell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from foundation.exact_sql import Dialect, dialect_of
from foundation.fields import ExactDecimalField
from kpis.models import Cell, IndicatorSheet, Measurement
from kpis.periods import Period
from kpis.units import unit_of

Pair = tuple[int, Period]
CHUNK = 400

LEDGER_LOCK = "ledger"

_APPROVED = """EXISTS (
        SELECT 1 FROM kpis_measurementevent yes WHERE yes.measurement_id = row.id AND yes.kind = 'approved')"""

# The newest row that counts of some cells: asked of each row by its key.
_NEWEST = f"""
newest(indicator_id, period, basis, id) AS (
    SELECT row.indicator_id, row.period, 'official', max(row.id)
    FROM {{rows}}
    WHERE few(row.id) AND row.nature <> 'outlook' AND {_APPROVED} AND NOT EXISTS (
        SELECT 1 FROM kpis_measurementevent gone WHERE gone.measurement_id = row.id AND gone.kind = 'withdrawn')
    GROUP BY row.indicator_id, row.period
    UNION ALL
    SELECT row.indicator_id, row.period, 'provisional', max(row.id)
    FROM {{rows}}
    WHERE few(row.id) AND row.nature <> 'outlook' AND (row.missing <> 'not_applicable' OR {_APPROVED}) AND NOT EXISTS (
        SELECT 1 FROM kpis_measurementevent gone
        WHERE gone.measurement_id = row.id AND gone.kind IN ('returned', 'withdrawn'))
    GROUP BY row.indicator_id, row.period
),"""

# The same of many or all cells, each table read once (PostgreSQL).
_NEWEST_OF_ALL = """
fate AS (
    SELECT measurement_id, bool_or(kind = 'approved') AS approved, bool_or(kind = 'returned') AS returned,
           bool_or(kind = 'withdrawn') AS withdrawn
    FROM kpis_measurementevent GROUP BY measurement_id
),
both_bases AS (
    SELECT row.indicator_id, row.period,
           max(row.id) FILTER (WHERE fate.approved AND NOT fate.withdrawn) AS official,
           max(row.id) FILTER (WHERE NOT fate.returned AND NOT fate.withdrawn
                               AND (row.missing <> 'not_applicable' OR fate.approved)) AS provisional
    FROM {rows} JOIN fate ON fate.measurement_id = row.id
    WHERE row.nature <> 'outlook'
    GROUP BY row.indicator_id, row.period
),
newest(indicator_id, period, basis, id) AS (
    SELECT indicator_id, period, 'official', official FROM both_bases
    UNION ALL
    SELECT indicator_id, period, 'provisional', provisional FROM both_bases
),"""

_STATEMENT = """
INSERT INTO kpis_cell (indicator_id, basis, part_id, period, handed, value, numerator, denominator, missing,
                       reported, expected, present, children, measurement_id, computed_at)
WITH units(code, multiplier) AS (VALUES {units}),
{wanted}
{newest}
figure AS (
    SELECT newest.indicator_id, newest.basis, 0 AS part_id, newest.period, row.id, row.unit, row.missing,
           row.value, row.numerator, row.denominator
    FROM newest JOIN kpis_measurement row ON row.id = newest.id
    WHERE few(newest.id)
    UNION ALL
    SELECT newest.indicator_id, newest.basis, part.part_id, newest.period, row.id, row.unit, row.missing,
           part.value, part.numerator, part.denominator
    FROM newest
    JOIN kpis_measurement row ON row.id = newest.id
    JOIN kpis_measurementpart part ON part.measurement_id = newest.id
    WHERE few(newest.id)
    UNION ALL
    SELECT newest.indicator_id, newest.basis, part.id, newest.period, row.id, row.unit, row.missing, NULL, NULL, NULL
    FROM newest
    JOIN kpis_measurement row ON row.id = newest.id AND row.missing = 'not_applicable'
    JOIN kpis_indicatordimension declared
      ON declared.indicator_id = newest.indicator_id AND declared.superseded_at IS NULL
    JOIN kpis_part part ON part.dimension_id = declared.dimension_id
    WHERE few(newest.id)
),
scaled AS (
    SELECT figure.indicator_id, figure.basis, figure.part_id, figure.period, figure.id, figure.missing,
           figure.denominator, sheet.is_percent, sheet.unit_multiplier,
           CASE WHEN units.multiplier = {one} THEN figure.value
                ELSE exact_mul(figure.value, units.multiplier) END AS plain,
           CASE WHEN units.multiplier = {one} THEN figure.numerator
                ELSE exact_mul(figure.numerator, units.multiplier) END AS numerator
    FROM figure
    JOIN units ON units.code = figure.unit
    JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = figure.indicator_id AND sheet.superseded_at IS NULL
    WHERE few(figure.indicator_id) AND figure.period / 100 >= sheet.first_period / 100
      AND (sheet.last_period IS NULL OR figure.period / 100 <= sheet.last_period / 100)
),
ready AS (
    SELECT scaled.*, scaled.numerator IS NOT NULL AND scaled.denominator IS NOT NULL AS is_ratio,
           CASE WHEN scaled.numerator IS NULL OR scaled.denominator IS NULL THEN scaled.plain
                WHEN scaled.is_percent
                THEN exact_div(exact_mul(scaled.numerator, {hundred}), scaled.denominator)
                ELSE exact_div(scaled.numerator, scaled.denominator) END AS handed
    FROM scaled
)
SELECT indicator_id, basis, part_id, period, handed,
       CASE WHEN unit_multiplier = {one} THEN handed ELSE exact_div(handed, unit_multiplier) END,
       CASE WHEN is_ratio THEN numerator END, CASE WHEN is_ratio THEN denominator END, missing,
       CASE WHEN is_ratio OR handed IS NOT NULL THEN 1 ELSE 0 END,
       CASE WHEN missing = 'not_applicable' THEN 0 ELSE 1 END, 0, 0, id, {now}
FROM ready
ORDER BY {order}
"""

# PostgreSQL: figures of one period lie together, as they arrive in life and as one period's roll-up reads them. SQLite,
# with a small cache: in the order of the key.
_ORDER = {
    "postgresql": "period, indicator_id, basis, part_id",
    "sqlite": "indicator_id, basis, part_id, period",
}


def refresh_cells(pairs: set[Pair]) -> None:
    """Make the cells of these measured (indicator, period) pairs anew from the ledger."""
    ordered = sorted((indicator_id, period.key) for indicator_id, period in pairs)
    for start in range(0, len(ordered), CHUNK):
        _refresh(ordered[start : start + CHUNK])


def refresh_all() -> int:
    """Empty the table of cells and make every measured one anew; returns how many there are."""
    cells = Cell.objects.all()
    cells._raw_delete(cells.db)
    return _insert("", [])


def refresh_since(first_id: int) -> None:
    """Make the cells anew of every pair that has a measurement from this key on: after many were recorded at once."""
    touched = (
        "SELECT DISTINCT indicator_id, period FROM kpis_measurement WHERE id >= %s AND nature <> 'outlook'"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM kpis_cell WHERE (indicator_id, period) IN ({touched})", [first_id])
    _insert(touched, [first_id])


def _refresh(keys: Sequence[tuple[int, int]]) -> None:
    places = ", ".join(["(%s, %s)"] * len(keys))
    values = [value for key in keys for value in key]
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM kpis_cell WHERE (indicator_id, period) IN (VALUES {places})", values)
    if connection.vendor == "postgresql":
        places = places.replace("(%s, %s)", "(%s::bigint, %s::integer)")
    _insert(f"VALUES {places}", values, {key[0] for key in keys})


def _insert(wanted: str, parameters: Sequence[Any], indicator_ids: Collection[int] | None = None) -> int:
    """Run the statement for the pairs that the query `wanted` gives, or for the whole ledger; returns how many cells.

    `indicator_ids`: whose cells they are, where they are few.
    """
    dialect = dialect_of(connection)
    units = [value for unit in _unit_parameters(indicator_ids) for value in unit]
    if not units:
        return 0
    rows = "kpis_measurement row"
    if wanted:
        rows = f"wanted JOIN {rows} ON row.indicator_id = wanted.indicator_id AND row.period = wanted.period"
    is_few = indicator_ids is not None
    newest = _NEWEST if is_few or dialect.vendor == "sqlite" else _NEWEST_OF_ALL
    statement = _STATEMENT.format(
        units=", ".join([_unit_place(dialect)] * (len(units) // 2)),
        wanted=f"wanted(indicator_id, period) AS ({wanted})," if wanted else "",
        newest=newest.format(rows=rows),
        one=dialect.exact(1),
        hundred=dialect.exact(100),
        now="%s",
        order=_ORDER[dialect.vendor],
    )
    with connection.cursor() as cursor:
        cursor.execute(dialect.planned(statement), [*units, *parameters, _moment(timezone.now())])
        return int(cursor.rowcount)


def _unit_place(dialect: Dialect) -> str:
    return "(%s::text, %s::numeric)" if dialect.vendor == "postgresql" else "(%s, %s)"


def _unit_parameters(indicator_ids: Collection[int] | None) -> Iterator[tuple[str, Any]]:
    """(code, multiplier) of every unit that the rows in question were entered in: those of the sheets, old and new."""
    sheets = IndicatorSheet.objects.order_by()
    if indicator_ids is not None:
        sheets = sheets.filter(indicator_id__in=indicator_ids)
    field = ExactDecimalField()
    for code in sheets.values_list("unit", flat=True).distinct():
        yield code, field.get_db_prep_value(unit_of(code).multiplier, connection)


def _moment(now: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(now)


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

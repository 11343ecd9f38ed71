"""The measured cells: the newest figure that counts, per (indicator, basis, part, period), made in the database.

`refresh_cells` runs in the transaction of each ledger write, for the cells it touched; `refresh_all` makes every
measured cell anew. Both are the same statement. Figures outside an indicator's first and last period have no cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from foundation.exact_sql import Dialect, dialect_of
from foundation.fields import ExactDecimalField
from kpis.models import Indicator, Measurement
from kpis.periods import Period
from kpis.units import unit_of

Pair = tuple[int, Period]
CHUNK = 400

_STATEMENT = """
INSERT INTO kpis_cell (indicator_id, basis, part_id, period, handed, value, numerator, denominator, missing,
                       reported, expected, present, children, measurement_id, computed_at)
WITH units(code, multiplier) AS (VALUES {units}),
{wanted}
newest(indicator_id, period, basis, id) AS (
    SELECT row.indicator_id, row.period, 'official', max(row.id)
    FROM kpis_measurement row {only}
    WHERE row.nature <> 'outlook' AND {approved} AND NOT EXISTS (
        SELECT 1 FROM kpis_measurementevent gone WHERE gone.measurement_id = row.id AND gone.kind = 'withdrawn')
    GROUP BY row.indicator_id, row.period
    UNION ALL
    SELECT row.indicator_id, row.period, 'provisional', max(row.id)
    FROM kpis_measurement row {only}
    WHERE row.nature <> 'outlook' AND (row.missing <> 'not_applicable' OR {approved}) AND NOT EXISTS (
        SELECT 1 FROM kpis_measurementevent gone
        WHERE gone.measurement_id = row.id AND gone.kind IN ('returned', 'withdrawn'))
    GROUP BY row.indicator_id, row.period
),
figure AS (
    SELECT newest.indicator_id, newest.basis, 0 AS part_id, newest.period, row.id, row.unit, row.missing,
           row.value, row.numerator, row.denominator
    FROM newest JOIN kpis_measurement row ON row.id = newest.id
    UNION ALL
    SELECT newest.indicator_id, newest.basis, part.part_id, newest.period, row.id, row.unit, row.missing,
           part.value, part.numerator, part.denominator
    FROM newest
    JOIN kpis_measurement row ON row.id = newest.id
    JOIN kpis_measurementpart part ON part.measurement_id = newest.id
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
    WHERE figure.period / 100 >= sheet.first_period / 100
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
"""
_APPROVED = "EXISTS (SELECT 1 FROM kpis_measurementevent yes WHERE yes.measurement_id = row.id AND yes.kind = 'approved')"


def refresh_cells(pairs: set[Pair]) -> None:
    """Make the cells of these measured (indicator, period) pairs anew from the ledger."""
    ordered = sorted((indicator_id, period.key) for indicator_id, period in pairs)
    for start in range(0, len(ordered), CHUNK):
        _refresh(ordered[start : start + CHUNK])


def refresh_all() -> None:
    """Make every measured cell anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM kpis_cell WHERE indicator_id IN (SELECT id FROM kpis_indicator WHERE kind = %s)",
            [Indicator.Kind.MEASURED],
        )
    _insert(None)


def _refresh(keys: Sequence[tuple[int, int]]) -> None:
    places = ", ".join(["(%s, %s)"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM kpis_cell WHERE (indicator_id, period) IN (VALUES {places})",
            [value for key in keys for value in key],
        )
    _insert(keys)


def _insert(keys: Sequence[tuple[int, int]] | None) -> None:
    """Run the statement for these keys, or for the whole ledger."""
    dialect = dialect_of(connection)
    units = list(_unit_parameters(keys))
    if not units:
        return
    wanted, only = "", ""
    parameters: list[Any] = [value for unit in units for value in unit]
    if keys is not None:
        place = "(%s::bigint, %s::integer)" if dialect.vendor == "postgresql" else "(%s, %s)"
        wanted = f"wanted(indicator_id, period) AS (VALUES {', '.join([place] * len(keys))}),"
        only = "JOIN wanted ON wanted.indicator_id = row.indicator_id AND wanted.period = row.period"
        parameters += [value for key in keys for value in key]
    statement = _STATEMENT.format(
        units=", ".join([_unit_place(dialect)] * len(units)),
        wanted=wanted,
        only=only,
        approved=_APPROVED,
        one=dialect.exact(1),
        hundred=dialect.exact(100),
        now="%s",
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, _moment(timezone.now())])


def _unit_place(dialect: Dialect) -> str:
    return "(%s::text, %s::numeric)" if dialect.vendor == "postgresql" else "(%s, %s)"


def _unit_parameters(keys: Sequence[tuple[int, int]] | None) -> Iterator[tuple[str, Any]]:
    """(code, multiplier) of every unit that the rows in question were entered in."""
    rows = Measurement.objects.order_by()
    if keys is not None:
        rows = rows.filter(indicator_id__in={key[0] for key in keys})
    field = ExactDecimalField()
    for code in rows.values_list("unit", flat=True).distinct():
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

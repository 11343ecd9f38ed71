"""The reference: one hand-written statement per database that rolls the newest figures of the nation up its four levels.

It reads the ledger as a careful person would write it: LATERAL on PostgreSQL, a correlated look-up by index on SQLite,
both bases, plain sums, the four levels by name. It knows the nation's two rules (sum, ratio of sums) and nothing else.
It stores the same rows in a table with the same columns and the same two indexes as the portal's cells.
"""

from __future__ import annotations

TABLE = "bench_reference"
COLUMNS = (
    "indicator_id, basis, part_id, period, handed, value, numerator, denominator, missing, "
    "reported, expected, present, children, measurement_id"
)

CREATE = {
    "postgresql": (
        f"DROP TABLE IF EXISTS {TABLE}",
        f"CREATE TABLE {TABLE} (LIKE kpis_cell INCLUDING ALL)",
    ),
    "sqlite": (
        f"DROP TABLE IF EXISTS {TABLE}",
        f"""CREATE TABLE {TABLE} (
            id integer NOT NULL PRIMARY KEY AUTOINCREMENT, indicator_id bigint NOT NULL, basis varchar(12) NOT NULL,
            part_id bigint NOT NULL, period integer NOT NULL, handed blob NULL, value blob NULL, numerator blob NULL,
            denominator blob NULL, missing varchar(16) NOT NULL, reported integer NOT NULL, expected integer NOT NULL,
            present integer NOT NULL, children integer NOT NULL, measurement_id bigint NULL,
            computed_at datetime NOT NULL, UNIQUE (indicator_id, basis, part_id, period))""",
    ),
}

_OFFICIAL = """m.nature <> 'outlook'
       AND EXISTS (SELECT 1 FROM kpis_measurementevent e WHERE e.measurement_id = m.id AND e.kind = 'approved')
       AND NOT EXISTS (SELECT 1 FROM kpis_measurementevent e WHERE e.measurement_id = m.id AND e.kind = 'withdrawn')"""
_PROVISIONAL = """m.nature <> 'outlook'
       AND NOT EXISTS (SELECT 1 FROM kpis_measurementevent e
                       WHERE e.measurement_id = m.id AND e.kind IN ('returned', 'withdrawn'))
       AND (m.missing <> 'not_applicable' OR EXISTS (
            SELECT 1 FROM kpis_measurementevent e WHERE e.measurement_id = m.id AND e.kind = 'approved'))"""

_PERIODS = "period(key) AS (VALUES {periods})"
_MEASURED = """kpis_indicator i
    JOIN kpis_indicatorsheet s ON s.indicator_id = i.id AND s.superseded_at IS NULL
    CROSS JOIN period"""


def _newest_postgresql(basis: str, valid: str) -> str:
    return f"""
    SELECT i.id AS indicator_id, '{basis}' AS basis, period.key AS period, newest.id AS measurement_id, newest.missing,
           newest.value, newest.numerator, newest.denominator, s.unit_multiplier, s.scale
    FROM {_MEASURED}
    LEFT JOIN LATERAL (
        SELECT m.* FROM kpis_measurement m
        WHERE m.indicator_id = i.id AND m.period = period.key AND {valid}
        ORDER BY m.id DESC LIMIT 1
    ) newest ON true
    WHERE i.kind = 'measured'"""


def _newest_sqlite(basis: str, valid: str) -> str:
    return f"""
    SELECT i.id AS indicator_id, '{basis}' AS basis, period.key AS period, newest.id AS measurement_id, newest.missing,
           newest.value, newest.numerator, newest.denominator, s.unit_multiplier, s.scale
    FROM {_MEASURED}
    LEFT JOIN kpis_measurement newest ON newest.id = (
        SELECT m.id FROM kpis_measurement m
        WHERE m.indicator_id = i.id AND m.period = period.key AND {valid}
        ORDER BY m.id DESC LIMIT 1
    )
    WHERE i.kind = 'measured'"""


_ARITHMETIC = {
    "postgresql": {
        "rate": "round(100 * {n} / nullif({d}, 0), 6)",
        "smallest": "newest.value * newest.unit_multiplier",
        "own": "round(handed / unit_multiplier, 6)",
    },
    "sqlite": {
        "rate": "exact_div(100 * {n}, {d})",
        "smallest": "newest.value * (newest.unit_multiplier / 1000000)",
        "own": "CASE WHEN unit_multiplier = 1000000 THEN handed ELSE exact_div(handed, unit_multiplier) END",
    },
}


def _level(name: str, below: str, rate: str) -> str:
    summed = rate.format(n=f"sum({below}.numerator)", d=f"sum({below}.denominator)")
    return f"""
{name} AS (
    SELECT link.parent_id AS indicator_id, {below}.basis, {below}.period, s.unit_multiplier,
           CASE s.tree_rule WHEN 'sum' THEN sum({below}.handed) ELSE {summed} END AS handed,
           sum({below}.numerator) AS numerator, sum({below}.denominator) AS denominator,
           sum({below}.reported) AS reported, sum({below}.expected) AS expected,
           CASE s.tree_rule WHEN 'sum' THEN count({below}.handed) ELSE count({below}.denominator) END AS present,
           count(*) AS children
    FROM {below}
    JOIN kpis_contribution link
      ON link.child_id = {below}.indicator_id AND link.state = 'accepted' AND link.superseded_at IS NULL
    JOIN kpis_indicatorsheet s ON s.indicator_id = link.parent_id AND s.superseded_at IS NULL
    GROUP BY link.parent_id, {below}.basis, {below}.period, s.unit_multiplier, s.tree_rule
)"""


def statement(vendor: str, periods: int, *, measured: bool) -> str:
    """The reference for so many periods (parameters: their keys); `measured` stores the newest figures themselves too."""
    newest = _newest_postgresql if vendor == "postgresql" else _newest_sqlite
    arithmetic = _ARITHMETIC[vendor]
    rate = arithmetic["rate"]
    place = "(%s::integer)" if vendor == "postgresql" else "(%s)"
    levels = [_level(*pair, rate) for pair in (("vision", "leaf"), ("forum", "vision"), ("nation", "forum"))]
    kept = f"""
SELECT indicator_id, basis, 0, period, handed, {arithmetic["own"]}, numerator, denominator, missing,
       reported, expected, 0, 0, measurement_id, CURRENT_TIMESTAMP
FROM leaf WHERE measurement_id IS NOT NULL
UNION ALL"""
    rolled_up = [
        f"""
SELECT indicator_id, basis, 0, period, handed, {arithmetic["own"]}, numerator, denominator, '',
       reported, expected, present, children, CAST(NULL AS bigint), CURRENT_TIMESTAMP
FROM {name}"""
        for name in ("vision", "forum", "nation")
    ]
    return f"""
INSERT INTO {TABLE} ({COLUMNS}, computed_at)
WITH {_PERIODS.format(periods=", ".join([place] * periods))},
newest AS ({newest("official", _OFFICIAL)}
    UNION ALL {newest("provisional", _PROVISIONAL)}
),
leaf AS MATERIALIZED (
    SELECT newest.indicator_id, newest.basis, newest.period, newest.measurement_id, newest.missing,
           newest.unit_multiplier, newest.numerator, newest.denominator,
           CASE newest.scale WHEN 'ratio' THEN {rate.format(n="newest.numerator", d="newest.denominator")}
                ELSE {arithmetic["smallest"]} END AS handed,
           CASE WHEN newest.value IS NULL AND newest.numerator IS NULL THEN 0 ELSE 1 END AS reported,
           CASE newest.missing WHEN 'not_applicable' THEN 0 ELSE 1 END AS expected
    FROM newest
),{",".join(levels)}
{kept if measured else ""}{" UNION ALL".join(rolled_up)}
"""


def differences(*, measured: bool, period: int | None) -> str:
    """How many rows one table has and the other has not."""
    conditions = (
        [] if measured else ["indicator_id IN (SELECT id FROM kpis_indicator WHERE kind = 'rolled_up')"]
    )
    conditions += [] if period is None else [f"period = {period}"]
    own = f"SELECT {COLUMNS} FROM kpis_cell WHERE {' AND '.join(conditions) or 'true'}"
    theirs = f"SELECT {COLUMNS} FROM {TABLE}"
    return f"SELECT (SELECT count(*) FROM ({own} EXCEPT {theirs}) a), (SELECT count(*) FROM ({theirs} EXCEPT {own}) b)"

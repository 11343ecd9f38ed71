"""One level of the roll-up as one statement (MEASURING 4), the same for a single approval and for a full rebuild.

The statement computes, for every rolled-up cell of one height that stands in the temporary table `rollup_work`, both
bases and all declared parts, and stores them. Steps: `target` (what is wanted), `joined` (its accepted contributions
and the months that each may fill), `folded` (step 1: a child's cells made one figure by the child's time rule),
`factored` (step 2), then the tree rule (step 3) with coverage (step 4). Only the rules in use are spelt out, so that
SQLite does not call an aggregate for nothing.

Figures are handed up in the smallest unit of the family. Months are indexes (year × 12 + month − 1); the key of a
period is `first_month * 100 + months` (see `kpis.fields.PeriodField`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from foundation.exact_sql import Dialect
from kpis.rules import TimeRule, TreeRule

WORK_TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS rollup_work (
    indicator_id bigint NOT NULL, period integer NOT NULL, height integer NOT NULL,
    PRIMARY KEY (indicator_id, period)
)
"""

CONTAINING = "((({period} / 100 - 3) / {grain}) * {grain} + 3) * 100 + {grain}"

CLIMB = f"""
INSERT INTO rollup_work (indicator_id, period, height)
WITH RECURSIVE climb(indicator_id, period) AS (
    SELECT seed.indicator_id, seed.period FROM (VALUES {{seeds}}) AS seed(indicator_id, period)
    UNION
    SELECT link.parent_id, {CONTAINING.format(period="climb.period", grain="sheet.grain")}
    FROM climb
    JOIN kpis_contribution link
      ON link.child_id = climb.indicator_id AND link.state = 'accepted' AND link.superseded_at IS NULL
    JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = link.parent_id AND sheet.superseded_at IS NULL
)
SELECT climb.indicator_id, climb.period, indicator.height
FROM climb
JOIN kpis_indicator indicator ON indicator.id = climb.indicator_id
JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = climb.indicator_id AND sheet.superseded_at IS NULL
WHERE climb.period %% 100 = sheet.grain
  AND climb.period / 100 >= sheet.first_period / 100
  AND (sheet.last_period IS NULL OR climb.period / 100 <= sheet.last_period / 100)
"""

_EVERYTHING = """
INSERT INTO rollup_work (indicator_id, period, height)
SELECT indicator.id, calendar.period, indicator.height
FROM kpis_indicator indicator
JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = indicator.id AND sheet.superseded_at IS NULL
JOIN (VALUES {calendar}) AS calendar(period)
  ON calendar.period %% 100 = sheet.grain
 AND calendar.period / 100 >= sheet.first_period / 100
 AND (sheet.last_period IS NULL OR calendar.period / 100 <= sheet.last_period / 100)
WHERE indicator.kind = 'rolled_up'
"""

SCORECARDS = """
UPDATE kpis_scorecard SET figures_version = figures_version + 1, figures_at = %s
WHERE id IN (
    SELECT indicator.scorecard_id FROM rollup_work
    JOIN kpis_indicator indicator ON indicator.id = rollup_work.indicator_id
)
"""

RULES_IN_USE = """
SELECT DISTINCT child.time_rule, parent.tree_rule
FROM kpis_contribution link
JOIN kpis_indicatorsheet parent ON parent.indicator_id = link.parent_id AND parent.superseded_at IS NULL
JOIN kpis_indicatorsheet child ON child.indicator_id = link.child_id AND child.superseded_at IS NULL
WHERE link.state = 'accepted' AND link.superseded_at IS NULL
"""


def for_sqlite(statement: str, dialect: Dialect) -> str:
    """SQLite names the columns of VALUES itself (column1, column2 …)."""
    if dialect.vendor != "sqlite":
        return statement
    return (
        statement.replace(" AS seed(indicator_id, period)", " AS seed")
        .replace("seed.indicator_id, seed.period", "seed.column1, seed.column2")
        .replace(" AS calendar(period)", " AS calendar")
        .replace("calendar.period", "calendar.column1")
    )


def climb(dialect: Dialect, count: int) -> str:
    """Fill the work table with `count` stale cells and everything above them. Parameters: indicator, period …"""
    seeds = ", ".join(["(%s, %s)"] * count)
    if dialect.vendor == "postgresql":
        seeds = seeds.replace("(%s, %s)", "(%s::bigint, %s::integer)")
    return for_sqlite(CLIMB.format(seeds=seeds), dialect)


def everything(dialect: Dialect, count: int) -> str:
    """Fill the work table with every rolled-up cell in `count` calendar periods. Parameters: their keys."""
    calendar = ", ".join(["(%s)"] * count)
    return for_sqlite(_EVERYTHING.format(calendar=calendar), dialect)


Expression = Callable[[Dialect], str]


def _percent_of(numerator: str, denominator: str, percent: str, d: Dialect) -> str:
    """The value of a ratio: 100 × numerator ÷ denominator in %, otherwise the plain quotient."""
    times_100 = f"exact_mul({numerator}, {d.exact(100)})"
    return f"exact_div(CASE WHEN {percent} THEN {times_100} ELSE {numerator} END, {denominator})"


_WITH_BOTH = "CASE WHEN cell.denominator IS NOT NULL THEN cell.{column} END"
_VALUED = "CASE WHEN cell.handed IS NOT NULL THEN cell.{column} END"


def _count(expression: str, d: Dialect) -> str:
    counted = f"count({expression})"
    return f"{counted} * 1000000" if d.vendor == "sqlite" else f"{counted}::numeric"


# figure, numerator, denominator of a child's cells by its time rule
_FOLDS: Mapping[str, tuple[Expression, Expression | None, Expression | None]] = {
    TimeRule.SUM: (lambda d: f"{d.sum}(cell.handed)", None, None),
    TimeRule.MEAN: (
        lambda d: f"exact_div({d.sum}(cell.handed), {_count('cell.handed', d)})",
        None,
        None,
    ),
    TimeRule.MIN: (lambda d: f"{d.min}(cell.handed)", None, None),
    TimeRule.MAX: (lambda d: f"{d.max}(cell.handed)", None, None),
    TimeRule.LAST: (
        lambda d: d.last_of("cell.period", "cell.handed"),
        lambda d: d.last_of("cell.period", _VALUED.format(column="numerator")),
        lambda d: d.last_of("cell.period", _VALUED.format(column="denominator")),
    ),
    TimeRule.RATIO_OF_SUMS: (
        lambda d: _percent_of(
            f"{d.sum}({_WITH_BOTH.format(column='numerator')})",
            f"{d.sum}({_WITH_BOTH.format(column='denominator')})",
            "joined.child_is_percent",
            d,
        ),
        lambda d: f"{d.sum}({_WITH_BOTH.format(column='numerator')})",
        lambda d: f"{d.sum}({_WITH_BOTH.format(column='denominator')})",
    ),
}


def _weighted(d: Dialect) -> str:
    return d.weighted_mean("child.weight", "child.figure")


def _yes(d: Dialect) -> str:
    return f"{d.sum}(CASE WHEN child.figure = {d.exact(1)} THEN {d.exact(1)} WHEN child.figure IS NOT NULL THEN {d.zero} END)"


_NEWEST = "CAST(child.newest AS bigint) * 100000 - child.position"

# figure, numerator, denominator of a parent by its tree rule
_TREES: Mapping[str, tuple[Expression, Expression | None, Expression | None]] = {
    TreeRule.SUM: (lambda d: f"{d.sum}(child.figure)", None, None),
    TreeRule.MEAN: (
        lambda d: f"exact_div({d.sum}(child.figure), {_count('child.figure', d)})",
        None,
        None,
    ),
    TreeRule.WEIGHTED_MEAN: (_weighted, None, None),
    TreeRule.MIN: (lambda d: f"{d.min}(child.figure)", None, None),
    TreeRule.MAX: (lambda d: f"{d.max}(child.figure)", None, None),
    TreeRule.LAST: (
        lambda d: d.last_of(_NEWEST, "child.figure"),
        lambda d: d.last_of(_NEWEST, "CASE WHEN child.figure IS NOT NULL THEN child.numerator END"),
        lambda d: d.last_of(_NEWEST, "CASE WHEN child.figure IS NOT NULL THEN child.denominator END"),
    ),
    TreeRule.RATIO_OF_SUMS: (
        lambda d: _percent_of(
            f"{d.sum}(child.numerator)", f"{d.sum}(child.denominator)", "target.is_percent", d
        ),
        lambda d: f"{d.sum}(child.numerator)",
        lambda d: f"{d.sum}(child.denominator)",
    ),
    TreeRule.COUNT_YES: (_yes, None, None),
    TreeRule.SHARE_YES: (
        lambda d: _percent_of(_yes(d), _count("child.figure", d), "target.is_percent", d),
        _yes,
        lambda d: f"CASE WHEN count(child.figure) > 0 THEN {_count('child.figure', d)} END",
    ),
}


def _choose(
    column: str,
    rules: Mapping[str, tuple[Expression | None, ...]],
    used: Collection[str],
    part: int,
    d: Dialect,
) -> str:
    """CASE over the rules in use for one of figure (0), numerator (1), denominator (2)."""
    branches = []
    for rule in sorted(set(used) & set(rules)):
        expression = rules[rule][part]
        if expression is not None:
            branches.append(f"WHEN '{rule}' THEN {expression(d)}")
    return f"CASE {column} {' '.join(branches)} END" if branches else f"CAST(NULL AS {d.type})"


def level(dialect: Dialect, time_rules: Collection[str], tree_rules: Collection[str]) -> str:
    """The statement for one height. Parameters: height, height, computed_at."""
    d = dialect
    fold = [_choose("joined.time_rule", _FOLDS, time_rules, part, d) for part in range(3)]
    tree = [_choose("target.tree_rule", _TREES, tree_rules, part, d) for part in range(3)]
    return f"""
INSERT INTO kpis_cell (indicator_id, basis, part_id, period, handed, value, numerator, denominator, missing,
                       reported, expected, present, children, measurement_id, computed_at)
WITH bases(basis) AS (VALUES ('official'), ('provisional')),
wanted(indicator_id, period, part_id) AS (
    SELECT indicator_id, period, 0 FROM rollup_work WHERE height = %s
    UNION ALL
    SELECT rollup_work.indicator_id, rollup_work.period, part.id
    FROM rollup_work
    JOIN kpis_indicatordimension declared
      ON declared.indicator_id = rollup_work.indicator_id AND declared.superseded_at IS NULL
    JOIN kpis_part part ON part.dimension_id = declared.dimension_id
    WHERE rollup_work.height = %s
),
target AS (
    SELECT wanted.indicator_id, wanted.period, wanted.part_id, sheet.tree_rule, sheet.is_percent,
           sheet.unit_multiplier, wanted.period / 100 AS first_month,
           wanted.period / 100 + wanted.period %% 100 - 1 AS last_month
    FROM wanted
    JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = wanted.indicator_id AND sheet.superseded_at IS NULL
),
joined AS (
    SELECT target.indicator_id, target.period, target.part_id, link.id AS link_id, link.position, link.weight,
           link.factor, link.child_id, child.kind AS child_kind, sheet.time_rule, sheet.grain,
           sheet.is_percent AS child_is_percent,
           {d.greatest}(target.first_month, sheet.first_period / 100, COALESCE(link.first_period / 100, 0)) AS lo,
           {d.least}(target.last_month,
               COALESCE(sheet.last_period / 100 + sheet.last_period %% 100 - 1, 99999),
               COALESCE(link.last_period / 100 + link.last_period %% 100 - 1, 99999)) AS hi
    FROM target
    JOIN kpis_contribution link
      ON link.parent_id = target.indicator_id AND link.state = 'accepted' AND link.superseded_at IS NULL
    JOIN kpis_indicator child ON child.id = link.child_id
    JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = link.child_id AND sheet.superseded_at IS NULL
    WHERE target.part_id = 0 OR EXISTS (
        SELECT 1 FROM kpis_indicatordimension declared
        JOIN kpis_part part ON part.dimension_id = declared.dimension_id AND part.id = target.part_id
        WHERE declared.indicator_id = link.child_id AND declared.superseded_at IS NULL)
),
folded AS (
    SELECT joined.indicator_id, joined.period, joined.part_id, bases.basis, joined.link_id, joined.position,
           joined.weight, joined.factor,
           {fold[0]} AS figure,
           {fold[1]} AS numerator,
           {fold[2]} AS denominator,
           COALESCE(sum(cell.reported), 0) AS reported,
           CASE joined.child_kind WHEN 'rolled_up' THEN COALESCE(sum(cell.expected), 0)
                ELSE (joined.hi - joined.lo + 1) / joined.grain
                     - count(CASE WHEN cell.missing = 'not_applicable' THEN 1 END) END AS expected,
           max(CASE WHEN cell.handed IS NOT NULL THEN cell.period / 100 + cell.period %% 100 - 1 END) AS newest
    FROM joined
    CROSS JOIN bases
    LEFT JOIN kpis_cell cell
      ON cell.indicator_id = joined.child_id AND cell.basis = bases.basis AND cell.part_id = joined.part_id
     AND cell.period BETWEEN joined.lo * 100 AND joined.hi * 100 + 99
    WHERE joined.hi >= joined.lo
    GROUP BY joined.indicator_id, joined.period, joined.part_id, bases.basis, joined.link_id, joined.position,
             joined.weight, joined.factor, joined.time_rule, joined.child_is_percent, joined.child_kind,
             joined.lo, joined.hi, joined.grain
),
factored AS (
    SELECT folded.indicator_id, folded.period, folded.part_id, folded.basis, folded.position, folded.weight,
           folded.reported, folded.expected, folded.newest,
           CASE WHEN folded.factor = {d.exact(1)} OR sheet.tree_rule IN ('count_yes', 'share_yes')
                THEN folded.figure ELSE exact_mul(folded.figure, folded.factor) END AS figure,
           CASE WHEN folded.factor = {d.exact(1)} THEN folded.numerator
                ELSE exact_mul(folded.numerator, folded.factor) END AS numerator,
           folded.denominator
    FROM folded
    JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = folded.indicator_id AND sheet.superseded_at IS NULL
),
combined AS (
    SELECT target.indicator_id, bases.basis, target.part_id, target.period, target.unit_multiplier,
           {tree[0]} AS handed,
           {tree[1]} AS numerator,
           {tree[2]} AS denominator,
           COALESCE(sum(child.reported), 0) AS reported,
           COALESCE(sum(child.expected), 0) AS expected,
           CASE target.tree_rule WHEN 'ratio_of_sums' THEN count(child.denominator)
                ELSE count(child.figure) END AS present,
           count(child.position) AS children
    FROM target
    CROSS JOIN bases
    LEFT JOIN factored child
      ON child.indicator_id = target.indicator_id AND child.period = target.period
     AND child.part_id = target.part_id AND child.basis = bases.basis
    GROUP BY target.indicator_id, bases.basis, target.part_id, target.period, target.tree_rule,
             target.is_percent, target.unit_multiplier
)
SELECT indicator_id, basis, part_id, period, handed, exact_div(handed, unit_multiplier), numerator, denominator, '',
       reported, expected, present, children, NULL, %s
FROM combined WHERE true
ON CONFLICT (indicator_id, basis, part_id, period) DO UPDATE SET
    handed = excluded.handed, value = excluded.value, numerator = excluded.numerator,
    denominator = excluded.denominator, missing = '', reported = excluded.reported, expected = excluded.expected,
    present = excluded.present, children = excluded.children, measurement_id = NULL,
    computed_at = excluded.computed_at
"""

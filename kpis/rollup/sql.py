"""One level of the roll-up as one statement (MEASURING 4), the same for a single approval and for a full rebuild.

The statement computes, for every rolled-up cell of one height that stands in the temporary table `rollup_work`, both
bases and all declared parts, and stores them. Steps: `target` (what is wanted), `child` (what each accepted
contribution brings, by the child's time rule where its periods are finer, with conversion and factor: steps 1 and 2),
then the tree rule with coverage (steps 3 and 4). Only what the height needs is spelt out (`Needs`): a child of the
parent's own grain is one look-up, no folding.

Figures are handed up in the smallest unit of the family. Months are indexes (year × 12 + month − 1); the key of a
period is `first_month * 100 + months` (see `kpis.fields.PeriodField`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from foundation.exact_sql import Dialect
from kpis.rules import TimeRule, TreeRule

WORK_TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS rollup_work (
    indicator_id bigint NOT NULL, period integer NOT NULL, height integer NOT NULL,
    PRIMARY KEY (indicator_id, period)
)
"""

# Until the end of the transaction. The planner cannot know that a few marks climb to a few cells; and over the whole
# ledger it has no time to lose on compiling, and needs memory for its joins.
BY_KEYS = (
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off; "
    "SET LOCAL jit = off; SET LOCAL plan_cache_mode = force_generic_plan"
)
BY_TABLES = "SET LOCAL work_mem = '256MB'; SET LOCAL enable_nestloop = off; SET LOCAL jit = off"

CONTAINING = "((({period} / 100 - 3) / {grain}) * {grain} + 3) * 100 + {grain}"

# a rolled-up indicator that nothing feeds yet stands on the first level
_HEIGHT = "CASE WHEN indicator.kind = 'rolled_up' AND indicator.height = 0 THEN 1 ELSE indicator.height END"
_COVERED = """{period} / 100 >= sheet.first_period / 100
  AND (sheet.last_period IS NULL OR {period} / 100 <= sheet.last_period / 100)"""

_CLIMB = f"""
    SELECT link.parent_id, {CONTAINING.format(period="climb.period", grain="sheet.grain")}
    FROM climb
    JOIN kpis_contribution link
      ON link.child_id = climb.indicator_id AND link.state = 'accepted' AND link.superseded_at IS NULL
    JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = link.parent_id AND sheet.superseded_at IS NULL
    WHERE few(climb.indicator_id)
"""
_CLIMBED = f"""
SELECT climb.indicator_id, climb.period, {_HEIGHT}
FROM climb
JOIN kpis_indicator indicator ON indicator.id = climb.indicator_id
JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = climb.indicator_id AND sheet.superseded_at IS NULL
WHERE few(climb.indicator_id) AND climb.period %% 100 = sheet.grain AND {_COVERED.format(period="climb.period")}
"""
_OLDEST = "SELECT id FROM kpis_dirtymark ORDER BY id LIMIT %s"

# PostgreSQL takes the marks and climbs from them in one statement: another writer's mark is either in it or left.
_TAKE_POSTGRESQL = f"""
WITH RECURSIVE taken AS (
    DELETE FROM kpis_dirtymark WHERE id IN ({_OLDEST}) RETURNING indicator_id, period
),
climb(indicator_id, period) AS (
    SELECT indicator_id, period FROM taken UNION {_CLIMB}
),
stored AS (
    INSERT INTO rollup_work (indicator_id, period, height) {_CLIMBED}
)
SELECT count(*) FROM taken
"""
# On SQLite a writing transaction is alone.
_CLIMB_SQLITE = f"""
INSERT INTO rollup_work (indicator_id, period, height)
WITH RECURSIVE climb(indicator_id, period) AS (
    SELECT indicator_id, period FROM kpis_dirtymark WHERE id IN ({_OLDEST}) UNION {_CLIMB}
) {_CLIMBED}
"""
_REMOVE = f"DELETE FROM kpis_dirtymark WHERE id IN ({_OLDEST})"

_EVERYTHING = f"""
INSERT INTO rollup_work (indicator_id, period, height)
SELECT indicator.id, calendar.period, {_HEIGHT}
FROM kpis_indicator indicator
JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = indicator.id AND sheet.superseded_at IS NULL
JOIN (VALUES {{calendar}}) AS calendar(period)
  ON calendar.period %% 100 = sheet.grain AND {_COVERED.format(period="calendar.period")}
WHERE indicator.kind = 'rolled_up'
ON CONFLICT DO NOTHING
"""

REACH = """
SELECT (SELECT max(period / 100 + period % 100 - 1) FROM rollup_work), (SELECT max(last_month) FROM kpis_horizon)
"""

NEEDS = """
SELECT work.height, parent.tree_rule, child.time_rule, child.grain <> parent.grain, work.has_parts
FROM (
    SELECT wanted.indicator_id, wanted.height, EXISTS (
        SELECT 1 FROM kpis_indicatordimension declared
        WHERE declared.indicator_id = wanted.indicator_id AND declared.superseded_at IS NULL) AS has_parts
    FROM (SELECT DISTINCT indicator_id, height FROM rollup_work WHERE height > 0 AND few(indicator_id)) wanted
) work
JOIN kpis_indicatorsheet parent ON parent.indicator_id = work.indicator_id AND parent.superseded_at IS NULL
LEFT JOIN kpis_contribution link
  ON link.parent_id = work.indicator_id AND link.state = 'accepted' AND link.superseded_at IS NULL
LEFT JOIN kpis_indicatorsheet child ON child.indicator_id = link.child_id AND child.superseded_at IS NULL
GROUP BY 1, 2, 3, 4, 5
"""

SCORECARDS = """
UPDATE kpis_scorecard SET figures_version = figures_version + 1, figures_at = %s
WHERE id IN (
    SELECT indicator.scorecard_id FROM rollup_work
    JOIN kpis_indicator indicator ON indicator.id = rollup_work.indicator_id
)
"""


@dataclass(frozen=True)
class Needs:
    """What one height asks of its statement: the rules in use, finer children, children of the same grain, parts."""

    tree_rules: frozenset[str] = frozenset()
    time_rules: frozenset[str] = frozenset()
    folds: bool = False
    meets: bool = False
    parts: bool = False

    def with_row(
        self, tree_rule: str, time_rule: str | None, is_finer: bool | None, has_parts: bool
    ) -> Needs:
        """One row of NEEDS added; `time_rule` and `is_finer` are None for an indicator that nothing feeds."""
        folded = {time_rule} if time_rule and is_finer else set()
        return Needs(
            self.tree_rules | {tree_rule},
            self.time_rules | folded,
            self.folds or bool(is_finer),
            self.meets or (time_rule is not None and not is_finer),
            self.parts or bool(has_parts),
        )


def take(dialect: Dialect) -> tuple[str, str | None]:
    """(climb, removal): fill the work table from the oldest marks and all above them. Parameter of each: how many.

    On PostgreSQL the first statement also removes the marks and answers how many they were; there is no second.
    """
    if dialect.vendor == "postgresql":
        return dialect.planned(_TAKE_POSTGRESQL), None
    return dialect.planned(_CLIMB_SQLITE), _REMOVE


def everything(dialect: Dialect, count: int) -> str:
    """Add every rolled-up cell in `count` calendar periods to the work table. Parameters: their keys."""
    statement = _EVERYTHING.format(calendar=", ".join(["(%s)"] * count))
    if dialect.vendor != "sqlite":
        return statement
    # SQLite names the columns of VALUES itself
    return (
        dialect.planned(statement)
        .replace(" AS calendar(period)", " AS calendar")
        .replace("calendar.period", "calendar.column1")
    )


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
    TimeRule.SUM: (lambda d: d.sum_of("cell.handed"), None, None),
    TimeRule.MEAN: (
        lambda d: f"exact_div({d.sum_of('cell.handed')}, {_count('cell.handed', d)})",
        None,
        None,
    ),
    TimeRule.MIN: (lambda d: d.min_of("cell.handed"), None, None),
    TimeRule.MAX: (lambda d: d.max_of("cell.handed"), None, None),
    TimeRule.LAST: (
        lambda d: d.last_of("cell.period", "cell.handed"),
        lambda d: d.last_of("cell.period", _VALUED.format(column="numerator")),
        lambda d: d.last_of("cell.period", _VALUED.format(column="denominator")),
    ),
    TimeRule.RATIO_OF_SUMS: (
        lambda d: _percent_of(
            d.sum_of(_WITH_BOTH.format(column="numerator")),
            d.sum_of(_WITH_BOTH.format(column="denominator")),
            "joined.child_is_percent",
            d,
        ),
        lambda d: d.sum_of(_WITH_BOTH.format(column="numerator")),
        lambda d: d.sum_of(_WITH_BOTH.format(column="denominator")),
    ),
}


def _weighted(d: Dialect) -> str:
    return d.weighted_mean("child.weight", "child.figure")


def _yes(d: Dialect) -> str:
    one = d.exact(1)
    return d.sum_of(
        f"CASE WHEN child.figure = {one} THEN {one} WHEN child.figure IS NOT NULL THEN {d.zero} END"
    )


_NEWEST = "CAST(child.newest AS bigint) * 100000 - child.position"

# figure, numerator, denominator of a parent by its tree rule
_TREES: Mapping[str, tuple[Expression, Expression | None, Expression | None]] = {
    TreeRule.SUM: (lambda d: d.sum_of("child.figure"), None, None),
    TreeRule.MEAN: (
        lambda d: f"exact_div({d.sum_of('child.figure')}, {_count('child.figure', d)})",
        None,
        None,
    ),
    TreeRule.WEIGHTED_MEAN: (_weighted, None, None),
    TreeRule.MIN: (lambda d: d.min_of("child.figure"), None, None),
    TreeRule.MAX: (lambda d: d.max_of("child.figure"), None, None),
    TreeRule.LAST: (
        lambda d: d.last_of(_NEWEST, "child.figure"),
        lambda d: d.last_of(_NEWEST, "CASE WHEN child.figure IS NOT NULL THEN child.numerator END"),
        lambda d: d.last_of(_NEWEST, "CASE WHEN child.figure IS NOT NULL THEN child.denominator END"),
    ),
    TreeRule.RATIO_OF_SUMS: (
        lambda d: _percent_of(
            d.sum_of("child.numerator"), d.sum_of("child.denominator"), "child.is_percent", d
        ),
        lambda d: d.sum_of("child.numerator"),
        lambda d: d.sum_of("child.denominator"),
    ),
    TreeRule.COUNT_YES: (_yes, None, None),
    TreeRule.SHARE_YES: (
        lambda d: _percent_of(_yes(d), _count("child.figure", d), "child.is_percent", d),
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


_TARGET = """
    SELECT work.indicator_id, work.period, 0 AS part_id, sheet.tree_rule, sheet.is_percent, sheet.unit_multiplier
    FROM rollup_work work
    JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = work.indicator_id AND sheet.superseded_at IS NULL
    WHERE work.height = %s AND few(work.indicator_id)
"""
_TARGET_PARTS = """
    UNION ALL
    SELECT work.indicator_id, work.period, part.id, sheet.tree_rule, sheet.is_percent, sheet.unit_multiplier
    FROM rollup_work work
    JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = work.indicator_id AND sheet.superseded_at IS NULL
    JOIN kpis_indicatordimension declared
      ON declared.indicator_id = work.indicator_id AND declared.superseded_at IS NULL
    JOIN kpis_part part ON part.dimension_id = declared.dimension_id
    WHERE work.height = %s AND few(work.indicator_id)
"""
# a part is expected of the children that declare it
_DECLARED = """(target.part_id = 0 OR EXISTS (
        SELECT 1 FROM kpis_indicatordimension declared
        JOIN kpis_part part ON part.dimension_id = declared.dimension_id AND part.id = target.part_id
        WHERE declared.indicator_id = link.child_id AND declared.superseded_at IS NULL))"""
_JOINED = """target
    JOIN kpis_contribution link
      ON link.parent_id = target.indicator_id AND link.state = 'accepted' AND link.superseded_at IS NULL
    JOIN kpis_indicatorsheet sheet ON sheet.indicator_id = link.child_id AND sheet.superseded_at IS NULL"""
_WANTED = """target.indicator_id, target.period, target.part_id, bases.basis, target.tree_rule, target.is_percent,
           target.unit_multiplier"""


def _factored(tree_rule: str, factor: str, column: str, d: Dialect) -> str:
    """A figure or numerator times the contribution's factor, rounded; yes and no are counted without."""
    plain = f"{factor} = {d.exact(1)}"
    if column.endswith(("figure", "handed")):
        plain += f" OR {tree_rule} IN ('count_yes', 'share_yes')"
    return f"CASE WHEN {plain} THEN {column} ELSE exact_mul({column}, {factor}) END"


def _meeting(parts: bool, d: Dialect) -> str:
    """Children measured in the parent's own grain: one cell each, found by its key."""
    return f"""
    SELECT {_WANTED}, link.position, link.weight,
           {_factored("target.tree_rule", "link.factor", "cell.handed", d)} AS figure,
           {_factored("target.tree_rule", "link.factor", "cell.numerator", d)} AS numerator,
           cell.denominator, COALESCE(cell.reported, 0) AS reported,
           COALESCE(cell.expected, (SELECT CASE feeding.kind WHEN 'rolled_up' THEN 0 ELSE 1 END
                                    FROM kpis_indicator feeding WHERE feeding.id = link.child_id)) AS expected,
           CASE WHEN cell.handed IS NOT NULL THEN cell.period / 100 + cell.period %% 100 - 1 END AS newest
    FROM {_JOINED}
    CROSS JOIN bases
    LEFT JOIN kpis_cell cell
      ON cell.indicator_id = link.child_id AND cell.basis = bases.basis AND cell.part_id = target.part_id
     AND cell.period = target.period
    WHERE few(target.indicator_id) AND sheet.grain = target.period %% 100
      AND {_COVERED.format(period="target.period")}
      AND (link.first_period IS NULL OR target.period / 100 >= link.first_period / 100)
      AND (link.last_period IS NULL OR target.period / 100 <= link.last_period / 100)
      {f"AND {_DECLARED}" if parts else ""}
"""


def _folding(needs: Needs, d: Dialect) -> tuple[str, str]:
    """Children of a finer grain: (the steps before, what they bring), all cells of a child made one figure."""
    fold = [_choose("joined.time_rule", _FOLDS, needs.time_rules, part, d) for part in range(3)]
    last_of_sheet = "COALESCE(sheet.last_period / 100 + sheet.last_period %% 100 - 1, 99999)"
    last_of_link = "COALESCE(link.last_period / 100 + link.last_period %% 100 - 1, 99999)"
    wanted = _WANTED.replace("bases.basis, ", "")
    steps = f"""
joined AS (
    SELECT {wanted}, link.id AS link_id, link.position, link.weight, link.factor,
           link.child_id, feeding.kind AS child_kind, sheet.time_rule, sheet.grain,
           sheet.is_percent AS child_is_percent,
           {d.greatest}(target.period / 100, sheet.first_period / 100, COALESCE(link.first_period / 100, 0)) AS lo,
           {d.least}(target.period / 100 + target.period %% 100 - 1, {last_of_sheet}, {last_of_link}) AS hi
    FROM {_JOINED}
    JOIN kpis_indicator feeding ON feeding.id = link.child_id
    WHERE few(target.indicator_id) AND sheet.grain <> target.period %% 100 {f"AND {_DECLARED}" if needs.parts else ""}
),
folded AS (
    SELECT {_WANTED.replace("target.", "joined.")}, joined.position, joined.weight, joined.factor,
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
    WHERE few(joined.indicator_id) AND joined.hi >= joined.lo
    GROUP BY {_WANTED.replace("target.", "joined.")}, joined.link_id, joined.position, joined.weight,
             joined.factor, joined.time_rule, joined.child_is_percent, joined.child_kind, joined.lo, joined.hi,
             joined.grain
),"""
    brought = f"""
    SELECT {_WANTED.replace("target.", "folded.").replace("bases.", "folded.")}, folded.position, folded.weight,
           {_factored("folded.tree_rule", "folded.factor", "folded.figure", d)},
           {_factored("folded.tree_rule", "folded.factor", "folded.numerator", d)},
           folded.denominator, folded.reported, folded.expected, folded.newest
    FROM folded
"""
    return steps, brought


def _nothing(d: Dialect) -> str:
    """A row that brings nothing, so that a cell without any child is kept too."""
    none = f"CAST(NULL AS {d.type})"
    return f"""
    SELECT {_WANTED}, CAST(NULL AS integer) AS position, {none} AS weight, {none} AS figure, {none} AS numerator,
           {none} AS denominator, 0 AS reported, 0 AS expected, CAST(NULL AS integer) AS newest
    FROM target CROSS JOIN bases
"""


@lru_cache(maxsize=256)
def level(d: Dialect, needs: Needs) -> str:
    """The statement for one height. Parameters: height (twice where it has parts), computed_at."""
    tree = [_choose("child.tree_rule", _TREES, needs.tree_rules, part, d) for part in range(3)]
    steps, brought = _folding(needs, d) if needs.folds else ("", "")
    children = (
        [_nothing(d)] + ([_meeting(needs.parts, d)] if needs.meets else []) + ([brought] if brought else [])
    )
    keys = "child.indicator_id, child.basis, child.part_id, child.period"
    return d.planned(f"""
INSERT INTO kpis_cell (indicator_id, basis, part_id, period, handed, value, numerator, denominator, missing,
                       reported, expected, present, children, measurement_id, computed_at)
WITH bases(basis) AS (VALUES ('official'), ('provisional')),
target AS ({_TARGET}{_TARGET_PARTS if needs.parts else ""}),{steps}
child AS ({"    UNION ALL".join(children)}),
combined AS (
    SELECT {keys}, child.unit_multiplier,
           {tree[0]} AS handed,
           {tree[1]} AS numerator,
           {tree[2]} AS denominator,
           sum(child.reported) AS reported,
           sum(child.expected) AS expected,
           CASE child.tree_rule WHEN 'ratio_of_sums' THEN count(child.denominator)
                ELSE count(child.figure) END AS present,
           count(child.position) AS children
    FROM child
    GROUP BY {keys}, child.tree_rule, child.is_percent, child.unit_multiplier
)
SELECT indicator_id, basis, part_id, period, handed,
       CASE WHEN unit_multiplier = {d.exact(1)} THEN handed ELSE exact_div(handed, unit_multiplier) END,
       numerator, denominator, '', reported, expected, present, children, NULL, %s
FROM combined WHERE true
ON CONFLICT (indicator_id, basis, part_id, period) DO UPDATE SET
    handed = excluded.handed, value = excluded.value, numerator = excluded.numerator,
    denominator = excluded.denominator, missing = '', reported = excluded.reported, expected = excluded.expected,
    present = excluded.present, children = excluded.children, measurement_id = NULL,
    computed_at = excluded.computed_at
""")

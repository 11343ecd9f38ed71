"""The hands of the roll-up: take the marks, compute what lies above them level by level, in one transaction.

One drain runs at a time (lock "rollup"). Marks are removed by the statement that reads them, so a mark that another
writer commits meanwhile stays for the next round; a killed worker leaves everything as it was, marks included.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import count
from typing import Any

from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from foundation import lanes, locks, prepared
from foundation.dates import fiscal_year
from foundation.exact_sql import dialect_of
from kpis.cells import LEDGER_LOCK, refresh_all
from kpis.models import DirtyMark, Horizon, Indicator, IndicatorSheet
from kpis.periods import Grain, Period, periods_between
from kpis.rollup import sql

LOCK = "rollup"
BATCH = 50_000
RENEWED = 500  # drains after which the work table is made anew: nobody vacuums a temporary table
MANY = 5000  # marks up to which everything is found by its key


_rounds = count(1)


def has_work() -> bool:
    return DirtyMark.objects.exists() or _is_behind()


def drain(batch: int = BATCH) -> int:
    """Settle up to `batch` marks; returns how many. Waits for a drain at work, so that nothing is left to a sweep."""
    if not has_work():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        locks.exclusive(LOCK)
        is_large = _is_large()
        _prepare(cursor, is_large=is_large)
        marks = _take(cursor, batch)
        moved = _move_horizon(cursor)
        _compute(cursor, is_large=is_large)
        return marks + moved


def _is_large() -> bool:
    """Whether more cells are to be made than are best found one by one; SQLite knows only that way."""
    if connection.vendor != "postgresql":
        return False
    return _is_behind() or DirtyMark.objects.order_by("id")[MANY : MANY + 1].exists()


def _take(cursor: Any, batch: int) -> int:
    """Move the oldest marks, and all that lies above them, onto the work table; returns how many marks there were."""
    climb, removal = sql.take(dialect_of(connection))
    prepared.run(cursor, climb, [batch], ["integer"])
    if removal is None:
        return int(cursor.fetchone()[0])
    cursor.execute(removal, [batch])
    return int(cursor.rowcount)


def rebuild() -> int:
    """Make every cell anew from the ledger, measured ones too; returns how many. Writers wait meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        locks.exclusive(LOCK)
        locks.exclusive(LEDGER_LOCK)
        _prepare(cursor, is_large=True)
        DirtyMark.objects.all().delete()
        made = refresh_all()
        _everything(cursor, calendar(0, horizon()))
        return made + _compute(cursor, is_large=True)


def recompute(within: Period | None = None) -> int:
    """Compute every rolled-up cell anew from the measured ones, or those inside a period; returns how many."""
    last_month = horizon() if within is None else min(within.last_month, horizon())
    periods = calendar(0 if within is None else within.first, last_month)
    with transaction.atomic(), connection.cursor() as cursor:
        locks.exclusive(LOCK)
        _prepare(cursor, is_large=within is None)
        _everything(cursor, [each for each in periods if within is None or each.first >= within.first])
        return _compute(cursor, is_large=True)


def _everything(cursor: Any, periods: list[Period]) -> None:
    """Put every rolled-up cell in these periods on the work table."""
    if periods:
        keys = [period.key for period in periods]
        cursor.execute(sql.everything(dialect_of(connection), len(keys)), keys)


def _prepare(cursor: Any, *, is_large: bool) -> None:
    """An empty work table, and PostgreSQL's planner told whether to go by keys or to read whole tables."""
    steps = [sql.WORK_TABLE, "DELETE FROM rollup_work"]
    if connection.vendor == "postgresql":
        steps = ["; ".join([sql.BY_TABLES if is_large else sql.BY_KEYS, *steps])]
    for step in steps:
        cursor.execute(step)


def _compute(cursor: Any, *, is_large: bool) -> int:
    """One statement per height, lowest first; then tell the scorecards that their figures moved. Returns the cells."""
    dialect, now = dialect_of(connection), _moment(timezone.now())
    if is_large and connection.vendor == "postgresql":
        cursor.execute("ANALYZE rollup_work")
    made = 0
    for height, needs in sorted(_needs(cursor).items()):
        heights = [height, height] if needs.parts else [height]
        parameters, statement = [*heights, now], sql.level(dialect, needs)
        if is_large:
            cursor.execute(statement, parameters)
        else:
            prepared.run(cursor, statement, parameters, ["integer"] * len(heights) + ["timestamptz"])
        made += cursor.rowcount
    prepared.run(cursor, dialect.planned(sql.SCORECARDS), [now], ["timestamptz"])
    if is_large or next(_rounds) % RENEWED == 0:
        cursor.execute(
            "DROP TABLE rollup_work"
        )  # with what the planner was told of its size, and with its dead rows
    return made


def _needs(cursor: Any) -> dict[int, sql.Needs]:
    """What the statement of each height must be able to do."""
    prepared.run(cursor, dialect_of(connection).planned(sql.NEEDS), [], [])
    found: dict[int, sql.Needs] = {}
    for height, *row in cursor.fetchall():
        found[height] = found.get(height, sql.Needs()).with_row(*row)
    return found


def _moment(now: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(now)


# --- the horizon: how far ahead cells are kept, so that what is expected can be read and not reckoned --------------


def _ordinary(today: date | None = None) -> int:
    """The last month index kept without further reason: the end of next fiscal year."""
    return Period.year(fiscal_year(today or timezone.localdate()) + 1).last_month


def horizon() -> int:
    """The last month index for which rolled-up cells are kept."""
    stored = Horizon.objects.values_list("last_month", flat=True).first()
    return _ordinary() if stored is None else stored


_seen_on: dict[str, date] = {}


def _is_behind() -> bool:
    """Whether a new fiscal year lies before us; asked of the database once a day in each process."""
    today = timezone.localdate()
    if _seen_on.get("day") == today:
        return False
    stored = Horizon.objects.values_list("last_month", flat=True).first()
    if stored is not None and stored >= _ordinary(today):
        _seen_on["day"] = today
        return False
    return Indicator.objects.filter(kind=Indicator.Kind.ROLLED_UP).exists()


def _move_horizon(cursor: Any) -> int:
    """Go on to the end of next fiscal year, or of the year of the newest mark, with the cells of the new periods.

    Returns 1 if the horizon moved.
    """
    prepared.run(cursor, sql.REACH, [], [])
    newest, stored = cursor.fetchone()
    wanted = (
        _ordinary() if newest is None else max(_ordinary(), Period.year(_fiscal_year_of(newest)).last_month)
    )
    if stored is not None and stored >= wanted:
        return 0
    _everything(cursor, calendar(0 if stored is None else stored + 1, wanted))
    if stored is None:
        Horizon.objects.create(last_month=wanted)
    else:
        Horizon.objects.update(last_month=wanted)
    return 1


def _fiscal_year_of(month_index: int) -> int:
    return fiscal_year(date(month_index // 12, month_index % 12 + 1, 1))


def calendar(first_month: int, last_month: int) -> list[Period]:
    """Every period of every grain that ends in these months, from the earliest first period of an indicator on."""
    earliest = IndicatorSheet.objects.filter(superseded_at=None).aggregate(first=Min("first_period"))["first"]
    if earliest is None:
        return []
    start = max(earliest.first, first_month)
    years = range(_fiscal_year_of(start), _fiscal_year_of(last_month) + 1)
    found = (period for year in years for grain in Grain for period in Period.year(year).split(grain))
    return [period for period in found if first_month <= period.last_month <= last_month]


def periods_kept(sheet: IndicatorSheet, last_month: int) -> list[Period]:
    """The periods for which an indicator's cells are kept: from its first to its last, or to the horizon."""
    grain = Grain(sheet.grain)
    end = Period(last_month, Grain.MONTH).containing(grain)
    if sheet.last_period is not None and sheet.last_period.first < end.first:
        end = sheet.last_period
    if end.first < sheet.first_period.first:
        return []
    return periods_between(sheet.first_period, end)


def pairs_kept(sheets: Iterable[IndicatorSheet]) -> set[tuple[int, Period]]:
    """Every (indicator, period) kept under these versions of sheets; what a change of structure marks."""
    last_month = horizon()
    return {(sheet.indicator_id, period) for sheet in sheets for period in periods_kept(sheet, last_month)}


lanes.register("rollup", pending=has_work, work=drain)

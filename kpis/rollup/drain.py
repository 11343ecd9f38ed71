"""The hands of the roll-up: take the marks, compute what lies above them level by level, in one transaction.

One drain runs at a time (lock "rollup"). Marks are taken by id, so a mark that another writer commits meanwhile
stays for the next round; a killed worker leaves everything as it was, marks included.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from foundation import lanes, locks
from foundation.dates import fiscal_year
from foundation.exact_sql import dialect_of
from kpis.cells import refresh_all
from kpis.models import Cell, DirtyMark, Horizon, Indicator, IndicatorSheet
from kpis.periods import Grain, Period, periods_between
from kpis.rollup import sql

LOCK = "rollup"
BATCH = 2000


def has_work() -> bool:
    return DirtyMark.objects.exists() or _is_behind()


def drain(batch: int = BATCH) -> int:
    """Settle up to `batch` marks; returns how many. Waits for a drain at work, so that nothing is left to a sweep."""
    if not has_work():
        return 0
    with transaction.atomic():
        locks.exclusive(LOCK)
        marks = list(DirtyMark.objects.order_by("id").values_list("id", "indicator_id", "period")[:batch])
        newest = max((period.last_month for _id, _indicator, period in marks), default=0)
        with connection.cursor() as cursor:
            moved = _move_horizon(cursor, newest)
            if marks:
                _settle(cursor, {(indicator_id, period.key) for _id, indicator_id, period in marks})
        DirtyMark.objects.filter(id__in=[mark[0] for mark in marks]).delete()
        return len(marks) + moved


def _settle(cursor: Any, seeds: set[tuple[int, int]]) -> None:
    _prepare(cursor)
    ordered = [value for seed in sorted(seeds) for value in seed]
    cursor.execute(sql.climb(dialect_of(connection), len(seeds)), ordered)
    _compute(cursor)


def rebuild() -> int:
    """Make every cell anew from the ledger, measured ones too; returns how many there are."""
    with transaction.atomic():
        locks.exclusive(LOCK)
        DirtyMark.objects.all().delete()
        Cell.objects.filter(indicator__kind=Indicator.Kind.ROLLED_UP).delete()
        refresh_all()
        with connection.cursor() as cursor:
            _everything(cursor, calendar(0, horizon()))
    return Cell.objects.count()


def _everything(cursor: Any, periods: list[Period]) -> None:
    """Compute every rolled-up cell in these periods."""
    if periods:
        _prepare(cursor)
        keys = [period.key for period in periods]
        cursor.execute(sql.everything(dialect_of(connection), len(keys)), keys)
        _compute(cursor)


def _prepare(cursor: Any) -> None:
    cursor.execute(sql.WORK_TABLE)
    cursor.execute("DELETE FROM rollup_work")


def _compute(cursor: Any) -> None:
    """One statement per height, lowest first; then tell the scorecards that their figures moved."""
    cursor.execute("SELECT DISTINCT height FROM rollup_work WHERE height > 0 ORDER BY height")
    heights = [row[0] for row in cursor.fetchall()]
    now = timezone.now()
    if heights:
        cursor.execute(sql.RULES_IN_USE)
        rules = cursor.fetchall()
        statement = sql.level(dialect_of(connection), {row[0] for row in rules}, {row[1] for row in rules})
        for height in heights:
            cursor.execute(statement, [height, height, _moment(now)])
    cursor.execute(sql.SCORECARDS, [_moment(now)])
    cursor.execute("DELETE FROM rollup_work")


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


def _move_horizon(cursor: Any, newest_month: int) -> int:
    """Go on to the end of next fiscal year, or of the year of the newest mark, and compute what is new; 1 if moved."""
    wanted = max(_ordinary(), Period.year(_fiscal_year_of(newest_month)).last_month if newest_month else 0)
    row = Horizon.objects.first()
    if row is None:
        Horizon.objects.create(last_month=wanted)
        _everything(cursor, calendar(0, wanted))
        return 1
    if row.last_month >= wanted:
        return 0
    _everything(cursor, calendar(row.last_month + 1, wanted))
    Horizon.objects.filter(pk=row.pk).update(last_month=wanted)
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

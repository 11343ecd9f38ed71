"""The hands of the roll-up: take the marks, compute what lies above them level by level, in one transaction.

One drain runs at a time (lock "rollup"). Marks are taken by id, so a mark that another writer commits meanwhile
stays for the next round; a killed worker leaves everything as it was, marks included.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from foundation import lanes, locks
from foundation.dates import fiscal_year
from foundation.exact_sql import dialect_of
from kpis.models import Cell, DirtyMark, Indicator, IndicatorSheet, Target
from kpis.periods import Grain, Period, periods_between
from kpis.rollup import sql

LOCK = "rollup"
BATCH = 2000
FIRST_YEAR = 1950


def has_marks() -> bool:
    return DirtyMark.objects.exists()


def drain(batch: int = BATCH) -> int:
    """Settle up to `batch` marks; returns how many. Waits for a drain at work, so that nothing is left to a sweep."""
    if not has_marks():
        return 0
    with transaction.atomic():
        locks.exclusive(LOCK)
        marks = list(DirtyMark.objects.order_by("id").values_list("id", "indicator_id", "period")[:batch])
        if not marks:
            return 0
        seeds = sorted({(indicator_id, period.key) for _id, indicator_id, period in marks})
        with connection.cursor() as cursor:
            _prepare(cursor)
            dialect = dialect_of(connection)
            cursor.execute(sql.climb(dialect, len(seeds)), [value for seed in seeds for value in seed])
            _compute(cursor)
        DirtyMark.objects.filter(id__in=[mark[0] for mark in marks]).delete()
        return len(marks)


def rebuild() -> int:
    """Make every rolled-up cell anew from the measured ones, up to the horizon; returns how many cells there are."""
    with transaction.atomic():
        locks.exclusive(LOCK)
        DirtyMark.objects.all().delete()
        Cell.objects.filter(indicator__kind=Indicator.Kind.ROLLED_UP).delete()
        keys = [period.key for period in calendar()]
        with connection.cursor() as cursor:
            _prepare(cursor)
            cursor.execute(sql.everything(dialect_of(connection), len(keys)), keys)
            _compute(cursor)
    return Cell.objects.filter(indicator__kind=Indicator.Kind.ROLLED_UP).count()


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


def horizon(today: date | None = None) -> int:
    """The last month index for which rolled-up cells are kept: the end of next fiscal year, or of the last target."""
    day = today or timezone.localdate()
    ends = [Period.year(fiscal_year(day) + 1).last_month]
    last = Target.objects.filter(superseded_at=None).aggregate(last=Max("period"))["last"]
    if last is not None:
        ends.append(Period.from_key(last.key if isinstance(last, Period) else last).last_month)
    return max(ends)


def calendar() -> list[Period]:
    """Every period of every grain from the earliest first period of an indicator to the horizon."""
    first = IndicatorSheet.objects.filter(superseded_at=None).order_by("first_period").first()
    if first is None:
        return []
    start = Period.from_key(first.first_period.key).containing(Grain.YEAR)
    end = Period.from_key(start.key)
    while end.last_month < horizon():
        end = end.next()
    years = periods_between(start, end)
    return [period for year in years for grain in Grain for period in year.split(grain)]


def periods_kept(sheet: IndicatorSheet) -> list[Period]:
    """The periods of an indicator for which cells are kept: from its first to its last, or to the horizon."""
    grain = Grain(sheet.grain)
    end = sheet.last_period or _holding(horizon(), grain)
    if end.first < sheet.first_period.first:
        return []
    return periods_between(sheet.first_period, end)


def _holding(month_index: int, grain: Grain) -> Period:
    return Period.from_key(month_index * 100 + Grain.MONTH).containing(grain)


def pairs_kept(indicator_ids: Iterable[int]) -> set[tuple[int, Period]]:
    """Every (indicator, period) kept for these indicators; what a change of structure marks."""
    sheets = IndicatorSheet.objects.filter(indicator_id__in=list(indicator_ids), superseded_at=None)
    return {(sheet.indicator_id, period) for sheet in sheets for period in periods_kept(sheet)}


lanes.register("rollup", pending=has_marks, work=drain)

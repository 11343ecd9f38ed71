"""Dates as a town hall writes them: Japanese eras, fiscal years, Tokyo days, business days.

Pure: no Django. Periods (`kpis.periods`) and every date on a page take their words from here.
A fiscal year bears the era of its 31 December, a month the era of its last day.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import jpholiday

TOKYO = ZoneInfo("Asia/Tokyo")
FIRST_YEAR, LAST_YEAR = 1868, 2200


class DateError(ValueError):
    """A text that is no date; the message is Japanese and names the forms that are right."""


@dataclass(frozen=True)
class Era:
    """One era (元号): its name, the letter of short forms, and its first day."""

    name: str
    letter: str
    start: date

    def western(self, year: int) -> int:
        """The common-era year of an era year as it is printed (平成32年 → 2020)."""
        return self.start.year + year - 1


ERAS = (
    Era("令和", "R", date(2019, 5, 1)),
    Era("平成", "H", date(1989, 1, 8)),
    Era("昭和", "S", date(1926, 12, 25)),
    Era("大正", "T", date(1912, 7, 30)),
    Era("明治", "M", date(1868, 10, 23)),
)
_ERA_BY_TEXT = {text: era for era in ERAS for text in (era.name, era.letter)}
ERA_PATTERN = "|".join(_ERA_BY_TEXT)

# Full-width forms and the many dashes of Japanese keyboards. Not NFKC: that would turn ① and ² into digits.
_PLAIN = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | {ord(dash): "-" for dash in "‐‑‒–—―−ー－"}
    | {0x3000: " ", 0x00A0: " ", ord("㋿"): "令和", ord("㍻"): "平成", ord("㍼"): "昭和"}
)

_YEAR_END = {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}


def plain_text(text: str) -> str:
    """Full-width letters, digits, signs and spaces made plain, dashes made one, ends stripped."""
    return text.translate(_PLAIN).strip()


def fiscal_year(day: date) -> int:
    """The fiscal year (April to March) of a day: 2026-03-31 → 2025."""
    return day.year if day.month >= 4 else day.year - 1


def era_of(day: date) -> Era | None:
    """The era of a day; None before 明治."""
    return next((era for era in ERAS if day >= era.start), None)


def era_year(era_text: str, year_text: str) -> int:
    """The common-era year of 令和 or R and 8 or 元; ValueError for year 0."""
    number = 1 if year_text == "元" else int(year_text)
    if number < 1:
        raise ValueError(year_text)
    return _ERA_BY_TEXT[era_text].western(number)


def era_label_of_year(day: date) -> str:
    """「令和8年」, 「令和元年」: the year of a day in its era."""
    era = era_of(day)
    if era is None:
        return f"{day.year}年"
    number = day.year - era.start.year + 1
    return f"{era.name}{'元' if number == 1 else number}年"


def era_short_year(day: date) -> str:
    """「R8」, for axes of charts and narrow columns."""
    era = era_of(day)
    return f"{era.letter}{day.year - era.start.year + 1}" if era else str(day.year)


def wareki(day: date) -> str:
    """「令和8年11月22日」."""
    return f"{era_label_of_year(day)}{day.month}月{day.day}日"


def date_label(day: date) -> str:
    """「2026年11月22日（令和8年）」."""
    return f"{day.year}年{day.month}月{day.day}日（{era_label_of_year(day)}）"


def date_with_weekday(day: date) -> str:
    """「2026年11月30日（月）」: a day by which somebody waits for something."""
    return f"{day.year}年{day.month}月{day.day}日（{'月火水木金土日'[day.weekday()]}）"


def fiscal_year_label(year: int) -> str:
    """「令和8年度」; FY2019 is 令和元年度."""
    return f"{era_label_of_year(date(year, 12, 31))}度"


def fiscal_year_both(year: int) -> str:
    """「令和8年度（2026）」."""
    return f"{fiscal_year_label(year)}（{year}）"


def last_day_of_month(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def month_label(year: int, month: int) -> str:
    """「令和7年4月」; 2019-05 and 1989-01 already bear the new era."""
    return f"{era_label_of_year(last_day_of_month(year, month))}{month}月"


_SEPARATED = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_WESTERN = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日", re.ASCII)
_ERA_SEPARATED = re.compile(rf"({ERA_PATTERN})(\d{{1,2}}|元)([-/.])(\d{{1,2}})\3(\d{{1,2}})", re.ASCII)
_ERA_KANJI = re.compile(rf"({ERA_PATTERN})(\d{{1,2}}|元)年(\d{{1,2}})月(\d{{1,2}})日", re.ASCII)


def parse_date(text: str) -> date:
    """Read 2026-11-22, 2026/11/22, R8.11.22, 令和8年11月22日 (also full-width); DateError otherwise.

    A year is read as it is printed: 平成32年4月1日 is 2020-04-01, 令和元年4月1日 is 2019-04-01.
    """
    plain = re.sub(r"\s+", "", plain_text(text)).upper()
    try:
        year, month, day = _date_parts(plain)
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValueError(plain)
        return date(year, month, day)
    except ValueError:
        raise DateError(
            f"「{text.strip()}」は日付として読めません。"
            "2026-11-22、2026/11/22、令和8年11月22日、R8.11.22 のように入力してください。"
        ) from None


def _date_parts(plain: str) -> tuple[int, int, int]:
    if found := _SEPARATED.fullmatch(plain):
        return int(found[1]), int(found[3]), int(found[4])
    if found := _WESTERN.fullmatch(plain):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _ERA_SEPARATED.fullmatch(plain):
        return era_year(found[1], found[2]), int(found[4]), int(found[5])
    if found := _ERA_KANJI.fullmatch(plain):
        return era_year(found[1], found[2]), int(found[3]), int(found[4])
    raise ValueError(plain)


def today_tokyo() -> date:
    return datetime.now(TOKYO).date()


def end_of_day_tokyo(day: date) -> datetime:
    """The last microsecond of a day in Tokyo: `as_of` given as a date includes the whole day."""
    return datetime.combine(day, time.max, tzinfo=TOKYO)


def is_business_day(day: date) -> bool:
    """Neither weekend, nor holiday, nor 29 December to 3 January (行政機関の休日)."""
    closed = day.weekday() >= 5 or (day.month, day.day) in _YEAR_END
    return not closed and not jpholiday.is_holiday(day)


def add_business_days(day: date, count: int) -> date:
    """The count-th business day after `day`, which is itself not counted (negative: before).

    「受付の翌日から10営業日」 is add_business_days(received, 10). 0 gives the day itself.
    """
    step = timedelta(days=1 if count > 0 else -1)
    left = abs(count)
    while left:
        day += step
        left -= is_business_day(day)
    return day

"""Periods of the Japanese fiscal year as value objects: month, quarter, half, year.

A period is its first month (counted in months since year 0) and its grain. In the database it is one
integer, `key`; in exports and URLs its `code`; on screen its `label` in the Japanese era. Pure: no Django.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import lru_cache

from foundation.dates import (
    ERA_PATTERN,
    era_short_year,
    era_year,
    fiscal_year_both,
    fiscal_year_label,
    last_day_of_month,
    month_label,
    plain_text,
)

FIRST_FISCAL_YEAR, LAST_FISCAL_YEAR = 1900, 2199
_FIRST_MONTH = FIRST_FISCAL_YEAR * 12 + 3
_LAST_MONTH = LAST_FISCAL_YEAR * 12 + 14
_RIGHT_FORMS = (
    "コードは 2025-04（月）、FY2025-Q1（四半期）、FY2025-H2（半期）、FY2025（年度）です。"
    "「令和7年4月」「令和7年度 第1四半期」「令和7年度 下半期」「令和7年度」「2025年度」「R7」とも書けます。"
)


class PeriodError(ValueError):
    """A text or number that is no period; the message is Japanese and fit to be shown."""


class Grain(IntEnum):
    """How long a period is, in months; finer grains are smaller."""

    MONTH = 1
    QUARTER = 3
    HALF = 6
    YEAR = 12

    @property
    def code(self) -> str:
        return self.name.lower()

    @property
    def label(self) -> str:
        return {1: "月", 3: "四半期", 6: "半期", 12: "年度"}[self.value]

    @classmethod
    def from_code(cls, code: str) -> Grain:
        for grain in cls:
            if grain.code == code:
                return grain
        raise PeriodError(
            f"「{code}」は期間の単位ではありません（month、quarter、half、year のいずれかです）。"
        )


_LENGTHS = frozenset(Grain)


@dataclass(frozen=True, order=True)
class Period:
    """`first`: year × 12 + month − 1 of its first month. Ordered by first month, then by length."""

    first: int
    grain: Grain

    def __post_init__(self) -> None:
        object.__setattr__(self, "grain", Grain(self.grain))
        if not _FIRST_MONTH <= self.first <= _LAST_MONTH - self.grain + 1:
            raise PeriodError(
                f"期間は{FIRST_FISCAL_YEAR}年度から{LAST_FISCAL_YEAR}年度までの間で指定してください。"
            )
        if (self.first - 3) % self.grain:
            raise PeriodError(f"{self.grain.label}の始まりの月ではありません（年度は4月に始まります）。")

    # --- making -----------------------------------------------------------------------------------

    @classmethod
    def of(cls, day: date, grain: Grain) -> Period:
        """The period of a grain in which a day lies."""
        return cls._holding(day.year * 12 + day.month - 1, grain)

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        if not 1 <= month <= 12:
            raise PeriodError(f"「{month}」は月ではありません。1から12までで指定してください。")
        return cls(year * 12 + month - 1, Grain.MONTH)

    @classmethod
    def year(cls, fiscal_year: int) -> Period:
        return cls(fiscal_year * 12 + 3, Grain.YEAR)

    @classmethod
    def quarter(cls, fiscal_year: int, number: int) -> Period:
        return cls._part(fiscal_year, number, Grain.QUARTER)

    @classmethod
    def half(cls, fiscal_year: int, number: int) -> Period:
        return cls._part(fiscal_year, number, Grain.HALF)

    @classmethod
    def from_key(cls, key: int) -> Period:
        return _of_key(key)

    @classmethod
    def from_code(cls, code: str) -> Period:
        """Strict: only the four codes, exactly as `code` prints them."""
        period = cls.parse(code)
        if period.code != code:
            raise PeriodError(f"「{code}」は期間のコードではありません。{_RIGHT_FORMS}")
        return period

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read a code, a label or what people write (令和7年度, R7, 2025年度, 平成31年度 → FY2019)."""
        plain = re.sub(r"\s+", "", plain_text(text)).upper()
        for pattern, make in _FORMS:
            if found := pattern.fullmatch(plain):
                try:
                    return make(found)
                except PeriodError as error:
                    raise PeriodError(
                        f"「{text.strip()}」は期間として読めません。{error}{_RIGHT_FORMS}"
                    ) from None
                except ValueError:
                    break
        raise PeriodError(f"「{text.strip()}」は期間として読めません。{_RIGHT_FORMS}")

    @classmethod
    def _holding(cls, month_index: int, grain: Grain) -> Period:
        return cls(month_index - (month_index - 3) % grain, grain)

    @classmethod
    def _part(cls, fiscal_year: int, number: int, grain: Grain) -> Period:
        if not 1 <= number <= 12 // grain:
            raise PeriodError(f"{grain.label}は1から{12 // grain}までで指定してください。")
        return cls(fiscal_year * 12 + 3 + (number - 1) * grain, grain)

    # --- what it is -------------------------------------------------------------------------------

    @property
    def key(self) -> int:
        return self.first * 100 + self.grain

    @property
    def last_month(self) -> int:
        """The month index in which it ends: the axis on which targets and expected values lie."""
        return self.first + self.grain - 1

    @property
    def fiscal_year(self) -> int:
        return (self.first - 3) // 12

    @property
    def number(self) -> int:
        """Which of its kind in its fiscal year, from 1; of a month, the calendar month."""
        return self.first % 12 + 1 if self.grain is Grain.MONTH else (self.first - 3) % 12 // self.grain + 1

    @property
    def first_day(self) -> date:
        return date(self.first // 12, self.first % 12 + 1, 1)

    @property
    def last_day(self) -> date:
        return last_day_of_month(self.last_month // 12, self.last_month % 12 + 1)

    # --- its neighbours ---------------------------------------------------------------------------

    def shift(self, count: int) -> Period:
        return Period(self.first + count * self.grain, self.grain)

    def next(self) -> Period:
        return self.shift(1)

    def previous(self) -> Period:
        return self.shift(-1)

    def containing(self, grain: Grain) -> Period:
        """The period of a coarser (or the same) grain that holds this one."""
        if grain < self.grain:
            raise PeriodError(f"{self.grain.label}を含む{Grain(grain).label}はありません。")
        return Period._holding(self.first, grain)

    def split(self, grain: Grain) -> list[Period]:
        """The periods of a finer (or the same) grain that make it up, in order."""
        if grain > self.grain:
            raise PeriodError(f"{self.grain.label}を{Grain(grain).label}に分けることはできません。")
        return [Period(first, grain) for first in range(self.first, self.last_month + 1, grain)]

    def contains(self, other: Period) -> bool:
        return self.first <= other.first and other.last_month <= self.last_month

    # --- its names --------------------------------------------------------------------------------

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        if self.grain is Grain.MONTH:
            return f"{self.first // 12}-{self.number:02d}"
        return f"FY{self.fiscal_year}" + {3: f"-Q{self.number}", 6: f"-H{self.number}", 12: ""}[self.grain]

    @property
    def label(self) -> str:
        """「令和7年4月」「令和7年度 第1四半期」「令和7年度 下半期」「令和7年度」."""
        if self.grain is Grain.MONTH:
            return month_label(self.first // 12, self.number)
        return fiscal_year_label(self.fiscal_year) + self._suffix

    @property
    def label_western(self) -> str:
        """「2025年4月」「2025年度 第1四半期」."""
        if self.grain is Grain.MONTH:
            return f"{self.first // 12}年{self.number}月"
        return f"{self.fiscal_year}年度{self._suffix}"

    @property
    def label_both(self) -> str:
        """「令和7年度（2025）第1四半期」「令和7年4月（2025）」."""
        if self.grain is Grain.MONTH:
            return f"{self.label}（{self.first // 12}）"
        return fiscal_year_both(self.fiscal_year) + self._suffix.strip()

    @property
    def short_label(self) -> str:
        """「R7.4」「R7 Q1」「R7 H2」「R7」."""
        if self.grain is Grain.MONTH:
            return f"{era_short_year(self.last_day)}.{self.number}"
        year = era_short_year(date(self.fiscal_year, 12, 31))
        return year + {3: f" Q{self.number}", 6: f" H{self.number}", 12: ""}[self.grain]

    @property
    def _suffix(self) -> str:
        half = "上半期" if self.number == 1 else "下半期"
        return {1: "", 3: f" 第{self.number}四半期", 6: f" {half}", 12: ""}[self.grain]


@lru_cache(maxsize=8192)
def _of_key(key: int) -> Period:
    """Periods never change, and a page reads the same few over and over."""
    first, months = divmod(key, 100)
    if months not in _LENGTHS:
        raise PeriodError(f"「{key}」は期間の番号ではありません。")
    return Period(first, Grain(months))


def periods_between(first: Period, last: Period) -> list[Period]:
    """All periods from first to last, both included; empty when last comes before first."""
    if first.grain != last.grain:
        raise PeriodError("始まりと終わりの期間は、同じ単位（月、四半期、半期、年度）で指定してください。")
    return [Period(index, first.grain) for index in range(first.first, last.first + 1, first.grain)]


def periods_expected(within: Period, grain: Grain, first: Period | None, last: Period | None) -> list[Period]:
    """The periods of an indicator of `grain` that `within` should hold; none outside its first and last."""
    return [
        period
        for period in within.split(grain)
        if (first is None or period >= first) and (last is None or period <= last)
    ]


# --- reading ----------------------------------------------------------------------------------------

_Match = re.Match[str]
_NUMBERS = {"一": 1, "二": 2, "三": 3, "四": 4, "上": 1, "下": 2}
_YEAR = (
    rf"(?:FY(?P<fy>\d{{4}})|(?:(?P<year>\d{{4}})|(?P<era>{ERA_PATTERN})(?P<era_year>\d{{1,3}}|元))年度"
    rf"|(?P<short>{ERA_PATTERN})(?P<short_year>\d{{1,3}}))(?:\((?P<note>\d{{4}})\))?"
)
_CALENDAR_YEAR = rf"(?:(?P<year>\d{{4}})|(?P<era>{ERA_PATTERN})(?P<era_year>\d{{1,3}}|元))"
_NOTE = r"(?:\((?P<note>\d{4})\))?"


def _year_in(found: _Match) -> int:
    groups: dict[str, str] = found.groupdict("")
    western = groups.get("fy") or groups["year"]
    era = groups["era"] or groups.get("short", "")
    year = int(western) if western else era_year(era, groups["era_year"] or groups["short_year"])
    if groups.get("note") and int(groups["note"]) != year:
        raise PeriodError(f"和暦と西暦（{groups['note']}）が合いません。")
    return year


def _number_in(found: _Match) -> int:
    text = next(value for name, value in found.groupdict().items() if name.startswith("number") and value)
    return _NUMBERS.get(text) or int(text)


def _month(found: _Match) -> Period:
    return Period.month(_year_in(found), _number_in(found))


def _quarter(found: _Match) -> Period:
    return Period.quarter(_year_in(found), _number_in(found))


def _half(found: _Match) -> Period:
    return Period.half(_year_in(found), _number_in(found))


_FORMS: list[tuple[re.Pattern[str], Callable[[_Match], Period]]] = [
    (re.compile(pattern, re.ASCII), make)
    for pattern, make in (
        (_YEAR, lambda found: Period.year(_year_in(found))),
        (_YEAR + r"-?(?:Q(?P<number_a>\d)|(?P<number_b>\d)Q|第?(?P<number_c>[\d一二三四])四半期)", _quarter),
        (_YEAR + r"-?(?:H(?P<number_a>\d)|(?P<number_b>[上下])(?:半期|期))", _half),
        (_CALENDAR_YEAR + r"年(?P<number>\d{1,2})月" + _NOTE, _month),
        (_CALENDAR_YEAR + r"(?:-(?P<number_a>\d\d)|[/.](?P<number_b>\d{1,2}))", _month),
    )
]

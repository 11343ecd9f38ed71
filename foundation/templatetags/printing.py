"""How figures, dates and sizes are printed in templates: thin wrappers, the rules are in `figures` and `dates`.

A value that is absent prints as an empty string. `{% load printing %}`, then `{{ value|figure:1 }}`.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import template
from django.utils import timezone

from foundation import dates, figures

register = template.Library()


@register.filter
def figure(value: Decimal | Fraction | int | None, decimals: int = 0) -> str:
    """{{ value|figure:1 }} → 1,234.5; ▲ for less than zero."""
    return figures.show_figure(_number(value), int(decimals))


@register.filter
def rate(value: Decimal | Fraction | None, decimals: int = 1) -> str:
    """{{ ratio|rate }} → 97.2%; the ratio 1 is 100 %."""
    return figures.show_rate(_number(value), int(decimals))


@register.filter
def period_label(value: Any) -> str:
    """「令和8年度 第3四半期」: whatever has a `label`."""
    return "" if value is None else str(getattr(value, "label", value))


@register.filter
def period_both(value: Any) -> str:
    """The period in both eras."""
    return "" if value is None else str(getattr(value, "label_both", value))


@register.filter
def wareki(value: date | None) -> str:
    """「令和8年11月22日」."""
    return "" if not value else dates.wareki(_tokyo_day(value))


@register.filter
def date_label(value: date | None) -> str:
    """「2026年11月22日（令和8年）」."""
    return "" if not value else dates.date_label(_tokyo_day(value))


@register.filter
def date_with_weekday(value: date | None) -> str:
    """「2026年11月30日（月）」."""
    return "" if not value else dates.date_with_weekday(_tokyo_day(value))


@register.filter
def fiscal_year_both(value: int | str | date | None) -> str:
    """A fiscal year, or the one of a day: 「令和8年度（2026）」."""
    if value is None or value == "":
        return ""
    year = dates.fiscal_year(_tokyo_day(value)) if isinstance(value, date) else int(value)
    return dates.fiscal_year_both(year)


@register.filter
def moment(value: datetime | None) -> str:
    """An instant in Tokyo: 「2026年11月20日 14:05」."""
    if not value:
        return ""
    local = value.astimezone(dates.TOKYO) if timezone.is_aware(value) else value
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


@register.filter
def file_size(value: int | str | None) -> str:
    """「1.5MB」."""
    return "" if value is None or value == "" else figures.show_file_size(int(value))


@register.simple_tag
def coverage(reported: int, expected: int) -> str:
    """{% coverage 7 8 %} → 7／8件."""
    return figures.show_coverage(reported, expected)


def _number(value: Decimal | Fraction | int | str | None) -> Decimal | Fraction | int | None:
    """A template may hand over a text or nothing."""
    if isinstance(value, str):
        return Decimal(value) if value else None
    return value


def _tokyo_day(value: date) -> date:
    """The day of an instant is its day in Tokyo."""
    if isinstance(value, datetime):
        return (value.astimezone(dates.TOKYO) if timezone.is_aware(value) else value).date()
    return value

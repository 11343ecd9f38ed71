"""How one reported figure is written: exactly as reported, in the words of its scale. No queries."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from foundation.figures import show_figure
from kpis.arithmetic import ratio_value
from kpis.models import IndicatorSheet
from kpis.rules import Missing, Scale
from kpis.units import unit_of

YES_NO = {Decimal(1): "はい", Decimal(0): "いいえ"}


class Reported(Protocol):
    """A measurement, or a figure about to become one."""

    @property
    def value(self) -> Decimal | None: ...
    @property
    def numerator(self) -> Decimal | None: ...
    @property
    def denominator(self) -> Decimal | None: ...
    @property
    def missing(self) -> str: ...
    @property
    def unit(self) -> str: ...


def exact(value: Decimal | None, decimals: int = 0) -> str:
    """With thousands and ▲, and with every decimal that was reported: nothing is rounded away before a signature."""
    if value is None:
        return ""
    exponent = value.normalize().as_tuple().exponent
    return show_figure(value, max(decimals, -int(exponent) if int(exponent) < 0 else 0))


def measurement_text(row: Reported, sheet: IndicatorSheet | None = None) -> str:
    """「17.4百万円」「488／1,300」「欠測」「はい」「2 試験連携」, without the rate of a ratio."""
    if row.missing:
        return str(Missing(row.missing).label)
    if row.numerator is not None or row.denominator is not None:
        return f"{exact(row.numerator)}／{exact(row.denominator)}"
    if row.value is None:
        return ""
    if sheet is not None and sheet.scale in (Scale.YES_NO, Scale.LEVEL):
        return named(row.value, sheet)
    return f"{exact(row.value, sheet.decimals if sheet else 0)}{unit_of(row.unit).label}"


def named(value: Decimal, sheet: IndicatorSheet) -> str:
    """はい・いいえ, or the step with its name."""
    if sheet.scale == Scale.YES_NO:
        return YES_NO.get(value, exact(value))
    return dict(choices(sheet)).get(exact(value), exact(value))


def choices(sheet: IndicatorSheet) -> list[tuple[str, str]]:
    """What may be chosen where the scale is not typed: (text, label)."""
    if sheet.scale == Scale.YES_NO:
        return [("1", YES_NO[Decimal(1)]), ("0", YES_NO[Decimal(0)])]
    if sheet.scale == Scale.LEVEL:
        return [(str(index), _step(index, name)) for index, name in enumerate(sheet.steps)]
    return []


def _step(index: int, name: str) -> str:
    return name if name.startswith(f"{index} ") else f"{index} {name}"


def rate_text(row: Reported, sheet: IndicatorSheet) -> str:
    """「37.5%」 beside the parts of a ratio; empty for everything else and over 0."""
    if row.numerator is None or row.denominator is None:
        return ""
    unit = unit_of(row.unit)
    value = ratio_value(row.numerator, row.denominator, unit.is_percent)
    return "" if value is None else f"{show_figure(value, sheet.decimals)}{unit.label}"

"""How a figure is printed, the same on every page, export and mail. Pure: no Django.

Rounded half up, away from zero (四捨五入); thousands by commas; ▲ for less than zero, as in official tables. What has
no value prints as nothing here: the word for it (未報告, 対象外 …) belongs to whoever knows why.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

MINUS = "▲"
_UNITS = ("B", "KB", "MB", "GB", "TB")


def rounded_quotient(numerator: int, denominator: int) -> int:
    """numerator ÷ denominator as an integer, rounded half away from zero (四捨五入); denominator not 0."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    n, d = abs(numerator), abs(denominator)
    return sign * ((2 * n + d) // (2 * d))


def show_figure(value: Decimal | Fraction | int | None, decimals: int = 0) -> str:
    """1234.5 → 「1,234.5」, -3 → 「▲3」, None → ""; what rounds to zero bears no sign."""
    if value is None:
        return ""
    numerator, denominator = value.as_integer_ratio()
    scaled = rounded_quotient(numerator * 10**decimals, denominator)
    whole, rest = divmod(abs(scaled), 10**decimals)
    fraction = f".{rest:0{decimals}d}" if decimals else ""
    return f"{MINUS if scaled < 0 else ''}{whole:,}{fraction}"


def show_rate(ratio: Decimal | Fraction | int | None, decimals: int = 1) -> str:
    """A ratio as a percentage: 0.9715 → 「97.2%」; 1 is 100 %."""
    return "" if ratio is None else f"{show_figure(Fraction(ratio) * 100, decimals)}%"


def show_coverage(reported: int, expected: int, unit: str = "件") -> str:
    """「7／8件」."""
    return f"{reported:,}／{expected:,}{unit}"


def show_file_size(size: int) -> str:
    """「512B」, 「1.5MB」: one decimal below ten, none above."""
    amount, unit = Decimal(size), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount /= 1024
        unit += 1
    return f"{show_figure(amount, 1 if unit and amount < 10 else 0)}{_UNITS[unit]}"

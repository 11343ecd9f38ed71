"""Figures at the edge: exact rounding, and what may be typed in; how a figure is shown stands in foundation.

Every figure is a decimal of at most 15 significant digits and 6 decimals when it comes in; it is rounded half up,
away from zero (四捨五入), when it is shown. Nothing here goes through a binary float or the ambient decimal context.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from fractions import Fraction

from foundation.dates import plain_text
from foundation.figures import rounded_quotient, show_figure, show_rate

PLACES = 6
MAX_DIGITS = 15
EXACT = Context(prec=300, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact])
ZERO = Decimal(0)

__all__ = [
    "EXACT",
    "MAX_DIGITS",
    "PLACES",
    "ZERO",
    "AmbiguousDash",
    "FigureError",
    "check_denominator",
    "check_figure",
    "exact_div",
    "exact_mul",
    "exact_sum",
    "parse_figure",
    "ratio_value",
    "rounded",
    "rounded_quotient",
    "show_figure",
    "show_rate",
]


# --- exact operations -------------------------------------------------------------------------------


def rounded(value: Decimal | Fraction, places: int = PLACES) -> Decimal:
    """Half up, away from zero, to so many decimals."""
    numerator, denominator = value.as_integer_ratio()
    return Decimal(rounded_quotient(numerator * 10**places, denominator)).scaleb(-places, EXACT)


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for value in values:
        total = EXACT.add(total, value)
    return total


def exact_mul(a: Decimal, b: Decimal) -> Decimal:
    """a × b, half up to 6 decimals."""
    return rounded(EXACT.multiply(a, b))


def exact_div(a: Decimal, b: Decimal) -> Decimal | None:
    """a ÷ b, half up to 6 decimals; None when b is 0."""
    return None if b == 0 else rounded(Fraction(a) / Fraction(b))


def ratio_value(numerator: Decimal, denominator: Decimal, percent: bool) -> Decimal | None:
    """The value of a ratio: 100 × numerator ÷ denominator in %, else numerator ÷ denominator; None over 0."""
    return exact_div(EXACT.multiply(numerator, Decimal(100)) if percent else numerator, denominator)


# --- reading ----------------------------------------------------------------------------------------


class FigureError(ValueError):
    """A text or number that cannot be a figure: `code` for machines, a Japanese message for people."""

    code = "figure"

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code or self.code
        self.message = message


class AmbiguousDash(FigureError):
    """A dash alone means nil or not applicable: only the person who wrote it knows which."""

    code = "ambiguous_dash"


_FIGURE = re.compile(r"(?P<sign>[-+▲△]?) ?(?P<digits>\d[\d,]*|(?=\.))(?:\.(?P<decimals>\d+))?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+|\d+|", re.ASCII)
_BRACKETED = re.compile(r"\((?P<inside>[\d,.]+)\)", re.ASCII)


def parse_figure(text: str) -> Decimal:
    """Read 1,234 ▲5 △5 (5) -5 −5, full-width too; FigureError says what is wrong, AmbiguousDash asks."""
    plain = plain_text(text)
    if plain and set(plain) == {"-"}:
        raise AmbiguousDash(
            "「－」は「0」（実績がないこと）とも「対象外」とも読めます。0 と書くか、対象外を選んでください。"
        )
    if bracketed := _BRACKETED.fullmatch(plain):
        plain = f"-{bracketed['inside']}"
    found = _FIGURE.fullmatch(plain)
    if found is None or not _GROUPED.fullmatch(found["digits"]):
        raise _refusal(plain, text)
    return check_figure(_signed(found))


def _signed(found: re.Match[str]) -> Decimal:
    sign = "-" if found["sign"] in ("-", "▲", "△") else ""
    return Decimal(f"{sign}{found['digits'].replace(',', '') or '0'}.{found['decimals'] or '0'}")


def _refusal(plain: str, text: str) -> FigureError:
    lowered = plain.lower()
    if not plain:
        return FigureError("数値を入力してください。0 のときは 0 と書いてください。", "empty")
    if "%" in plain:
        return FigureError(f"「{text.strip()}」の「％」を外し、数だけを入力してください。", "percent_sign")
    if "nan" in lowered or "inf" in lowered or "∞" in lowered:
        return FigureError("有限の数を入力してください。", "not_finite")
    if re.fullmatch(r"[-+]?[\d.]+e[-+]?\d+", lowered, re.ASCII):
        return FigureError("指数の形では入力できません。桁を省かずに書いてください。", "exponent")
    if "," in plain and not re.search(r"[^\d,.\-+▲△() ]", plain):
        return FigureError(f"「{text.strip()}」の桁区切り「,」の位置を確かめてください。", "grouping")
    return FigureError(
        f"「{text.strip()[:40]}」は数値として読めません。1234、1,234.5、▲5 のように入力してください。",
        "not_a_number",
    )


def check_figure(value: Decimal | int) -> Decimal:
    """A figure as it may be stored: finite, at most 15 digits and 6 decimals, zero without a sign."""
    if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
        raise FigureError("数値は10進の数で渡してください。", "not_a_number")
    figure = Decimal(value)
    if not figure.is_finite():
        raise FigureError("有限の数を入力してください。", "not_finite")
    if figure == 0:
        return ZERO
    if not -PLACES - MAX_DIGITS < figure.adjusted() < MAX_DIGITS:
        raise FigureError(f"数値は{MAX_DIGITS}桁までです。", "too_many_digits")
    decimals, digits = _size(figure)
    if decimals > PLACES:
        raise FigureError(f"小数は{PLACES}桁までです。", "too_many_decimals")
    if digits > MAX_DIGITS:
        raise FigureError(f"数値は{MAX_DIGITS}桁までです。", "too_many_digits")
    return rounded(figure, decimals)


def _size(figure: Decimal) -> tuple[int, int]:
    """How many decimals and significant digits, trailing zeros after the point apart."""
    exponent = figure.as_tuple().exponent
    decimals = max(0, -int(exponent))
    digits = "".join(map(str, figure.as_tuple().digits)) + "0" * max(0, int(exponent))
    trailing = min(decimals, len(digits) - len(digits.rstrip("0")))
    return decimals - trailing, len(digits.lstrip("0")) - trailing


def check_denominator(value: Decimal) -> Decimal:
    """A denominator is a figure that is not negative; 0 is allowed and gives no value."""
    if check_figure(value) < 0:
        raise FigureError("分母に負の数は使えません。", "negative_denominator")
    return check_figure(value)

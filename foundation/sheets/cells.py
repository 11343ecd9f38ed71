"""One cell, on the way out and on the way in.

Texts that begin with = + - @ TAB or a line end are taken for formulas by spreadsheets (CSV injection, OWASP). In a workbook
they are written as texts, with the same mark that a person sets by typing an apostrophe; in CSV an apostrophe is
put in front. Numbers, also negative ones, stay numbers.
"""

from __future__ import annotations

import math
from datetime import date, datetime, time
from decimal import Decimal

from foundation.dates import TOKYO
from foundation.text import clean_pasted

CellValue = str | int | float | Decimal | bool | date | datetime | time | None

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
# Japanese Excel takes the full-width signs for formulas too; a lone one (－ for 対象外) is only a sign.
_WIDE_FORMULA_STARTS = ("＝", "＋", "－", "＠")
_EXACT_DIGITS = 15
MAX_CELL_CHARACTERS = 32_767
_CUT_MARK = "…（以下省略）"


def looks_like_formula(text: str) -> bool:
    return text.startswith(FORMULA_STARTS) or (len(text) > 1 and text.startswith(_WIDE_FORMULA_STARTS))


def safe_cell(value: CellValue, *, csv: bool = False) -> CellValue:
    """The value as it may stand in a cell: texts without control characters and of the length that a cell holds.

    With `csv` a text that begins like a formula gets an apostrophe in front. In a workbook it needs none, since
    `write_xlsx` writes by type. Instants become Tokyo time without a zone.
    """
    if isinstance(value, datetime):
        return value.astimezone(TOKYO).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, str):
        text = _fitting(clean_pasted(value))
        return f"'{text}" if csv and (looks_like_formula(value) or looks_like_formula(text)) else text
    return value


def _fitting(text: str) -> str:
    """Excel refuses longer cells, and XlsxWriter would leave them out without a word."""
    if _utf16_length(text) <= MAX_CELL_CHARACTERS:
        return text
    room = MAX_CELL_CHARACTERS - len(_CUT_MARK)
    return text.encode("utf-16-le")[: room * 2].decode("utf-16-le", errors="ignore") + _CUT_MARK


def _utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def undo_quote(text: str) -> str:
    """A text read back from our own CSV, without the apostrophe that `safe_cell` had put in front."""
    return text[1:] if text.startswith("'") and looks_like_formula(text[1:]) else text


def fits_a_number_cell(value: int | float | Decimal) -> bool:
    """Whether a workbook keeps the number to its last digit (cells hold 15 significant digits)."""
    number = Decimal(str(value)).normalize()
    return len(number.as_tuple().digits) <= _EXACT_DIGITS


def as_decimal(value: CellValue) -> Decimal | None:
    """The number of a cell as Excel shows it: 15 significant digits, so that 0.1+0.2 is 0.3. None for no number.

    Texts are not read here: what "－" or "▲5" means is for the import to ask.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    if isinstance(value, float) and math.isfinite(value):
        return Decimal(format(value, f".{_EXACT_DIGITS}g"))
    return None

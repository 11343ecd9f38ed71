"""Workbooks out: one row in memory at a time, and the same bytes for the same data.

XlsxWriter stamps the files inside the archive with a fixed date of its own; the creation date in the properties is
fixed here. Print set-up is A4 landscape, one page wide, with the header row on every page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import IO, Any

from django.utils.translation import gettext as _

from foundation.sheets.cells import CellValue, fits_a_number_cell, looks_like_formula, safe_cell
from foundation.sheets.columns import DATE, DATETIME, Column, Sheet
from foundation.sheets.errors import SheetError

_FIXED_DATE = datetime(2000, 1, 1)  # written without a zone, as the format wants it
_A4 = 9
_MAX_ROWS = 1_048_576
_MAX_NAME = 31
_NAME_REFUSES = str.maketrans("[]:*?/\\", "［］：＊？／￥")
_DEFAULT_WIDTH = 14.0
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@contextmanager
def xlsx_workbook(target: IO[bytes], *, created: datetime = _FIXED_DATE) -> Iterator[Any]:
    """An XlsxWriter workbook with the safe options, written to `target` at the end. For layouts of one's own."""
    import xlsxwriter

    with TemporaryDirectory(prefix="sheets-") as folder:
        book = xlsxwriter.Workbook(target, {**_OPTIONS, "tmpdir": folder})
        book.set_properties({"created": created})
        yield book
        book.close()


def write_xlsx(sheets: Sequence[Sheet], target: IO[bytes], *, created: datetime = _FIXED_DATE) -> None:
    """Write the sheets in order. Raises `SheetError` where one has more rows than a sheet can hold."""
    with xlsx_workbook(target, created=created) as book:
        looks = {is_form: Looks(book, is_form=is_form) for is_form in (False, True)}
        taken: set[str] = set()
        for sheet in sheets:
            _write_sheet(book, sheet, looks[sheet.is_form], taken)


class Looks:
    """The cell formats of one workbook, each made once; those of a form are ruled and wrapped."""

    def __init__(self, book: Any, *, is_form: bool = False) -> None:
        self._book = book
        self._plain = {"valign": "top", "text_wrap": True, "border": 1} if is_form else {"valign": "top"}
        self._made: dict[tuple[str, bool], Any] = {}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.header = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1, "bg_color": "#E8F1FE"}
        )

    def cell(self, number_format: str, *, quoted: bool = False) -> Any:
        """The look of a cell; `quoted` marks a text so that editing it makes no formula of it."""
        key = (number_format, quoted)
        if key not in self._made:
            look: dict[str, Any] = dict(self._plain)
            if number_format:
                look["num_format"] = number_format
            if quoted:
                look["quote_prefix"] = True
            self._made[key] = self._book.add_format(look)
        return self._made[key]


def _write_sheet(book: Any, sheet: Sheet, looks: Looks, taken: set[str]) -> None:
    paper = book.add_worksheet(safe_sheet_name(sheet.name, taken))
    _set_widths(paper, sheet.columns)
    header_row = _write_heading(paper, sheet, looks)
    for place, column in enumerate(sheet.columns):
        paper.write_string(header_row, place, str(safe_cell(column.header)), looks.header)
    last_row = _write_rows(paper, sheet, looks, header_row)
    _set_up_print(paper, header_row)
    if sheet.columns and not sheet.is_form:
        paper.autofilter(header_row, 0, last_row, len(sheet.columns) - 1)


def _set_widths(paper: Any, columns: Sequence[Column]) -> None:
    for place, column in enumerate(columns):
        paper.set_column(place, place, column.width or max(_DEFAULT_WIDTH, len(column.header) * 2 + 2.0))


def _write_heading(paper: Any, sheet: Sheet, looks: Looks) -> int:
    """Write title and notes, and answer with the row in which the header comes."""
    lines = [line for line in (sheet.title, *sheet.notes) if line]
    for row, line in enumerate(lines):
        is_title = row == 0 and bool(sheet.title)
        paper.write_string(row, 0, str(safe_cell(line)), looks.title if is_title else None)
    return len(lines) + 1 if lines else 0


def _write_rows(paper: Any, sheet: Sheet, looks: Looks, header_row: int) -> int:
    """Write the rows below the header, and answer with the last row written."""
    last = header_row
    for last, row in enumerate(sheet.rows, start=header_row + 1):
        if last >= _MAX_ROWS:
            raise SheetError(
                "too_many_rows", _("行数がExcelの上限（1,048,576行）を超えます。条件を絞ってください。")
            )
        for place, column in enumerate(sheet.columns):
            write_cell(paper, last, place, column.value(row), looks, column.format)
    return last


def write_cell(
    paper: Any, row: int, place: int, value: CellValue, looks: Looks, number_format: str = ""
) -> None:
    """Write one value by its type. A number of more than 15 digits is written as a text, to lose none of them."""
    value = safe_cell(value)
    if value is None or value == "":
        return
    if isinstance(value, str):
        paper.write_string(row, place, value, looks.cell(number_format, quoted=looks_like_formula(value)))
    elif isinstance(value, bool):
        paper.write_boolean(row, place, value, looks.cell(number_format))
    elif isinstance(value, (int, float, Decimal)):
        _write_number(paper, row, place, value, looks, number_format)
    else:
        paper.write_datetime(row, place, value, looks.cell(number_format or _date_format(value)))


def _write_number(
    paper: Any, row: int, place: int, value: int | float | Decimal, looks: Looks, number_format: str
) -> None:
    if fits_a_number_cell(value):
        paper.write_number(row, place, value, looks.cell(number_format))
    else:
        paper.write_string(row, place, f"{value:f}", looks.cell(number_format, quoted=value < 0))


def _date_format(value: date | datetime | time) -> str:
    if isinstance(value, datetime):
        return DATETIME
    return DATE if isinstance(value, date) else "hh:mm"


def _set_up_print(paper: Any, header_row: int) -> None:
    paper.set_landscape()
    paper.set_paper(_A4)
    paper.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    paper.fit_to_pages(1, 0)
    paper.repeat_rows(header_row)
    paper.set_header("&L&A")
    paper.set_footer("&C&P／&N")
    paper.freeze_panes(header_row + 1, 0)


def safe_sheet_name(name: str, taken: set[str]) -> str:
    """A name that Excel takes, different from those in `taken` (to which it is added)."""
    plain = str(safe_cell(name)).replace("\n", " ").translate(_NAME_REFUSES).strip("' ") or "Sheet"
    candidate, number = plain[:_MAX_NAME], 2
    while candidate.casefold() in taken or candidate.casefold() == "history":
        mark = f"（{number}）"
        candidate = plain[: _MAX_NAME - len(mark)] + mark
        number += 1
    taken.add(candidate.casefold())
    return candidate

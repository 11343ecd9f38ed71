"""Uploaded workbooks and CSV files in: what a person sees in the cells, or a sentence that says what to mend.

`read_workbook` goes by content, not by name. It never opens links, never calculates, and takes no more memory than
its limits allow; whoever reads many or large files still does so in a job.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

from django.utils.translation import gettext as _

from foundation.sheets import archive as zipped
from foundation.sheets.apart import tables_of
from foundation.sheets.cells import CellValue, undo_quote
from foundation.sheets.errors import SheetError
from foundation.sheets.limits import DEFAULT_LIMITS, ReadLimits
from foundation.sheets.parts import cell_name
from foundation.sheets.scan import scan

_ZIP_START = b"PK\x03\x04"
_OLD_OFFICE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF16_STARTS = (b"\xff\xfe", b"\xfe\xff")
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SheetData:
    """One sheet as a table that starts at A1; all rows have the same length, an empty cell is None.

    Numbers come as float (`as_decimal` makes them exact), from CSV everything comes as text.
    """

    name: str
    rows: Sequence[Sequence[CellValue]]
    is_hidden: bool = False

    def place(self, row: int, column: int) -> str:
        """The name of the cell at the index (from 0) of row and column, e.g. "C12"."""
        return cell_name(row + 1, column + 1)


def read_workbook(source: IO[bytes], name: str, limits: ReadLimits = DEFAULT_LIMITS) -> list[SheetData]:
    """All sheets of an .xlsx, or the one table of a .csv. Raises `SheetError`."""
    size = _size(source)
    if size == 0:
        raise SheetError("empty_file", _("ファイルが空です。"))
    if size > limits.size:
        message = _("ファイルの大きさが上限（%(limit)sMB）を超えています。")
        raise SheetError("file_too_big", message % {"limit": limits.size // _MEGABYTE})
    start = source.read(8)
    source.seek(0)
    if start.startswith(_ZIP_START):
        return _read_xlsx(source, size, name, limits)
    _refuse_other_kinds(start, name)
    return [_read_csv(source.read(), PurePath(name).stem, limits)]


def _size(source: IO[bytes]) -> int:
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    return size


def _refuse_other_kinds(start: bytes, name: str) -> None:
    suffix = PurePath(name).suffix.lower()
    if start == _OLD_OFFICE_START and suffix != ".xls":
        raise zipped.encrypted()
    if suffix in (".xls", ".xlsb", ".ods", ".numbers"):
        raise SheetError(
            "old_format",
            _("この形式は読み込めません。「Excelブック（.xlsx）」か CSV で保存し直してください。"),
        )
    if suffix not in (".csv", ".txt"):
        raise zipped.broken()


def _read_xlsx(source: IO[bytes], size: int, name: str, limits: ReadLimits) -> list[SheetData]:
    if PurePath(name).suffix.lower() in (".xlsm", ".xltm", ".xlam"):
        raise zipped.macros()
    with zipped.open_archive(source, size, limits) as archive:
        scan(archive, zipped.Inflater(source, limits), limits)
    source.seek(0)
    return [SheetData(tab, rows, hidden) for tab, hidden, rows in tables_of(source.read())]


def _read_csv(content: bytes, name: str, limits: ReadLimits) -> SheetData:
    lines = csv.reader(io.StringIO(_decoded(content), newline=""), strict=True)
    rows: list[list[CellValue]] = []
    width = 0
    try:
        for line in lines:
            rows.append([undo_quote(text) or None for text in line])
            width = max(width, len(line))
            _refuse_long_csv(len(rows), width, limits)
    except csv.Error as error:
        message = _("%(line)s行目のCSVの書き方が正しくありません（引用符をお確かめください）。")
        raise SheetError("broken_csv", message % {"line": lines.line_num}) from error
    return SheetData(name, [row + [None] * (width - len(row)) for row in rows])


def _refuse_long_csv(rows: int, width: int, limits: ReadLimits) -> None:
    if rows > limits.rows or width > limits.columns or rows * width > limits.cells:
        message = _("行または列が多すぎます（上限は%(rows)s行・%(columns)s列）。")
        raise SheetError("too_wide", message % {"rows": f"{limits.rows:,}", "columns": f"{limits.columns:,}"})


def _decoded(content: bytes) -> str:
    """UTF-8 (with or without its mark), else cp932. What is neither is refused rather than read wrongly."""
    if b"\x00" in content or content.startswith(_UTF16_STARTS):
        raise _unreadable_text()
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable_text()


def _unreadable_text() -> SheetError:
    return SheetError(
        "unknown_encoding",
        _("文字コードを判別できません。UTF-8 か Shift_JIS の CSV で保存し直してください。"),
    )

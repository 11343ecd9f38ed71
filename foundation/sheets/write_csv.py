"""CSV out, row by row. UTF-8 with a byte order mark, which Excel opens rightly; cp932 only for who asks for it.

cp932 is Microsoft's code (never the narrower shift_jis). What it cannot write is printed as 〓, the sign printers
put for a missing type, and told, since a name must not change without anybody knowing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any

from foundation.sheets.cells import CellValue, safe_cell
from foundation.sheets.columns import Column

UTF8 = "utf-8-sig"
CP932 = "cp932"
_MISSING_TYPE = "〓"
_MAX_TOLD = 1_000
_CHUNK_CHARACTERS = 32_768


@dataclass(frozen=True, slots=True)
class Unwritable:
    """Characters of one cell that the encoding lacks; `row` counts the lines of the file from 1 (the header)."""

    row: int
    header: str
    characters: str


def write_csv(
    target: IO[bytes], columns: Sequence[Column], rows: Iterable[Any], *, encoding: str = UTF8
) -> list[Unwritable]:
    """Write the file and answer with what could not be written (at most the first 1,000 cells)."""
    lost: list[Unwritable] = []
    for chunk in csv_chunks(columns, rows, encoding=encoding, lost=lost):
        target.write(chunk)
    return lost


def csv_chunks(
    columns: Sequence[Column],
    rows: Iterable[Any],
    *,
    encoding: str = UTF8,
    lost: list[Unwritable] | None = None,
) -> Iterator[bytes]:
    """The file in pieces, for a streaming response. `lost` is filled while the pieces are taken."""
    lines = _Lines(columns, encoding, [] if lost is None else lost)
    lines.add([column.header for column in columns])
    for row in rows:
        lines.add([column.value(row) for column in columns])
        if lines.is_long:
            yield lines.take()
    yield lines.take()


class _Lines:
    """Lines that wait to be sent, already without what the encoding cannot hold."""

    def __init__(self, columns: Sequence[Column], encoding: str, lost: list[Unwritable]) -> None:
        self._headers = [column.header for column in columns]
        self._encoding = encoding
        self._lost = lost
        self._row = 0
        self._started = False
        self._buffer = io.StringIO(newline="")
        self._writer = csv.writer(self._buffer, lineterminator="\r\n")

    @property
    def is_long(self) -> bool:
        return self._buffer.tell() >= _CHUNK_CHARACTERS

    def add(self, values: Sequence[CellValue]) -> None:
        self._row += 1
        self._writer.writerow([self._text(place, value) for place, value in enumerate(values)])

    def _text(self, place: int, value: CellValue) -> str:
        text = csv_text(value)
        if self._encoding != CP932:
            return text
        missing = unwritable(text)
        if missing and len(self._lost) < _MAX_TOLD:
            self._lost.append(Unwritable(self._row, self._headers[place], missing))
        return text.translate(dict.fromkeys(map(ord, missing), _MISSING_TYPE))

    def take(self) -> bytes:
        """What waits, encoded; the byte order mark stands only before the first piece."""
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        encoding = "utf-8" if self._encoding == UTF8 and self._started else self._encoding
        self._started = True
        return text.encode(encoding)


def csv_text(value: CellValue) -> str:
    """A value as CSV carries it: numbers plain and exact, dates in ISO order, nothing for None."""
    safe = safe_cell(value, csv=True)
    if safe is None:
        return ""
    if isinstance(safe, bool):
        return "TRUE" if safe else "FALSE"
    if isinstance(safe, Decimal):
        return f"{safe:f}"
    if isinstance(safe, datetime):
        return safe.isoformat(sep=" ", timespec="minutes")
    if isinstance(safe, (date, time)):
        return safe.isoformat()
    return str(safe)


def unwritable(text: str, encoding: str = CP932) -> str:
    """The characters of the text that the encoding lacks, each once, in order."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(character for character in dict.fromkeys(text) if not _has(encoding, character))
    return ""


def _has(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True

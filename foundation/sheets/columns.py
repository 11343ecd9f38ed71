"""What an export prints: columns (header, where the value comes from, how it looks) and sheets of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from foundation.sheets.cells import CellValue

TEXT = "@"
INTEGER = "#,##0"
DATE = "yyyy/mm/dd"
DATETIME = "yyyy/mm/dd hh:mm"


def decimals(places: int) -> str:
    """The number format with thousands separators and a fixed number of decimals."""
    return f"{INTEGER}.{'0' * places}" if places else INTEGER


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export.

    `accessor` is a function of the row, or the dotted path of an attribute (a None on the way gives an empty cell).
    `format` is an Excel number format; empty leaves the value as it is. `width` counts half-width characters.
    """

    header: str
    accessor: str | Callable[[Any], CellValue]
    format: str = ""
    width: float | None = None

    def value(self, row: Any) -> CellValue:
        if callable(self.accessor):
            return self.accessor(row)
        try:
            found: CellValue = attrgetter(self.accessor)(row)
        except AttributeError:
            return self._value_by_steps(row)
        return found

    def _value_by_steps(self, row: Any) -> CellValue:
        """Only a None may stop the way; a misspelt attribute stays an error."""
        found = row
        for name in str(self.accessor).split("."):
            if found is None:
                return None
            found = getattr(found, name)
        value: CellValue = found
        return value


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook. `title` and `notes` stand above the header row (leave them out of sheets for data).

    `is_form`: made for paper (印刷用様式), every cell ruled and its text wrapped; otherwise made for filtering.
    """

    name: str
    columns: Sequence[Column]
    rows: Iterable[Any]
    title: str = ""
    notes: Sequence[str] = field(default_factory=tuple)
    is_form: bool = False

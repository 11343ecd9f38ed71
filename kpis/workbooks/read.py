"""A workbook back in: each row compared with what stands now, so that the preview says what would change.

Rows are found by the hidden key, or by number and period where a workbook is of the user's own making.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils.translation import gettext as _

from foundation.access import Actor
from foundation.errors import DomainError
from foundation.sheets import CellValue, SheetData, as_decimal
from foundation.text import search_key
from kpis.models import DraftEntry, Scorecard
from kpis.periods import Period, PeriodError
from kpis.selectors.entry_cell import GridCell
from kpis.selectors.entry_grid import cells_of_years
from kpis.services.planning import FIGURES, Planned, checked
from kpis.workbooks import layout
from kpis.workbooks.write import texts_of

NEEDED = (layout.CODE, layout.PERIOD)
HEADER_WITHIN = 30
MAX_ROWS = 50_000


@dataclass
class Line:
    """One row of the workbook and what applying it would do.

    kind: new · changed · same · error. `theirs` is what somebody else typed since the download.
    """

    sheet: str
    row: int
    kind: str
    code: str = ""
    name: str = ""
    period: str = ""
    before: str = ""
    after: str = ""
    place: str = ""
    message: str = ""
    is_conflict: bool = False
    entry: DraftEntry | None = field(default=None, repr=False)

    @property
    def where(self) -> str:
        """「しおなぎ!F12」, the cell that is meant."""
        return f"{self.sheet}!{self.place}"


@dataclass(frozen=True)
class Table:
    """A sheet with its header found: which column is which, and the index of the first row below."""

    data: SheetData
    columns: Mapping[str, int]
    first: int

    def text(self, row: int, name: str) -> str:
        place = self.columns.get(name)
        return "" if place is None else as_text(self.data.rows[row][place])

    def place(self, row: int, name: str) -> str:
        return self.data.place(row, self.columns.get(name, 0))


def as_text(value: CellValue) -> str:
    """A cell as somebody would type it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    number = as_decimal(value) if isinstance(value, (int, float)) else None
    return f"{number:f}" if number is not None else str(value).strip()


def tables_of(sheets: Sequence[SheetData]) -> list[Table]:
    """The sheets that hold our columns; DomainError where none does."""
    found = [table for sheet in sheets if (table := _table(sheet)) is not None]
    if not found:
        raise DomainError(
            "no_table",
            _(
                "「番号」と「期間」の見出しがある表が見つかりません。この画面からダウンロードしたブックを使ってください。"
            ),
            field="file",
        )
    if sum(len(table.data.rows) - table.first for table in found) > MAX_ROWS:
        raise DomainError(
            "too_many_rows",
            _("一度に取り込めるのは%(limit)s行までです。") % {"limit": f"{MAX_ROWS:,}"},
            field="file",
        )
    return found


def _table(sheet: SheetData) -> Table | None:
    headers = {search_key(each.header): each.name for each in layout.fields()}
    for index, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        columns: dict[str, int] = {}
        for place, value in enumerate(row):
            name = headers.get(search_key(as_text(value)).strip())
            if name is not None:
                columns.setdefault(name, place)
        if all(name in columns for name in NEEDED):
            return Table(sheet, columns, index + 1)
    return None


def compare(
    actor: Actor, scorecard: Scorecard, tables: Sequence[Table], *, overwrite: bool = False
) -> list[Line]:
    """Every filled row of the tables against what stands now, in a fixed number of queries.

    `overwrite`: what colleagues typed since the download is replaced instead of being an error.
    """
    cells = Cells(cells_of_years(actor, scorecard, None))
    lines = [line for table in tables for line in _lines(table, cells, overwrite)]
    _mark_doubles(lines)
    return lines


class Cells:
    """The cells that the actor may enter, found by key or by number and period."""

    def __init__(self, cells: Sequence[GridCell]) -> None:
        self.by_key = {cell.name: cell for cell in cells}
        self.by_code = {(search_key(cell.indicator.code), cell.period.code): cell for cell in cells}

    def find(self, key: str, code: str, period: str) -> GridCell | None:
        if key in self.by_key:
            return self.by_key[key]
        try:
            return self.by_code.get((search_key(code).strip(), Period.parse(period).code))
        except PeriodError:
            return None


def _lines(table: Table, cells: Cells, overwrite: bool) -> Iterator[Line]:
    for row in range(table.first, len(table.data.rows)):
        texts = {
            name: table.text(row, name) for name in (*layout.TYPED, layout.KEY, layout.CODE, layout.PERIOD)
        }
        if any(texts.values()):
            yield _line(table, row, texts, cells, overwrite)


def _line(table: Table, row: int, texts: Mapping[str, str], cells: Cells, overwrite: bool) -> Line:
    line = Line(table.data.name, row + 1, "same", texts[layout.CODE], period=texts[layout.PERIOD])
    cell = cells.find(texts[layout.KEY], texts[layout.CODE], texts[layout.PERIOD])
    if cell is None:
        line.place = table.place(row, layout.CODE)
        if any(texts[name] for name in FIGURES):
            line.kind = "error"
            line.message = _("この番号と期間の欄は、この一覧にないか、入力の担当ではありません。")
        return line
    line.code, line.name, line.period = cell.indicator.code, cell.indicator.name, cell.period.label
    typed = _typed(texts, line, table, row)
    if line.kind == "error":
        return line
    return _compared(line, table, row, cell, typed, overwrite)


def _typed(texts: Mapping[str, str], line: Line, table: Table, row: int) -> dict[str, str]:
    nature, missing = layout.nature_of(texts["nature"]), layout.missing_of(texts["missing"])
    for name, found in (("nature", nature), ("missing", missing)):
        if found is None:
            line.kind, line.place = "error", table.place(row, name)
            line.message = _("「%(text)s」は選べません。一覧から選んでください。") % {
                "text": texts[name][:40]
            }
    typed = {name: texts[name] for name in (*FIGURES, "note")}
    return {**typed, "nature": nature or "", "missing": missing or ""}


def _compared(
    line: Line, table: Table, row: int, cell: GridCell, typed: dict[str, str], overwrite: bool
) -> Line:
    now = texts_of(cell)
    mark = layout.mark_of_row(typed)
    seen = table.text(row, layout.SEEN)
    line.before, line.after = _shown(now), _shown(typed)
    if mark in (layout.mark_of_row(now), seen):
        return line
    if not any(typed[name].strip() for name in (*FIGURES, "missing", "note")):
        line.message = _("空欄のため、今の値のままにします。")
        return line
    line.place = table.place(row, "value")
    if seen and layout.mark_of_row(now) != seen and not overwrite:
        line.kind, line.is_conflict = "error", True
        line.message = _("ダウンロードのあとに「%(now)s」に変わっています。") % {
            "now": line.before or _("値なし")
        }
        return line
    return _planned(line, table, row, cell, typed)


def _planned(line: Line, table: Table, row: int, cell: GridCell, typed: dict[str, str]) -> Line:
    entry = DraftEntry(indicator=cell.indicator, period=cell.period, **typed)
    too_long = next((name for name, limit in _LIMITS.items() if len(typed[name]) > limit), None)
    if too_long is not None:
        line.kind, line.place = "error", table.place(row, too_long)
        line.message = _("%(limit)s字以内で入力してください。") % {"limit": _LIMITS[too_long]}
        return line
    official, standing = cell.history.official, cell.history.standing
    planned = checked(
        Planned(
            entry,
            cell.sheet,
            official=official.row if official else None,
            standing=standing.row if standing else None,
        )
    )
    line.kind, line.entry = planned.kind, entry
    if planned.errors:
        error = planned.errors[0]
        line.message, line.place = error.message, table.place(row, error.field or "value")
    elif planned.kind == "same":
        line.kind = "changed" if cell.entry is not None else "same"  # back to what stands: the draft changes
    return line


_LIMITS = {**dict.fromkeys(FIGURES, 64), "note": 2000}


def _shown(texts: Mapping[str, str]) -> str:
    if texts["missing"]:
        return layout.label_of_missing(texts["missing"])
    if texts["numerator"] or texts["denominator"]:
        return f"{texts['numerator']}／{texts['denominator']}"
    return texts["value"]


def _mark_doubles(lines: Sequence[Line]) -> None:
    """The same cell twice in one workbook: only the person who made it knows which is meant."""
    seen: dict[tuple[str, str], Line] = {}
    for line in lines:
        if line.kind not in ("new", "changed"):
            continue
        first = seen.setdefault((line.code, line.period), line)
        if first is not line:
            line.kind, line.entry = "error", None
            line.message = _("同じ欄が%(row)s行目にもあります。どちらか一方にしてください。") % {
                "row": first.row
            }

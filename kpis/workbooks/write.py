"""The grid out as a workbook: one sheet for each scorecard, headers locked, lists to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

from django.utils.translation import gettext as _

from foundation.access import Actor
from foundation.dates import fiscal_year_both
from foundation.sheets import safe_cell, safe_sheet_name, xlsx_workbook
from foundation.sheets.write_xlsx import Looks, write_cell
from kpis.models import Scorecard
from kpis.rules import Nature, Scale
from kpis.selectors.entry_cell import GridCell
from kpis.selectors.entry_grid import cells_of_years
from kpis.services.planning import ENTERABLE_MISSING, FIGURES
from kpis.units import unit_of
from kpis.workbooks import layout

HEADER_ROW = 4


def write_workbook(actor: Actor, scorecards: Sequence[Scorecard], year: int, target: IO[bytes]) -> int:
    """Every cell of the fiscal year that the actor may enter; returns how many. Five queries a card."""
    written = 0
    with xlsx_workbook(target) as book:
        looks = Looks(book)
        open_ = book.add_format({"locked": False, "valign": "top", "border": 1, "bg_color": "#FFFBE6"})
        text = book.add_format(
            {"locked": False, "valign": "top", "border": 1, "bg_color": "#FFFBE6", "text_wrap": True}
        )
        taken: set[str] = set()
        for scorecard in scorecards:
            cells = cells_of_years(actor, scorecard, year)
            paper = book.add_worksheet(safe_sheet_name(scorecard.name, taken))
            _set_up(paper, scorecard, year, looks)
            for place, cell in enumerate(cells, start=HEADER_ROW + 1):
                _write_row(paper, place, cell, looks, open_, text)
            _limit_choices(paper, HEADER_ROW + 1, HEADER_ROW + len(cells), cells)
            written += len(cells)
    return written


def _set_up(paper: Any, scorecard: Scorecard, year: int, looks: Looks) -> None:
    for place, field in enumerate(layout.fields()):
        paper.set_column(place, place, field.width, None, {"hidden": field.is_hidden})
    lines = [
        f"{scorecard.name}　{fiscal_year_both(year)}",
        _("色の付いた欄だけを入力し、そのまま取り込んでください。ほかの欄は保護しています。"),
        _(
            "実績がないときは 0、届いていない値は空欄のままにします。欠測・対象外は「値がない理由」から選び、備考に理由を入れます。"
        ),
    ]
    for row, line in enumerate(lines):
        paper.write_string(row, 1, str(safe_cell(line)), looks.title if row == 0 else None)
    for place, field in enumerate(layout.fields()):
        paper.write_string(HEADER_ROW, place, field.header, looks.header)
    paper.freeze_panes(HEADER_ROW + 1, 5)
    paper.set_landscape()
    paper.set_paper(9)
    paper.fit_to_pages(1, 0)
    paper.repeat_rows(HEADER_ROW)
    paper.protect("", {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True})


def _write_row(paper: Any, row: int, cell: GridCell, looks: Looks, open_: Any, text: Any) -> None:
    for place, (field, value) in enumerate(zip(layout.fields(), _values(cell), strict=True)):
        if not field.is_typed:
            write_cell(paper, row, place, value, looks)
        elif field.name in FIGURES and (number := layout.as_number(str(value))) is not None:
            paper.write_number(row, place, number, open_)
        elif value:
            paper.write_string(row, place, str(safe_cell(value)), text)
        else:
            paper.write_blank(row, place, None, text if field.name == "note" else open_)


def _values(cell: GridCell) -> Iterator[str]:
    texts = texts_of(cell)
    state = cell.state
    yield cell.name
    yield cell.indicator.code
    yield cell.indicator.name
    yield _unit(cell)
    yield cell.period.label
    yield from (texts[name] for name in FIGURES)
    yield str(Nature(texts["nature"]).label)
    yield layout.label_of_missing(texts["missing"])
    yield texts["note"]
    yield "　".join([state.word, *state.remarks])
    yield layout.mark_of_row(texts)


def texts_of(cell: GridCell) -> dict[str, str]:
    """What stands in a cell of the grid now, as it would be typed: figures, nature, missing, note."""
    return {**cell.stored, **cell.details}


def _unit(cell: GridCell) -> str:
    names = "／".join(label for _value, label in cell.options)
    return names or str(unit_of(cell.sheet.unit).label)


def _limit_choices(paper: Any, first: int, last: int, cells: Sequence[GridCell]) -> None:
    """Lists to choose nature, missing, and the steps of a scale from."""
    if not cells:
        return
    places = {field.name: place for place, field in enumerate(layout.fields())}
    lists = {
        "nature": [str(each.label) for each in Nature],
        "missing": [str(each.label) for each in ENTERABLE_MISSING],
    }
    for name, choices in lists.items():
        paper.data_validation(
            first,
            places[name],
            last,
            places[name],
            {"validate": "list", "source": choices, "error_message": _("一覧から選んでください。")},
        )
    for row, cell in enumerate(cells, start=first):
        if cell.sheet.scale in (Scale.LEVEL, Scale.YES_NO):
            choices = [value for value, _label in cell.options]
            paper.data_validation(
                row, places["value"], row, places["value"], {"validate": "list", "source": choices}
            )

"""The grid in which a fiscal year is entered: one table per grain, an indicator a row, a ratio two.

Everything a page shows comes from six queries, whatever the number of cells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from foundation.access import Actor
from foundation.dates import fiscal_year
from kpis.models import DraftEntry, Evidence, Indicator, IndicatorSheet, Scorecard, Submission
from kpis.periods import Grain, Period, periods_expected
from kpis.rules import Scale
from kpis.selectors.entry_cell import GridCell, has_dash
from kpis.selectors.recorded import History, Pair, histories
from kpis.services.entering import OPEN
from kpis.services.planning import FIGURES


@dataclass(frozen=True)
class GridField:
    """One input of a cell."""

    cell: GridCell
    name: str

    @property
    def text(self) -> str:
        return self.cell.texts[self.name]

    @property
    def is_invalid(self) -> bool:
        state = self.cell.state
        return bool(state.error) and (state.error_field == self.name or state.error_field not in FIGURES)


@dataclass(frozen=True)
class GridRow:
    """One line of inputs: the value of an indicator, or the numerator or denominator of a ratio."""

    sheet: IndicatorSheet
    field: str
    label: str
    cells: list[GridCell | None]

    @property
    def fields(self) -> list[GridField | None]:
        """One for each period of the table; None outside the indicator's first and last period."""
        return [None if cell is None else GridField(cell, self.field) for cell in self.cells]

    @property
    def is_first(self) -> bool:
        return self.field != "denominator"

    @property
    def is_last(self) -> bool:
        return self.field != "numerator"


@dataclass(frozen=True)
class Grid:
    """The indicators measured in one grain, over the periods of the year."""

    grain: Grain
    periods: list[Period]
    rows: list[GridRow]


@dataclass
class EntryPage:
    """All that the entry page of a scorecard shows for one fiscal year."""

    scorecard: Scorecard
    year: int
    years: list[int]
    draft: Submission | None
    cells: dict[Pair, GridCell]
    grids: list[Grid]
    entries: list[DraftEntry]
    evidence: list[Evidence]

    def cell(self, indicator_hex: str, code: str) -> GridCell | None:
        return next(
            (
                cell
                for cell in self.cells.values()
                if cell.indicator.public_id.hex == indicator_hex and cell.period.code == code
            ),
            None,
        )

    @property
    def drafts_by_year(self) -> Counter[int]:
        return Counter(entry.period.fiscal_year for entry in self.entries)

    @property
    def returned(self) -> list[GridCell]:
        """Cells of the year whose last report was sent back; the page lists them with the reasons."""
        return [cell for cell in self.cells.values() if cell.history.returned and not cell.standing]

    @property
    def indicators(self) -> list[Indicator]:
        return list({cell.sheet.indicator_id: cell.indicator for cell in self.cells.values()}.values())

    @property
    def dashes(self) -> list[GridCell]:
        """Cells in which 「－」 was typed: the page asks what is meant."""
        return [cell for cell in self.cells.values() if cell.entry is not None and has_dash(cell.entry)]


def enterable_sheets(actor: Actor, scorecard: Scorecard) -> QuerySet[IndicatorSheet]:
    """Current sheets (with their indicator) of the measured indicators of the card that the actor may enter."""
    own = Indicator.objects.filter(scorecard=scorecard, kind=Indicator.Kind.MEASURED).allowed(actor, "enter")
    rows = IndicatorSheet.objects.filter(superseded_at=None, indicator__in=own)
    return rows.select_related("indicator__post__organization").order_by(
        "indicator__position", "indicator_id"
    )


def open_draft_of(actor: Actor, scorecard: Scorecard) -> Submission | None:
    if actor.organization_id is None:
        return None
    return Submission.objects.filter(
        scorecard=scorecard, organization_id=actor.organization_id, state__in=OPEN
    ).first()


def entry_page(actor: Actor, scorecard: Scorecard, year: int | None) -> EntryPage:
    """The grid of a fiscal year (default: the year of the newest period that has ended)."""
    sheets = list(enterable_sheets(actor, scorecard))
    years = years_of(sheets)
    chosen = year if year in years else _default_year(years)
    draft = open_draft_of(actor, scorecard)
    entries = _entries(draft)
    cells = _cells(sheets, [chosen], entries, actor.user_id)
    evidence = (
        list(Evidence.objects.filter(submission=draft).select_related("file", "indicator")) if draft else []
    )
    return EntryPage(scorecard, chosen, years, draft, cells, _grids(sheets, cells, chosen), entries, evidence)


def _entries(draft: Submission | None) -> list[DraftEntry]:
    if draft is None:
        return []
    return list(draft.entries.select_related("indicator", "updated_by__person").order_by("id"))


def years_of(sheets: Sequence[IndicatorSheet]) -> list[int]:
    """The fiscal years that may be entered, up to the current one, or the next when nothing has begun yet."""
    if not sheets:
        return []
    today = fiscal_year(timezone.localdate())
    first = min(sheet.first_period.fiscal_year for sheet in sheets)
    last = max(sheet.last_period.fiscal_year if sheet.last_period else today for sheet in sheets)
    return list(range(first, max(first, min(last, today)) + 1))


def _default_year(years: list[int]) -> int:
    """In April and May the year that has just ended is what is entered; its figures are 速報 until 31 May."""
    usual = fiscal_year(timezone.localdate() - timedelta(days=61))
    return usual if usual in years or not years else years[-1]


def _cells(
    sheets: Sequence[IndicatorSheet],
    years: Sequence[int],
    entries: Iterable[DraftEntry],
    viewer_id: int | None,
) -> dict[Pair, GridCell]:
    wanted = {
        (sheet.indicator_id, period): sheet
        for sheet in sheets
        for year in years
        for period in periods_expected(
            Period.year(year), Grain(sheet.grain), sheet.first_period, sheet.last_period
        )
    }
    found = histories({pk for pk, _period in wanted}, {period for _pk, period in wanted}) if wanted else {}
    drafts = {(entry.indicator_id, entry.period): entry for entry in entries}
    return {
        pair: GridCell(sheet, pair[1], found.get(pair) or History(), drafts.get(pair), viewer_id=viewer_id)
        for pair, sheet in wanted.items()
    }


def cells_of_years(actor: Actor, scorecard: Scorecard, year: int | None) -> list[GridCell]:
    """Every cell that the actor may enter in one fiscal year, or in all of them. Five queries."""
    sheets = list(enterable_sheets(actor, scorecard))
    years = years_of(sheets) if year is None else [year]
    entries = _entries(open_draft_of(actor, scorecard))
    return list(_cells(sheets, years, entries, actor.user_id).values())


def _grids(sheets: Sequence[IndicatorSheet], cells: dict[Pair, GridCell], year: int) -> list[Grid]:
    grids = []
    for grain in Grain:
        periods = Period.year(year).split(grain)
        rows = [
            row for sheet in sheets if sheet.grain == grain for row in _rows(sheet, [
                cells.get((sheet.indicator_id, period)) for period in periods
            ])
        ]  # fmt: skip
        if rows:
            grids.append(Grid(grain, periods, rows))
    return grids


def _rows(sheet: IndicatorSheet, cells: list[GridCell | None]) -> Iterator[GridRow]:
    if not any(cells):
        return
    if sheet.scale == Scale.RATIO:
        yield GridRow(sheet, "numerator", _("分子"), cells)
        yield GridRow(sheet, "denominator", _("分母"), cells)
    else:
        yield GridRow(sheet, "value", "", cells)


def one_cell(actor: Actor, scorecard: Scorecard, indicator_hex: str, code: str) -> GridCell | None:
    """A single cell afresh, for the answer to an autosave; None where the actor may enter no such cell."""
    period = Period.from_code(code)
    sheet = enterable_sheets(actor, scorecard).filter(indicator__public_id=indicator_hex).first()
    if sheet is None:
        return None
    draft = open_draft_of(actor, scorecard)
    entries = (
        draft.entries.filter(indicator=sheet.indicator, period=period) if draft else DraftEntry.objects.none()
    )
    drafts = entries.select_related("indicator", "updated_by__person")
    cells = _cells([sheet], [period.fiscal_year], drafts, actor.user_id)
    return cells.get((sheet.indicator_id, period))

"""The grid in which a fiscal year is entered: one table per grain, an indicator a row, a ratio two.

Everything a page shows comes from six queries, whatever the number of cells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from foundation.access import Actor
from foundation.dates import fiscal_year
from kpis.figure_text import measurement_text
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
    grids = _grids(sheets, cells, lambda grain: Period.year(chosen).split(grain))
    return EntryPage(scorecard, chosen, years, draft, cells, grids, entries, evidence)


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
    wanted: dict[Pair, IndicatorSheet] = {}
    for year in years:
        wanted |= _expected(sheets, Period.year(year))
    return _cells_of(wanted, entries, viewer_id)


def _expected(sheets: Sequence[IndicatorSheet], whole: Period) -> dict[Pair, IndicatorSheet]:
    return {
        (sheet.indicator_id, period): sheet
        for sheet in sheets
        if sheet.grain <= whole.grain
        for period in periods_expected(whole, Grain(sheet.grain), sheet.first_period, sheet.last_period)
    }


def _cells_of(
    wanted: dict[Pair, IndicatorSheet], entries: Iterable[DraftEntry], viewer_id: int | None
) -> dict[Pair, GridCell]:
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


def _grids(
    sheets: Sequence[IndicatorSheet],
    cells: dict[Pair, GridCell],
    periods_of: Callable[[Grain], list[Period]],
) -> list[Grid]:
    grids = []
    for grain in Grain:
        periods = periods_of(grain)
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


# --- the cells of one period, for a page that gathers them ------------------------------------------------------------


@dataclass
class PeriodFigures:
    """What belongs to a period on a card: the actor's own cells as grids, everybody else's with their state."""

    scorecard: Scorecard
    draft: Submission | None
    cells: dict[Pair, GridCell]
    grids: list[Grid]
    entries: list[DraftEntry]
    others: list[OthersFigure]

    @property
    def returned(self) -> list[GridCell]:
        return [cell for cell in self.cells.values() if cell.history.returned and not cell.standing]

    @property
    def dashes(self) -> list[GridCell]:
        return [cell for cell in self.cells.values() if cell.entry is not None and has_dash(cell.entry)]

    @property
    def unreported(self) -> list[GridCell | OthersFigure]:
        """What nobody has reported or is about to report."""
        own = [cell for cell in self.cells.values() if cell.entry is None and cell.standing is None]
        return [*own, *(each for each in self.others if each.kind in ("unreported", "early", "returned"))]


@dataclass(frozen=True)
class OthersFigure:
    """A cell that another organisation keeps: its state, and its figure once that was submitted."""

    sheet: IndicatorSheet
    period: Period
    history: History
    has_draft: bool

    @property
    def indicator(self) -> Indicator:
        return self.sheet.indicator

    @property
    def kind(self) -> str:
        """draft · approved · submitted · returned · unreported · early; what is drafted stays with its writers."""
        standing = self.history.standing or self.history.waiting
        if self.has_draft:
            return "draft"
        if standing is not None:
            return standing.state
        if self.history.returned is not None:
            return "returned"
        return "early" if self.period.last_day >= timezone.localdate() else "unreported"

    @property
    def text(self) -> str:
        standing = self.history.standing or self.history.waiting
        return measurement_text(standing.row, self.sheet) if standing else ""

    @property
    def word(self) -> str:
        words = {
            "draft": _("下書き"),
            "approved": _("承認済み"),
            "submitted": _("提出済み"),
            "returned": _("差戻し"),
            "early": _("期限前"),
        }
        return words.get(self.kind, _("未報告"))


def period_figures(
    actor: Actor, scorecard: Scorecard, period: Period, also: Collection[Pair] = ()
) -> PeriodFigures:
    """The measured cells of a card within `period`, and those named in `also`. Seven queries, however many cells."""
    sheets = _visible_sheets(actor, scorecard)
    own = _own_ids(actor, scorecard, sheets)
    by_id = {sheet.indicator_id: sheet for sheet in sheets}
    wanted = _expected(sheets, period)
    wanted |= {pair: by_id[pair[0]] for pair in also if pair[0] in by_id}
    draft = open_draft_of(actor, scorecard)
    entries = _entries(draft)
    cells = _cells_of(wanted, entries, actor.user_id)
    mine = {pair: cell for pair, cell in cells.items() if pair[0] in own}
    drafted = _drafted_by_others(actor, scorecard) if len(mine) < len(cells) else set()
    others = [
        OthersFigure(cell.sheet, cell.period, cell.history, pair in drafted)
        for pair, cell in cells.items()
        if pair[0] not in own
    ]

    def periods_of(grain: Grain) -> list[Period]:
        return sorted({each for _pk, each in mine if each.grain == grain})

    own_sheets = [sheet for sheet in sheets if sheet.indicator_id in own]
    return PeriodFigures(scorecard, draft, mine, _grids(own_sheets, mine, periods_of), entries, others)


def _visible_sheets(actor: Actor, scorecard: Scorecard) -> list[IndicatorSheet]:
    seen = Indicator.objects.visible_to(actor).filter(scorecard=scorecard, kind=Indicator.Kind.MEASURED)
    rows = IndicatorSheet.objects.filter(superseded_at=None, indicator__in=seen)
    return list(
        rows.select_related("indicator__post__organization").order_by("indicator__position", "indicator_id")
    )


def _own_ids(actor: Actor, scorecard: Scorecard, sheets: Sequence[IndicatorSheet]) -> set[int]:
    """What the actor may enter here and their organisation keeps (or nobody does)."""
    if not Scorecard.objects.filter(pk=scorecard.pk).allowed(actor, "enter").exists():
        return set()
    enterable = set(
        Indicator.objects.filter(scorecard=scorecard).allowed(actor, "enter").values_list("pk", flat=True)
    )
    keepers = {sheet.indicator_id: sheet.indicator.post for sheet in sheets}
    return {
        pk
        for pk, post in keepers.items()
        if pk in enterable and (post is None or post.organization_id == actor.organization_id)
    }


def _drafted_by_others(actor: Actor, scorecard: Scorecard) -> set[Pair]:
    rows = DraftEntry.objects.filter(submission__scorecard=scorecard, submission__state__in=OPEN)
    return set(
        rows.exclude(submission__organization=actor.organization_id).values_list("indicator_id", "period")
    )

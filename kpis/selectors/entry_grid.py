"""The grid in which a fiscal year is entered: one table per grain, an indicator a row, a ratio two.

Everything a page shows comes from six queries, whatever the number of cells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from foundation.access import Actor
from foundation.dates import fiscal_year, plain_text
from kpis.figure_text import choices, exact, measurement_text
from kpis.models import DraftEntry, Evidence, Indicator, IndicatorSheet, Scorecard, Submission
from kpis.periods import Grain, Period, periods_expected
from kpis.rules import Nature, Scale
from kpis.selectors.recorded import History, Pair, Recorded, histories
from kpis.services.entering import DETAILS, OPEN, mark_of, typist
from kpis.services.planning import FIGURES, Planned, checked

PENDING = frozenset({"blank", "reason_missing"})


@dataclass
class GridCell:
    """One (indicator, period) as the page shows it. `typed` holds texts of this request that could not be kept."""

    sheet: IndicatorSheet
    period: Period
    history: History
    entry: DraftEntry | None = None
    typed: dict[str, str] = field(default_factory=dict)
    refusal: str = ""
    refused_field: str = ""
    is_strict: bool = False
    viewer_id: int | None = None
    today: date = field(default_factory=timezone.localdate)

    @property
    def indicator(self) -> Indicator:
        return self.sheet.indicator

    @property
    def name(self) -> str:
        """The beginning of the names of its fields."""
        return f"{self.indicator.public_id.hex}.{self.period.code}"

    @property
    def returned_text(self) -> str:
        return _short(self.history.returned, self.sheet) if self.history.returned else ""

    @property
    def anchor(self) -> str:
        return f"c-{self.indicator.public_id.hex}-{self.period.code}"

    # --- what stands in the fields --------------------------------------------------------------------------------

    @property
    def standing(self) -> Recorded | None:
        return self.history.standing or self.history.waiting

    @property
    def stored(self) -> dict[str, str]:
        """The texts of the fields as kept: the draft's, otherwise the standing figure's."""
        if self.entry is not None:
            return {name: getattr(self.entry, name) for name in FIGURES}
        row = self.standing.row if self.standing else None
        if row is None or row.unit != self.sheet.unit:
            return dict.fromkeys(FIGURES, "")
        return {name: self._text(getattr(row, name)) for name in FIGURES}

    def _text(self, value: object) -> str:
        """A figure as one would type it; where steps are chosen, the bare number of the step."""
        return exact(value, 0) if not self.options else str(exact(value, 0)).replace(",", "")  # type: ignore[arg-type]

    @property
    def texts(self) -> dict[str, str]:
        return {**self.stored, **self.typed}

    @property
    def mark(self) -> str:
        return mark_of(self.stored.values())

    @property
    def details(self) -> dict[str, str]:
        """nature, missing and note as kept."""
        if self.entry is not None:
            return {name: getattr(self.entry, name) for name in DETAILS}
        row = self.standing.row if self.standing else None
        return {
            "nature": row.nature if row else Nature.FINAL,
            "missing": row.missing if row else "",
            "note": "",
        }

    @property
    def options(self) -> list[tuple[str, str]]:
        return choices(self.sheet)

    # --- what is said of it ----------------------------------------------------------------------------------------

    @cached_property
    def planned(self) -> Planned | None:
        if self.entry is None:
            return None
        official = self.history.official
        standing = self.history.standing
        return checked(
            Planned(
                self.entry,
                self.sheet,
                official=official.row if official else None,
                standing=standing.row if standing else None,
            )
        )

    @cached_property
    def state(self) -> CellState:
        planned = self.planned
        if planned is None:
            return _reported_state(self)
        return _draft_state(self, planned)

    @property
    def is_early(self) -> bool:
        return self.period.last_day >= self.today


@dataclass(frozen=True)
class CellState:
    """The words beneath a field. kind: draft · same · approved · submitted · returned · unreported · early · error."""

    kind: str
    word: str
    remarks: tuple[str, ...] = ()
    error: str = ""
    error_field: str = ""
    hint: str = ""
    wants_reason: bool = False


def _draft_state(cell: GridCell, planned: Planned) -> CellState:
    assert cell.entry is not None  # noqa: S101 (planned from it)
    error = planned.errors[0] if planned.errors else None
    is_pending = error is not None and error.code in PENDING and not cell.is_strict
    kind = "same" if planned.kind == "same" else "draft"
    word = _("変更なし") if kind == "same" else _("下書き")
    return CellState(
        kind="error" if (error and not is_pending) or cell.refusal else kind,
        word=word,
        remarks=tuple(_draft_remarks(cell)),
        error=cell.refusal or (error.message if error and not is_pending else ""),
        error_field=cell.refused_field or (error.field or "" if error and not is_pending else ""),
        hint=error.message if error and is_pending else early_hint(cell.entry, cell.today),
        wants_reason=bool(error and error.code == "reason_missing"),
    )


def early_hint(entry: DraftEntry, today: date) -> str:
    """A figure for a period that is not over is usually a 見込値; said, not refused."""
    if entry.missing or entry.nature == Nature.OUTLOOK or entry.period.last_day < today:
        return ""
    return _("期間の途中です。見込みの値なら、詳細で「見込値」を選んでください。")


def _draft_remarks(cell: GridCell) -> Iterator[str]:
    entry = cell.entry
    assert entry is not None  # noqa: S101
    if entry.missing:
        yield str(entry.get_missing_display())
    elif entry.nature != Nature.FINAL:
        yield str(entry.get_nature_display())
    if cell.standing is not None:
        yield _("前：%(text)s") % {"text": _short(cell.standing, cell.sheet)}
    elif cell.history.returned is not None:
        yield _("差戻し：%(text)s") % {"text": _short(cell.history.returned, cell.sheet)}
    if entry.updated_by_id != cell.viewer_id:
        yield f"{typist(entry)} {timezone.localtime(entry.updated_at):%-m/%-d %H:%M}"
    if entry.note:
        yield _("備考：%(note)s") % {"note": entry.note}


def _reported_state(cell: GridCell) -> CellState:
    remarks: list[str] = []
    if cell.history.outlook is not None:
        remarks.append(_("見込値 %(text)s") % {"text": _short(cell.history.outlook, cell.sheet)})
    if cell.history.returned is not None and cell.standing is None:
        words = _short(cell.history.returned, cell.sheet)  # why stands above the tables, where it can be read
        return CellState("returned", _("差戻し"), (words, *remarks), error=cell.refusal)
    standing = cell.standing
    if standing is None:
        kind, word = ("early", _("期限前")) if cell.is_early else ("unreported", _("未報告"))
        return CellState("error" if cell.refusal else kind, word, tuple(remarks), error=cell.refusal)
    if standing.row.missing:
        remarks.insert(0, str(standing.row.get_missing_display()))
    elif standing.row.nature != Nature.FINAL:
        remarks.insert(0, str(standing.row.get_nature_display()))
    if standing.row.unit != cell.sheet.unit:
        remarks.insert(0, _short(standing, cell.sheet))
    return CellState(
        "error" if cell.refusal else standing.state, standing.state_label, tuple(remarks), error=cell.refusal
    )


def _short(recorded: Recorded, sheet: IndicatorSheet) -> str:
    return measurement_text(recorded.row, sheet)


# --- rows and tables -------------------------------------------------------------------------------------------------


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


def has_dash(entry: DraftEntry) -> bool:
    """Whether 「－」 alone stands in a field: nil or 対象外, only whoever typed it knows."""
    return any(
        text and set(plain_text(text)) == {"-"} for text in (entry.value, entry.numerator, entry.denominator)
    )


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
    cells = _cells(sheets, chosen, entries, actor.user_id)
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
    sheets: Sequence[IndicatorSheet], year: int, entries: Iterable[DraftEntry], viewer_id: int | None
) -> dict[Pair, GridCell]:
    whole = Period.year(year)
    wanted = {
        (sheet.indicator_id, period): sheet
        for sheet in sheets
        for period in periods_expected(whole, Grain(sheet.grain), sheet.first_period, sheet.last_period)
    }
    found = histories({pk for pk, _period in wanted}, {period for _pk, period in wanted}) if wanted else {}
    drafts = {(entry.indicator_id, entry.period): entry for entry in entries}
    return {
        pair: GridCell(sheet, pair[1], found.get(pair) or History(), drafts.get(pair), viewer_id=viewer_id)
        for pair, sheet in wanted.items()
    }


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
    cells = _cells([sheet], period.fiscal_year, drafts, actor.user_id)
    return cells.get((sheet.indicator_id, period))

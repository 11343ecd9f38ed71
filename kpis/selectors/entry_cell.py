"""One cell of the entry grid: what stands in its fields, and the words beneath them.

Nothing here asks the database; `entry_grid` reads all cells of a page at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext as _

from foundation.dates import plain_text
from kpis.figure_text import choices, exact, measurement_text
from kpis.models import DraftEntry, Indicator, IndicatorSheet
from kpis.periods import Period
from kpis.rules import Nature
from kpis.selectors.recorded import History, Recorded
from kpis.services.entering import DETAILS, mark_of, typist
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


def has_dash(entry: DraftEntry) -> bool:
    """Whether 「－」 alone stands in a field: nil or 対象外, only whoever typed it knows."""
    return any(
        text and set(plain_text(text)) == {"-"} for text in (entry.value, entry.numerator, entry.denominator)
    )

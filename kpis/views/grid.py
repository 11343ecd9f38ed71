"""A posted grid: every changed cell kept on its own, and what was refused put back beside its cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict
from django.utils.functional import cached_property

from foundation.access import Actor
from foundation.errors import DomainError
from kpis.forms import cells_posted, typed_in
from kpis.models import Scorecard, Submission
from kpis.rules import Missing
from kpis.selectors.entry_cell import GridCell, has_dash
from kpis.services.entering import Typed, open_draft, save_entry
from kpis.services.planning import FIGURES


class GridPost:
    """The cells of a scorecard as one post brought them: `keep` saves, `mark` shows what was refused."""

    def __init__(self, actor: Actor, scorecard: Scorecard, data: QueryDict) -> None:
        self.actor, self.scorecard, self.data = actor, scorecard, data
        self.refused: dict[str, tuple[Typed, DomainError]] = {}

    def keep(self, cells: Iterable[GridCell]) -> int:
        """Keep what was changed; one cell that is refused does not take the others with it. How many were kept."""
        changed = 0
        for name, typed in self._changes(list(cells)):
            try:
                save_entry(actor=self.actor, draft=self._draft, typed=typed)
                changed += 1
            except DomainError as error:
                self.refused[name] = (typed, error)
        return changed

    def mark(self, cells: Iterable[GridCell], is_strict: bool) -> list[GridCell]:
        """Put refusals beside their cells; when going on, everything unreadable counts. Returns the wrong cells."""
        shown = list(cells)
        for cell in shown:
            cell.is_strict = is_strict
            if cell.name in self.refused:
                put_refusal(cell, *self.refused[cell.name])
        if not (self.refused or is_strict):
            return []
        return [cell for cell in shown if cell.state.error]

    def _changes(self, cells: list[GridCell]) -> list[tuple[str, Typed]]:
        dash = self.data.get("dash", "")
        if dash:
            dashed = [cell for cell in cells if cell.entry is not None and has_dash(cell.entry)]
            return [(cell.name, _meant(cell, dash, self.data)) for cell in dashed]
        posted = cells_posted(self.data)
        found = [(cell.name, typed_in(self.data, cell)) for cell in cells if cell.name in posted]
        return [(name, typed) for name, typed in found if typed is not None]

    @cached_property
    def _draft(self) -> Submission:
        return open_draft(actor=self.actor, scorecard=self.scorecard)


def put_refusal(cell: GridCell, typed: Typed, error: DomainError) -> None:
    """What could not be kept stays in the field, with the sentence that says why."""
    cell.typed = {name: text for name in FIGURES if (text := getattr(typed, name)) is not None}
    cell.refusal, cell.refused_field = error.message, error.field or ""


def _meant(cell: GridCell, dash: str, data: Any) -> Typed:
    """The answer to 「－」: nil, or 対象外 with its reason."""
    if dash == "zero":
        return Typed(
            cell.indicator, cell.period, **{n: "0" if t.strip() else "" for n, t in cell.stored.items()}
        )
    blank = dict.fromkeys(FIGURES, "")
    reason = data.get("dash_reason", "")
    return Typed(cell.indicator, cell.period, **blank, missing=Missing.NOT_APPLICABLE, note=reason)

"""The clean computation: every figure straight from the ledger, by the pure arithmetic, as of any moment.

It shares no line with the SQL of the roll-up; `verify` compares the two, `explain` shows its steps, and any page
that asks for an earlier moment is answered by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from kpis.arithmetic import (
    MISSING_CELL,
    NOT_APPLICABLE_CELL,
    CellFigure,
    Child,
    combine,
    fold_periods,
    measured_cell,
    ratio_cell,
)
from kpis.fields import within as keys_within
from kpis.models import (
    Contribution,
    Indicator,
    IndicatorDimension,
    IndicatorSheet,
    Measurement,
    MeasurementPart,
    Part,
)
from kpis.models.cell import TOTAL
from kpis.periods import Grain, Period, periods_expected
from kpis.rules import Scale, TimeRule, TreeRule
from kpis.units import unit_of

Key = tuple[int, int]


def on_record(rows: QuerySet[Any, Any], as_of: datetime | None) -> QuerySet[Any, Any]:
    """The rows that were true at the moment; now when `as_of` is None."""
    if as_of is None:
        return rows.filter(superseded_at=None)
    return rows.filter(Q(superseded_at=None) | Q(superseded_at__gt=as_of), recorded_at__lte=as_of)


@dataclass
class CleanLedger:
    """Everything beneath some indicators, for one basis and moment, loaded in a fixed number of queries per level.

    `known`: {(indicator, own period, part): figure}, the cells computed so far; one given beforehand is taken as it is.
    """

    basis: str
    as_of: datetime | None = None
    indicators: dict[int, Indicator] = field(default_factory=dict)
    sheets: dict[int, IndicatorSheet] = field(default_factory=dict)
    links: dict[int, list[Contribution]] = field(default_factory=dict)
    rows: dict[tuple[int, Period], Measurement] = field(default_factory=dict)
    parts: dict[int, dict[int, MeasurementPart]] = field(default_factory=dict)
    declared: dict[int, set[int]] = field(default_factory=dict)
    known: dict[tuple[int, Period, int], CellFigure] = field(default_factory=dict)

    @classmethod
    def load(
        cls,
        indicator_ids: Iterable[int],
        basis: str,
        as_of: datetime | None = None,
        within: Period | None = None,
        with_parts: bool = False,
    ) -> CleanLedger:
        """Load the indicators and all that lies beneath them; `within` narrows the measurements read."""
        ledger = cls(basis, as_of)
        ledger._load_structure(set(indicator_ids))
        ledger.read_rows(within)
        if with_parts:
            ledger._load_parts()
        return ledger

    def _load_structure(self, wanted: set[int]) -> None:
        while wanted:
            self.read_indicators(wanted, "scorecard")
            accepted = Contribution.objects.filter(parent_id__in=wanted, state=Contribution.State.ACCEPTED)
            found = list(on_record(accepted, self.as_of).order_by("position", "id"))
            self.add_links(found)
            wanted = {link.child_id for link in found} - self.indicators.keys()

    def read_indicators(self, wanted: Collection[int], *joined: str) -> None:
        """These indicators, with the relations named, and their sheets on record; two queries."""
        for indicator in Indicator.objects.filter(pk__in=wanted).select_related(*joined):
            self.indicators[indicator.pk] = indicator
        for sheet in on_record(IndicatorSheet.objects.filter(indicator_id__in=wanted), self.as_of):
            self.sheets[sheet.indicator_id] = sheet

    def add_links(self, links: Iterable[Contribution]) -> None:
        for link in links:
            self.links.setdefault(link.parent_id, []).append(link)

    def read_rows(self, within: Period | None = None) -> None:
        """The measurements that count of the indicators at hand, the newest of a cell; `within` narrows the periods."""
        measured = [pk for pk, indicator in self.indicators.items() if not indicator.is_rolled_up]
        rows = Measurement.objects.filter(indicator_id__in=measured).valid(self.basis, self.as_of)
        if within is not None:
            low, high = keys_within(within)
            rows = rows.filter(period__gte=low, period__lte=high)
        for row in rows.order_by("id"):
            self.rows[row.indicator_id, row.period] = row

    def _load_parts(self) -> None:
        ids = [row.pk for row in self.rows.values()]
        for part in MeasurementPart.objects.filter(measurement_id__in=ids):
            self.parts.setdefault(part.measurement_id, {})[part.part_id] = part
        members: dict[int, set[int]] = {}
        for part_id, dimension_id in Part.objects.values_list("id", "dimension_id"):
            members.setdefault(dimension_id, set()).add(part_id)
        declared = IndicatorDimension.objects.filter(indicator_id__in=self.indicators)
        for row in on_record(declared, self.as_of):
            self.declared.setdefault(row.indicator_id, set()).update(members.get(row.dimension_id, set()))

    # --- figures ------------------------------------------------------------------------------------------------

    def figure(self, indicator_id: int, period: Period, part: int = TOTAL) -> CellFigure:
        """The indicator's own cell in a period of its own grain."""
        key = (indicator_id, period, part)
        if key not in self.known:
            if self.indicators[indicator_id].is_rolled_up:
                self.known[key] = self._rolled_up(indicator_id, period, part)
            else:
                self.known[key] = self._measured(indicator_id, period, part)
        return self.known[key]

    def folded(self, indicator_id: int, period: Period, part: int = TOTAL) -> CellFigure:
        """The indicator's figure in a period of its own or a coarser grain, by its time rule."""
        sheet = self.sheets[indicator_id]
        if period.grain == sheet.grain:
            return self.figure(indicator_id, period, part)
        own = self.own_periods(indicator_id, period)
        cells = [self.figure(indicator_id, each, part) for each in own]
        return fold_periods(cells, TimeRule(sheet.time_rule), sheet.is_percent)

    def own_periods(self, indicator_id: int, period: Period) -> list[Period]:
        """The indicator's own periods that `period` should hold."""
        sheet = self.sheets[indicator_id]
        return periods_expected(period, Grain(sheet.grain), sheet.first_period, sheet.last_period)

    def _measured(self, indicator_id: int, period: Period, part: int) -> CellFigure:
        row = self.rows.get((indicator_id, period))
        if row is None:
            return MISSING_CELL
        if row.missing:
            return NOT_APPLICABLE_CELL if row.missing == "not_applicable" else MISSING_CELL
        figure = row if part == TOTAL else self.parts.get(row.pk, {}).get(part)
        return MISSING_CELL if figure is None else self._entered(indicator_id, period, row.unit, figure)

    def _entered(
        self, indicator_id: int, period: Period, unit: str, figure: Measurement | MeasurementPart
    ) -> CellFigure:
        entered = unit_of(unit)
        if self.sheets[indicator_id].scale == Scale.RATIO:
            if figure.numerator is None or figure.denominator is None:
                return MISSING_CELL
            return ratio_cell(period, figure.numerator, figure.denominator, entered)
        return MISSING_CELL if figure.value is None else measured_cell(period, figure.value, entered)

    def _rolled_up(self, indicator_id: int, period: Period, part: int) -> CellFigure:
        sheet = self.sheets[indicator_id]
        return combine(
            [child for _link, child in self.children(indicator_id, period, part)],
            TreeRule(sheet.tree_rule),
            last_month=period.last_month,
            percent=sheet.is_percent,
        )

    def children(
        self, indicator_id: int, period: Period, part: int = TOTAL
    ) -> list[tuple[Contribution, Child]]:
        """What each contribution in force brings to a cell, in the contributions' order."""
        found = []
        for link in self.links.get(indicator_id, []):
            own = self.counted_periods(link, period)
            if not own or (part != TOTAL and part not in self.declared.get(link.child_id, set())):
                continue
            found.append((link, self._child(link, own, part)))
        return found

    def counted_periods(self, link: Contribution, period: Period) -> list[Period]:
        """The child's own periods in `period` that the contribution covers."""
        return [
            own
            for own in self.own_periods(link.child_id, period)
            if (link.first_period is None or own.first >= link.first_period.first)
            and (link.last_period is None or own.last_month <= link.last_period.last_month)
        ]

    def _child(self, link: Contribution, own: list[Period], part: int) -> Child:
        sheet = self.sheets[link.child_id]
        cells = [self.figure(link.child_id, each, part) for each in own]
        figure = fold_periods(cells, TimeRule(sheet.time_rule), sheet.is_percent)
        return Child(figure, order=link.position, weight=link.weight, factor=link.factor)

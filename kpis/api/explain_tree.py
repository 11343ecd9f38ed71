"""The tree behind a figure as plain data: cells, contributions, measurements with their events and evidence.

Made of a clean computation, and cut to what its reader may see: a child indicator that they may not see is counted in
`hidden` and goes unnamed, with all that lies beneath it; a measurement that they may not see is left out while the
figure of its (visible) indicator stays. Four queries beside those of the computation, whatever the depth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.urls import reverse

from foundation.access import Actor
from foundation.api_resources import Row, plain_figure
from kpis.arithmetic import CellFigure, apply_factor, fold_periods, rounded
from kpis.models import Contribution, Evidence, Indicator, Measurement, MeasurementEvent
from kpis.periods import Period
from kpis.rollup.clean import CleanLedger
from kpis.rules import TimeRule, TreeRule
from kpis.units import Unit, unit_of


@dataclass
class Explanation:
    """A clean computation with what its reader may see of it."""

    ledger: CleanLedger
    visible: set[int]
    measurements: set[int]
    events: dict[int, list[Row]] = field(default_factory=dict)
    evidence: dict[int, list[Evidence]] = field(default_factory=dict)

    @classmethod
    def of(cls, actor: Actor, ledger: CleanLedger) -> Explanation:
        rows = {row.pk: row for row in ledger.rows.values()}
        seen = Indicator.objects.visible_to(actor).filter(pk__in=ledger.indicators)
        shown = Measurement.objects.visible_to(actor).filter(pk__in=rows)
        found = cls(ledger, set(seen.values_list("pk", flat=True)), set(shown.values_list("pk", flat=True)))
        found.events = events_of(found.measurements, ledger)
        submissions = {rows[pk].submission_id for pk in found.measurements} - {None}
        for each in Evidence.objects.visible_to(actor).filter(submission_id__in=submissions).order_by("id"):
            found.evidence.setdefault(each.submission_id, []).append(each)
        return found

    # --- figures ------------------------------------------------------------------------------------------------

    def figure(self, indicator_id: int, period: Period) -> Row:
        """The figure of a period of the indicator's own or a coarser grain."""
        own = self.ledger.own_periods(indicator_id, period)
        return self._figure(indicator_id, self.ledger.folded(indicator_id, period), own)

    def _figure(self, indicator_id: int, figure: CellFigure, own: list[Period]) -> Row:
        indicator, sheet = self.ledger.indicators[indicator_id], self.ledger.sheets[indicator_id]
        unit = unit_of(sheet.unit)
        return {
            "indicator": {"id": indicator.public_id, "code": indicator.code, "name": indicator.name},
            "unit": unit.code,
            "unit_label": unit.label,
            "time_rule": sheet.time_rule,
            **_printed(figure, unit),
            "cells": [self._cell(indicator_id, period, unit) for period in own],
        }

    def _cell(self, indicator_id: int, period: Period, unit: Unit) -> Row:
        row = self.ledger.rows.get((indicator_id, period))
        rolled_up = self.ledger.indicators[indicator_id].is_rolled_up
        children = self.ledger.children(indicator_id, period) if rolled_up else []
        shown = [(link, child.figure) for link, child in children if link.child_id in self.visible]
        rule = TreeRule(self.ledger.sheets[indicator_id].tree_rule) if rolled_up else None
        return {
            "period": period.code,
            "label": period.label,
            **_printed(self.ledger.figure(indicator_id, period), unit),
            "missing": row.missing if row is not None and row.missing else None,
            "tree_rule": rule.value if rule else None,
            "measurement": self._measurement(row),
            "children": [self._child(link, figure, period, rule, unit) for link, figure in shown],
            "hidden": len(children) - len(shown),
        }

    def _child(
        self, link: Contribution, figure: CellFigure, period: Period, rule: TreeRule | None, unit: Unit
    ) -> Row:
        counted = rule in (TreeRule.COUNT_YES, TreeRule.SHARE_YES)
        joined = figure if counted else apply_factor(figure, link.factor)
        own = self.ledger.counted_periods(link, period)
        return {
            "id": link.public_id,
            "weight": plain_figure(link.weight),
            "factor": plain_figure(link.factor),
            "handed": plain_figure(joined.value if counted else joined.stored(unit)),
            "figure": self._figure(link.child_id, self._folded(link.child_id, own), own),
        }

    def _folded(self, indicator_id: int, own: list[Period]) -> CellFigure:
        sheet = self.ledger.sheets[indicator_id]
        cells = [self.ledger.figure(indicator_id, period) for period in own]
        return fold_periods(cells, TimeRule(sheet.time_rule), sheet.is_percent)

    # --- the ledger's rows --------------------------------------------------------------------------------------

    def _measurement(self, row: Measurement | None) -> Row | None:
        if row is None or row.pk not in self.measurements:
            return None
        reported = self.events.get(row.pk, [])
        return {
            "id": row.public_id,
            "unit": row.unit,
            "value": plain_figure(row.value),
            "numerator": plain_figure(row.numerator),
            "denominator": plain_figure(row.denominator),
            "nature": row.nature,
            "note": row.note,
            "reporter_name": row.reporter_name,
            "organization": reported[0]["organization"] if reported else None,
            "recorded_at": row.recorded_at,
            "events": reported,
            "evidence": self._evidence(row),
        }

    def _evidence(self, row: Measurement) -> list[Row]:
        """What stands behind the whole submission, or behind this indicator's figures in it."""
        return [
            {
                "id": each.public_id,
                "title": each.title,
                "url": each.url or _file_url(each),
                "page": each.page,
            }
            for each in self.evidence.get(row.submission_id or 0, [])
            if each.indicator_id in (None, row.indicator_id)
        ]


def _file_url(evidence: Evidence) -> str:
    return reverse("files:download", args=[evidence.file.public_id]) if evidence.file else ""


def _printed(figure: CellFigure, unit: Unit) -> Row:
    numerator: Decimal | None = figure.numerator
    return {
        "value": plain_figure(figure.stored(unit)),
        "numerator": plain_figure(None if numerator is None else rounded(unit.from_smallest(numerator))),
        "denominator": plain_figure(figure.denominator),
        "reported": figure.reported,
        "expected": figure.expected,
    }


def events_of(measurement_ids: set[int], ledger: CleanLedger | None = None) -> dict[int, list[Row]]:
    """The events of some measurements in order of record, as of the ledger's moment; one query."""
    events = MeasurementEvent.objects.filter(measurement_id__in=measurement_ids)
    if ledger is not None and ledger.as_of is not None:
        events = events.filter(at__lte=ledger.as_of)
    found: dict[int, list[Row]] = {}
    rows: Any = events.order_by("id").values(
        "measurement_id", "id", "kind", "at", "user_name", "is_same_organization", "note",
        "organization__public_id", "organization__name",
    )  # fmt: skip
    for each in rows:
        found.setdefault(each["measurement_id"], []).append(_event(each))
    return found


def _event(row: Row) -> Row:
    """One event; its `number` is the 記録番号."""
    organization = None
    if row["organization__public_id"]:
        organization = {"id": row["organization__public_id"], "name": row["organization__name"]}
    return {
        "number": row["id"],
        "kind": row["kind"],
        "at": row["at"],
        "user_name": row["user_name"],
        "organization": organization,
        "is_same_organization": row["is_same_organization"],
        "note": row["note"],
    }

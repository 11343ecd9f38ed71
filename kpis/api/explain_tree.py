"""The tree behind a figure as plain data: cells, contributions, measurements with their events and evidence.

Made of a clean computation, and cut to what its reader may see: a child indicator that they may not see is counted in
`hidden` and goes unnamed, with all that lies beneath it; a measurement that they may not see is left out while the
figure of its (visible) indicator stays. Four queries beside those of the computation, whatever the depth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from foundation.access import Actor
from foundation.api_resources import Row, plain_figure
from kpis.arithmetic import CellFigure, handed_up, rounded
from kpis.models import Contribution, Evidence, Indicator, Measurement, MeasurementEvent
from kpis.periods import Period
from kpis.rollup.clean import CleanLedger
from kpis.rules import TreeRule
from kpis.selectors.recorded import evidence_behind
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
        submissions = {key for pk in found.measurements if (key := rows[pk].submission_id) is not None}
        found.evidence = evidence_behind(actor, submissions)
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
            **heading_of(indicator, unit),
            "time_rule": sheet.time_rule,
            **printed(figure, unit),
            **coverage_of(figure),
            "cells": [self._cell(indicator_id, period, unit) for period in own],
        }

    def _cell(self, indicator_id: int, period: Period, unit: Unit) -> Row:
        row = self.ledger.rows.get((indicator_id, period))
        rolled_up = self.ledger.indicators[indicator_id].is_rolled_up
        children = self.ledger.children(indicator_id, period) if rolled_up else []
        shown = [(link, child.figure) for link, child in children if link.child_id in self.visible]
        figure = self.ledger.figure(indicator_id, period)
        return {
            "period": period.code,
            "label": period.label,
            **printed(figure, unit),
            **coverage_of(figure),
            "missing": row.missing if row is not None and row.missing else None,
            "tree_rule": self.ledger.sheets[indicator_id].tree_rule if rolled_up else None,
            "measurement": self._measurement(row),
            "children": [self._child(link, brought, period, unit) for link, brought in shown],
            "hidden": len(children) - len(shown),
        }

    def _child(self, link: Contribution, figure: CellFigure, period: Period, unit: Unit) -> Row:
        rule = TreeRule(self.ledger.sheets[link.parent_id].tree_rule)
        handed = handed_up(figure, link.factor, rule)
        return {
            "id": link.public_id,
            "weight": plain_figure(link.weight),
            "factor": plain_figure(link.factor),
            "handed": plain_figure(handed.value if rule.asks_yes else handed.stored(unit)),
            "figure": self._figure(link.child_id, figure, self.ledger.counted_periods(link, period)),
        }

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


def heading_of(indicator: Indicator, unit: Unit) -> Row:
    return {
        "indicator": {"id": indicator.public_id, "code": indicator.code, "name": indicator.name},
        "unit": unit.code,
        "unit_label": unit.label,
    }


def printed(figure: CellFigure, unit: Unit) -> Row:
    """The figure as text, in its unit."""
    numerator = figure.numerator
    return {
        "value": plain_figure(figure.stored(unit)),
        "numerator": plain_figure(None if numerator is None else rounded(unit.from_smallest(numerator))),
        "denominator": plain_figure(figure.denominator),
    }


def coverage_of(figure: CellFigure) -> Row:
    return {"reported": figure.reported, "expected": figure.expected}


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

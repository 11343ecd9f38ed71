"""Everything that 「この数値の根拠」 reads: the tree, who may be named, and what stands behind each measurement.

Fourteen queries at most with the three of the request, whatever the width and depth of the tree: the indicator;
links, indicators, sheets and measurements beneath; the stored cells; who may be named; events, evidence and parts of
the measurements; and what was entered for missing cells but does not count.
"""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from actors.models import Assignment
from foundation.access import Actor
from kpis.explain import Node, explain, periods_behind
from kpis.models import (
    Cell,
    Indicator,
    IndicatorSheet,
    Measurement,
    MeasurementEvent,
    MeasurementPart,
)
from kpis.models.cell import TOTAL
from kpis.periods import Period
from kpis.rollup.clean import CleanLedger
from kpis.rules import Nature
from kpis.selectors.beneath import load_clean
from kpis.selectors.indicator import indicator_rows
from kpis.selectors.recorded import evidence_behind
from kpis.selectors.wording import AsOf


class NotOnRecord(LookupError):
    """The indicator had no sheet yet at the moment asked for."""


class Behind:
    """What lies behind one figure, loaded once."""

    def __init__(self, actor: Actor, indicator: Indicator, period: Period, basis: str, as_of: AsOf) -> None:
        self.actor, self.indicator, self.period, self.basis, self.as_of = (
            actor,
            indicator,
            period,
            basis,
            as_of,
        )
        self.ledger: CleanLedger = load_clean([indicator.pk], basis, as_of.moment)
        if indicator.pk not in self.ledger.sheets:
            raise NotOnRecord
        self.tree: Node = explain(self.ledger, indicator.pk, period)
        self.nodes = list(self.tree.walk())
        self.visible: dict[int, Any] = {row.pk: row for row in self._visible()}
        rows = [node.row for node in self.nodes if node.row is not None]
        self.events = self._events([row.pk for row in rows])
        self.evidence = evidence_behind(
            actor, {row.submission_id for row in rows if row.submission_id and row.pk in self.events}
        )
        self.parts = self._parts([row.pk for row in rows])
        self.waiting = self._waiting()

    # --- reading ---------------------------------------------------------------------------------------------------

    def _visible(self) -> QuerySet[Any, Any]:
        """The indicators of the tree that may be named, with keeper and whether the keeper's post is held."""
        today = timezone.localdate()
        mains = Assignment.objects.filter(post_id=OuterRef("post_id"), role=Assignment.Role.MAIN)
        rows: QuerySet[Any, Any] = (
            Indicator.objects.visible_to(self.actor)
            .filter(pk__in=set(self.ledger.indicators))
            .select_related("post__organization")
            .annotate(
                holder=Subquery(mains.active_on(today).values("person__name")[:1]),
                last_held_on=Subquery(mains.order_by("-to_on").filter(to_on__lt=today).values("to_on")[:1]),
            )
        )
        return rows

    def _events(self, ids: list[int]) -> dict[int, list[MeasurementEvent]]:
        """{measurement: its events}, for the measurements that the reader may see one by one."""
        allowed = Measurement.objects.visible_to(self.actor).filter(pk__in=ids)
        events = MeasurementEvent.objects.filter(measurement_id__in=allowed.values("pk"))
        if self.as_of.moment is not None:
            events = events.filter(at__lte=self.as_of.moment)
        found: dict[int, list[MeasurementEvent]] = {}
        for event in events.select_related(
            "organization", "post", "measurement__organization", "measurement__post"
        ).order_by("id"):
            found.setdefault(event.measurement_id, []).append(event)
        return found

    def _parts(self, ids: list[int]) -> dict[int, list[MeasurementPart]]:
        found: dict[int, list[MeasurementPart]] = {}
        rows = MeasurementPart.objects.filter(measurement_id__in=ids).select_related("part__dimension")
        for part in rows.order_by("part__dimension_id", "part__position"):
            found.setdefault(part.measurement_id, []).append(part)
        return found

    def _waiting(self) -> dict[tuple[int, Period], Any]:
        """What was entered for missing cells but does not count: waiting for approval, or returned."""
        gaps = {(node.indicator_id, node.period) for node in self.nodes if node.is_missing}
        kinds = MeasurementEvent.objects.filter(measurement_id=OuterRef("pk")).order_by("-id")
        rows = Measurement.objects.visible_to(self.actor).exclude(nature=Nature.OUTLOOK)
        if self.as_of.moment is not None:
            rows = rows.filter(recorded_at__lte=self.as_of.moment)
            kinds = kinds.filter(at__lte=self.as_of.moment)
        rows = rows.filter(
            indicator_id__in={pk for pk, _period in gaps}, period__in={period for _pk, period in gaps}
        ).annotate(last_kind=Subquery(kinds.values("kind")[:1]), last_note=Subquery(kinds.values("note")[:1]))
        return {(row.indicator_id, row.period): row for row in rows.order_by("id")}

    def stored(self) -> list[Any]:
        own = periods_behind(self.ledger, self.indicator.pk, self.period)
        return list(
            Cell.objects.filter(
                indicator=self.indicator, basis=self.basis, part_id=TOTAL, period__in=own
            ).values_list("period", "handed", "reported", "expected", "computed_at")
        )

    def differs(self, stored: list[Any]) -> bool:
        """Whether a stored cell is not what the ledger says: the roll-up has not come round yet, or worse."""
        kept = {row[0]: tuple(row[1:4]) for row in stored}
        for own in periods_behind(self.ledger, self.indicator.pk, self.period):
            clean = self.ledger.figure(self.indicator.pk, own)
            if own not in kept:
                if clean.value is not None:
                    return True
                continue
            if kept[own] != (clean.value, clean.reported, clean.expected):
                return True
        return False


def why_rows(actor: Actor) -> QuerySet[Any, Any]:
    """The indicators of which the reader may ask, with rights and the grain now in force."""
    current = IndicatorSheet.objects.filter(superseded_at=None, indicator_id=OuterRef("pk"))
    rows: QuerySet[Any, Any] = indicator_rows(actor).annotate(grain=Subquery(current.values("grain")[:1]))
    return rows

"""Vocabulary of the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db.models import Exists, OuterRef, Q

from foundation.access import AccessQuerySet
from kpis.rules import Basis, Nature


class MeasurementQuerySet(AccessQuerySet):
    def _has(self, kind: str, until: datetime | None) -> Exists:
        from kpis.models import MeasurementEvent

        events = MeasurementEvent.objects.filter(measurement=OuterRef("pk"), kind=kind)
        return Exists(events if until is None else events.filter(at__lte=until))

    def valid(self, basis: str, as_of: datetime | None = None) -> Self:
        """Rows that count on the basis at the moment (MEASURING 3): 見込値 never does, 対象外 only when approved."""
        rows = self.exclude(nature=Nature.OUTLOOK).filter(~self._has("withdrawn", as_of))
        if as_of is not None:
            rows = rows.filter(recorded_at__lte=as_of)
        approved = self._has("approved", as_of)
        if basis == Basis.OFFICIAL:
            return rows.filter(approved)
        return rows.filter(~self._has("returned", as_of)).filter(~Q(missing="not_applicable") | approved)

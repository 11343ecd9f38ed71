"""What has been reported for cells, and which of it counts: for pages that show every step, not only the newest."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass, field

from foundation.access import Actor
from kpis.models import Evidence, Measurement, MeasurementEvent
from kpis.periods import Period
from kpis.rules import Missing, Nature

Kind = MeasurementEvent.Kind
LAST_WORD = (Kind.WITHDRAWN, Kind.RETURNED, Kind.APPROVED, Kind.SUBMITTED)  # the strongest first
Pair = tuple[int, Period]


def last_word(kinds: Container[str]) -> MeasurementEvent.Kind:
    """The state of a measurement to which these things happened."""
    return next((kind for kind in LAST_WORD if kind in kinds), Kind.SUBMITTED)


@dataclass
class Recorded:
    """A measurement with its events by kind."""

    row: Measurement
    events: dict[str, MeasurementEvent] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """The last word: withdrawn, returned, approved, submitted."""
        return last_word(self.events)

    @property
    def state_label(self) -> str:
        return str(Kind(self.state).label)

    @property
    def event(self) -> MeasurementEvent:
        """The event that gave it its state."""
        return self.events[self.state]

    @property
    def is_waiting(self) -> bool:
        return self.state == Kind.SUBMITTED

    @property
    def is_outlook(self) -> bool:
        return self.row.nature == Nature.OUTLOOK

    @property
    def counts(self) -> bool:
        """承認前を含む, the rule of `MeasurementQuerySet.valid` for one row in memory."""
        if self.is_outlook or self.state in (Kind.RETURNED, Kind.WITHDRAWN):
            return False
        return self.row.missing != Missing.NOT_APPLICABLE or self.state == Kind.APPROVED


@dataclass
class History:
    """Everything reported for one cell, oldest first."""

    rows: list[Recorded] = field(default_factory=list)

    @property
    def newest(self) -> Recorded | None:
        return self.rows[-1] if self.rows else None

    @property
    def standing(self) -> Recorded | None:
        return next((each for each in reversed(self.rows) if each.counts), None)

    @property
    def official(self) -> Recorded | None:
        return next(
            (each for each in reversed(self.rows) if each.counts and each.state == Kind.APPROVED), None
        )

    @property
    def waiting(self) -> Recorded | None:
        """Submitted and not yet reviewed, 対象外 included: it does not count yet, but is under way."""
        newest = self.newest
        return newest if newest is not None and newest.is_waiting and not newest.is_outlook else None

    @property
    def outlook(self) -> Recorded | None:
        found = (each for each in reversed(self.rows) if each.is_outlook)
        return next((each for each in found if each.state not in (Kind.RETURNED, Kind.WITHDRAWN)), None)

    @property
    def returned(self) -> Recorded | None:
        """The last report was sent back and nothing came after it."""
        newest = self.newest
        return newest if newest is not None and newest.state == Kind.RETURNED else None


def gathered(events: Iterable[MeasurementEvent]) -> dict[int, Recorded]:
    """Events (with their measurement) in order of id, put together by measurement."""
    found: dict[int, Recorded] = {}
    for event in events:
        found.setdefault(event.measurement_id, Recorded(event.measurement)).events[event.kind] = event
    return found


def histories(indicator_ids: Iterable[int], periods: Iterable[Period]) -> dict[Pair, History]:
    """All that was reported for these indicators in these periods; one query."""
    events = MeasurementEvent.objects.filter(
        measurement__indicator_id__in=list(indicator_ids), measurement__period__in=list(periods)
    )
    found: dict[Pair, History] = {}
    for each in gathered(events.select_related("measurement").order_by("id")).values():
        found.setdefault((each.row.indicator_id, each.row.period), History()).rows.append(each)
    for history in found.values():
        history.rows.sort(key=lambda each: each.row.pk)
    return found


def evidence_behind(actor: Actor, submission_ids: Collection[int]) -> dict[int, list[Evidence]]:
    """{submission: its 根拠資料 that the actor may see, with their files}; one query."""
    found: dict[int, list[Evidence]] = {}
    rows = Evidence.objects.visible_to(actor).filter(submission_id__in=submission_ids)
    for each in rows.select_related("file").order_by("id"):
        found.setdefault(each.submission_id, []).append(each)
    return found

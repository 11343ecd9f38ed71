"""The one place that writes to the ledger.

Everything that changes a figure passes here, inside the caller's transaction: rows and events are written under the
shared lock "ledger" with the database's clock, the measured cells are brought up to date, and the marks for the
roll-up are left; so no path, however bulky, can forget one of them. An export fixes its moment under the exclusive
lock (`settle`), after which nothing can appear before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from foundation import clock, lanes, locks
from foundation.errors import DomainError
from kpis.cells import LEDGER_LOCK as LOCK
from kpis.cells import refresh_cells
from kpis.models import (
    DirtyMark,
    Indicator,
    IndicatorSheet,
    Measurement,
    MeasurementEvent,
    MeasurementPart,
    Submission,
)
from kpis.periods import Period
from kpis.rules import Nature

Pair = tuple[int, Period]


@dataclass(frozen=True)
class Entry:
    """A figure about to be recorded: value, or numerator and denominator, or why there is none."""

    indicator: Indicator
    period: Period
    unit: str
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    nature: str = Nature.FINAL
    missing: str = ""
    note: str = ""
    parts: dict[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Signer:
    """Who stands behind a row or an event, as it is printed later: account, name, organisation and post."""

    user_id: int | None = None
    name: str = ""
    organization_id: int | None = None
    post_id: int | None = None


def begin(indicator_ids: Iterable[int], at: datetime | None = None) -> datetime:
    """Take the ledger's shared lock and the rows of the indicators in sorted order; returns the moment to record.

    `at` is given only when history is loaded (samples, imports of earlier years).
    """
    locks.shared(LOCK)
    if connection.features.has_select_for_no_key_update:
        rows = Indicator.objects.filter(pk__in=set(indicator_ids)).order_by("pk")
        list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
    return at or clock.database_now()


def record(
    entries: Sequence[Entry], signer: Signer, submission: Submission | None, at: datetime
) -> list[Measurement]:
    """Append measurements with their event 提出; call `begin` before. Returns the rows in the order given."""
    _check_measured(entries)
    _admit_negatives(entries)
    rows = Measurement.objects.bulk_create([_measurement(entry, signer, submission, at) for entry in entries])
    MeasurementPart.objects.bulk_create(
        MeasurementPart(measurement=row, part_id=part_id, value=value)
        for row, entry in zip(rows, entries, strict=True)
        for part_id, value in entry.parts.items()
    )
    write_events(rows, MeasurementEvent.Kind.SUBMITTED, signer, at)
    return rows


def _check_measured(entries: Sequence[Entry]) -> None:
    """Figures of rolled-up indicators come from beneath; only 見込値, which are never counted, are foreseen there too."""
    counted = (entry.indicator for entry in entries if entry.nature != Nature.OUTLOOK)
    rolled_up = next((indicator for indicator in counted if indicator.is_rolled_up), None)
    if rolled_up is not None:
        raise DomainError(
            "rolled_up",
            _("「%(name)s」は下位のKPIから積み上げるため、値を直接入力できません。") % {"name": rolled_up},
            field="indicator",
        )


def _admit_negatives(entries: Sequence[Entry]) -> None:
    """A figure below zero shows that this one may be negative: what is missing can then no longer be foretold."""
    ids = {entry.indicator.pk for entry in entries if _is_negative(entry)}
    if ids:
        sheets = IndicatorSheet.objects.filter(indicator_id__in=ids, superseded_at=None)
        sheets.update(may_be_negative=True)


def _is_negative(entry: Entry) -> bool:
    return any(figure is not None and figure < 0 for figure in (entry.value, entry.numerator))


def _measurement(entry: Entry, signer: Signer, submission: Submission | None, at: datetime) -> Measurement:
    return Measurement(
        indicator=entry.indicator,
        period=entry.period,
        submission=submission,
        organization_id=signer.organization_id,
        post_id=signer.post_id,
        reporter_id=signer.user_id,
        reporter_name=signer.name,
        unit=entry.unit,
        value=entry.value,
        numerator=entry.numerator,
        denominator=entry.denominator,
        nature=entry.nature,
        missing=entry.missing,
        note=entry.note,
        recorded_at=at,
    )


def write_events(
    rows: Sequence[Measurement], kind: str, signer: Signer, at: datetime, note: str = ""
) -> None:
    """Append one event to each row, refresh the measured cells, and mark what lies above."""
    MeasurementEvent.objects.bulk_create(
        MeasurementEvent(
            measurement=row,
            kind=kind,
            at=at,
            user_id=signer.user_id,
            user_name=signer.name,
            organization_id=signer.organization_id,
            post_id=signer.post_id,
            is_same_organization=kind == "approved" and _is_same(row, signer),
            note=note,
        )
        for row in rows
    )
    touch({(row.indicator_id, row.period) for row in rows if row.nature != Nature.OUTLOOK})


def _is_same(row: Measurement, signer: Signer) -> bool:
    """Whether the organisation that reported also approves; it is marked wherever the approval is shown."""
    return row.organization_id is not None and row.organization_id == signer.organization_id


def touch(pairs: set[Pair]) -> None:
    """Bring the measured cells up to date and leave a mark for each; the drain does the rest after the commit."""
    refresh_cells(pairs)
    mark(pairs)


def mark(pairs: Iterable[Pair]) -> None:
    """Note that these cells, or what lies above them, must be computed again."""
    DirtyMark.objects.bulk_create(
        [DirtyMark(indicator_id=indicator_id, period=period) for indicator_id, period in sorted(pairs)],
        batch_size=1000,
    )
    lanes.wake("rollup")


@dataclass(frozen=True)
class Moment:
    """A settled moment: nothing can be recorded at or before `at` any more; `number` is the highest 記録番号."""

    at: datetime
    number: int


def settle(as_of: datetime | None = None) -> Moment:
    """Fix a moment (default: now) for an export or a report, waiting for writers under way."""
    with transaction.atomic():
        locks.exclusive(LOCK)
        now = clock.database_now()
        at = now if as_of is None else min(as_of, now)
        number = MeasurementEvent.objects.filter(at__lte=at).aggregate(last=Max("id"))["last"]
    return Moment(at, number or 0)

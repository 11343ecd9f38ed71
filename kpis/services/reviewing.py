"""Reviewing figures: approve, return, withdraw. Every step is an event beside rows that never change."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from foundation import audit, outbox
from foundation.access import Actor
from foundation.errors import DomainError, StateError
from kpis.models import Measurement, MeasurementEvent
from kpis.services import ledger
from kpis.services.bundling import refuse_bundled
from kpis.services.entering import signer_of

Kind = MeasurementEvent.Kind


def approve(*, actor: Actor, measurements: Iterable[Measurement], note: str = "") -> list[Measurement]:
    """Approve rows that wait. Nobody approves their own; two reviewers at once approve once."""
    return _review(actor, measurements, Kind.APPROVED, "approve", note)


def return_(*, actor: Actor, measurements: Iterable[Measurement], note: str) -> list[Measurement]:
    """Send rows back with what is to be mended."""
    if not note.strip():
        raise DomainError("note_missing", _("差し戻す理由と、直すところを書いてください。"), field="note")
    return _review(actor, measurements, Kind.RETURNED, "return", note)


def withdraw(*, actor: Actor, measurements: Iterable[Measurement], note: str) -> list[Measurement]:
    """Take rows back, approved ones too; an older approved figure of the cell then counts again."""
    if not note.strip():
        raise DomainError("note_missing", _("取り下げる理由を書いてください。"), field="note")
    return _review(actor, measurements, Kind.WITHDRAWN, "withdraw", note)


def _review(
    actor: Actor, measurements: Iterable[Measurement], kind: str, verb: str, note: str
) -> list[Measurement]:
    ids = sorted({row.pk for row in measurements})
    if not ids:
        raise DomainError("nothing_chosen", _("値を一つ以上選んでください。"), field="rows")
    with transaction.atomic():
        rows = _allowed(actor, ids, verb)
        at = ledger.begin({row.indicator_id for row in rows})
        _check_states(rows, kind)
        _refuse_bundled(rows, kind)
        ledger.write_events(rows, kind, signer_of(actor), at, note)
        for row in rows:
            audit.record(actor, f"kpis.{verb}_measurement", row, after={"event": kind}, reason=note)
        outbox.emit("kpis.reviewed", _told(actor, ids, kind, note))
        return rows


def _refuse_bundled(rows: Sequence[Measurement], kind: str) -> None:
    """Pending figures of a report go with it; what was approved with it may be withdrawn later, as any other."""
    wanted = [row.pk for row in rows]
    if kind == Kind.WITHDRAWN:
        approved = MeasurementEvent.objects.filter(measurement_id__in=wanted, kind=Kind.APPROVED)
        done = set(approved.values_list("measurement_id", flat=True))
        wanted = [pk for pk in wanted if pk not in done]
    refuse_bundled(Measurement.objects.filter(pk__in=wanted).select_related("submission"))


def _told(actor: Actor, ids: list[int], kind: str, note: str) -> dict[str, object]:
    """What the notices are made of; `act` makes a repeated delivery recognisable."""
    return {
        "act": uuid.uuid4().hex,
        "measurements": ids,
        "kind": str(kind),
        "note": note,
        "by": actor.label,
        "user": actor.user_id,
    }


def _allowed(actor: Actor, ids: Sequence[int], verb: str) -> list[Measurement]:
    """The rows, all of them; 404 where one may not be seen, 403 where one may not be reviewed by this actor."""
    rows = list(Measurement.objects.filter(pk__in=ids).allowed(actor, verb).order_by("pk"))
    if len(rows) == len(ids):
        return rows
    if Measurement.objects.filter(pk__in=ids).visible_to(actor).count() < len(ids):
        raise Http404
    raise PermissionDenied(_("自分が報告した値や、確認の担当でない値は、承認・差戻しできません。"))


def _check_states(rows: Sequence[Measurement], kind: str) -> None:
    """Nothing follows a return or a withdrawal; an approved figure is corrected or withdrawn, not returned."""
    events = MeasurementEvent.objects.filter(measurement_id__in=[row.pk for row in rows])
    found: dict[int, set[str]] = {}
    for measurement_id, event in events.values_list("measurement_id", "kind"):
        found.setdefault(measurement_id, set()).add(event)
    closed = {Kind.RETURNED, Kind.WITHDRAWN} | (set() if kind == Kind.WITHDRAWN else {Kind.APPROVED})
    late = [str(row.public_id) for row in rows if found.get(row.pk, set()) & closed]
    if late:
        raise StateError(
            "already_reviewed",
            _("ほかの人が先に確認を済ませた値があります。今の状態を確かめて、選び直してください。"),
            details={"measurements": late},
        )

"""The audit trail: writing it, sealing it, proving it whole.

An entry is written in the transaction of the act that it tells. Writers share the lock "audit"; the sealer takes it
alone, so that every entry up to the highest id is settled, and chains the new ones in one batch (a chain inside
each transaction would serialise all writers).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction

from foundation import clock, context, lanes, locks
from foundation.access import Actor
from foundation.models.audit import AuditEntry, AuditSeal

Snapshot = dict[str, Any]


def record(
    actor: Actor,
    action: str,
    obj: models.Model,
    *,
    before: Snapshot | None = None,
    after: Snapshot | None = None,
    reason: str = "",
) -> AuditEntry:
    """Write one entry. Must run inside the transaction of the act; before/after hold only what changed."""
    locks.shared("audit")
    entry = AuditEntry.objects.create(
        at=clock.database_now(),
        actor_id=getattr(actor.user, "public_id", None),
        actor_label=actor.label[:200],
        on_behalf_of=actor.organization_name[:200],
        action=action,
        object_type=obj._meta.label_lower,
        object_id=str(getattr(obj, "public_id", obj.pk)),
        object_label=str(obj)[:300],
        before=_plain(before),
        after=_plain(after),
        reason=reason,
        request_id=context.request_id.get(),
    )
    lanes.wake("audit")
    return entry


def _plain(snapshot: Snapshot | None) -> Any:
    """The snapshot as JSON types: dates, decimals and ids become their text."""
    return None if snapshot is None else json.loads(json.dumps(snapshot, cls=DjangoJSONEncoder))


_SEALED_FIELDS = (
    "id", "at", "actor_id", "actor_label", "on_behalf_of", "action", "object_type", "object_id", "object_label",
    "before", "after", "reason", "request_id",
)  # fmt: skip


def _digest(previous: str, rows: Iterator[dict[str, Any]]) -> tuple[str, int]:
    """(sha256 over the previous digest and the rows in order, number of rows)."""
    digest, count = hashlib.sha256(previous.encode()), 0
    for row in rows:
        line = json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)
        digest.update(line.encode() + b"\n")
        count += 1
    return digest.hexdigest(), count


def _rows(after: int, up_to: int) -> Iterator[dict[str, Any]]:
    entries = AuditEntry.objects.filter(id__gt=after, id__lte=up_to).order_by("id")
    yield from entries.values(*_SEALED_FIELDS).iterator(chunk_size=2000)


def _last_sealed() -> int:
    return AuditSeal.objects.aggregate(last=models.Max("last_entry"))["last"] or 0


def has_unsealed() -> bool:
    return AuditEntry.objects.filter(id__gt=_last_sealed()).exists()


def seal() -> int:
    """Chain every settled entry that has no seal yet; returns how many were sealed."""
    with transaction.atomic():
        locks.exclusive("audit")
        previous = AuditSeal.objects.order_by("-last_entry").first()
        start = previous.last_entry if previous else 0
        last = AuditEntry.objects.filter(id__gt=start).aggregate(last=models.Max("id"))["last"]
        if last is None:
            return 0
        first = AuditEntry.objects.filter(id__gt=start).aggregate(first=models.Min("id"))["first"]
        before = previous.digest if previous else ""
        digest, count = _digest(before, _rows(start, last))
        AuditSeal.objects.create(
            first_entry=first,
            last_entry=last,
            entry_count=count,
            previous_digest=before,
            digest=digest,
            sealed_at=clock.database_now(),
        )
        return count


def verify() -> tuple[list[str], int]:
    """(what is broken, in Japanese; number of entries not sealed yet). An empty list: the chain is whole."""
    problems: list[str] = []
    previous, start = "", 0
    for sealed in AuditSeal.objects.order_by("last_entry"):
        digest, count = _digest(previous, _rows(start, sealed.last_entry))
        if sealed.previous_digest != previous:
            problems.append(f"封 {sealed.pk}: 直前の封とつながっていません。")
        if digest != sealed.digest or count != sealed.entry_count:
            problems.append(f"封 {sealed.pk}: 記録 {start + 1}〜{sealed.last_entry} が封をした時と違います。")
        previous, start = sealed.digest, sealed.last_entry
    return problems, AuditEntry.objects.filter(id__gt=start).count()


lanes.register("audit", pending=has_unsealed, work=seal)

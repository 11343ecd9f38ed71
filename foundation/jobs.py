"""Long jobs: asked in a transaction, done by a worker, with progress, cancel, retry and a visible end.

A worker claims a job with a lease. If it dies, the lease runs out and another worker claims it again, up to
MAX_ATTEMPTS; so every handler must be idempotent. `Progress.step` renews the lease, and refuses to go on when the
job was cancelled or when another worker holds it by now.
"""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from foundation import audit, lanes
from foundation.access import NOBODY, Actor, Ground, declare, load_actor, system_actor
from foundation.errors import DomainError
from foundation.models.jobs import Job

logger = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 3


class JobCancelled(Exception):
    """Raised inside a handler when the job was cancelled or its lease was lost."""


@dataclass(frozen=True)
class JobKind:
    """A kind of long work: its handler, and the label that people read."""

    name: str
    label: str
    handler: Callable[[Progress], Any]


_kinds: dict[str, JobKind] = {}


def job(name: str, label: str) -> Callable[[Callable[[Progress], Any]], Callable[[Progress], Any]]:
    """Register the handler of a kind. It gets a `Progress` and returns what the job's result shall be (JSON)."""

    def register(handler: Callable[[Progress], Any]) -> Callable[[Progress], Any]:
        _kinds[name] = JobKind(name, label, handler)
        return handler

    return register


def label_of(kind: str) -> str:
    return _kinds[kind].label if kind in _kinds else kind


def error_words(error: str) -> str:
    """What went wrong, in words; a fault of ours is not printed to people."""
    if "Traceback" in error:
        return _("処理中に予期しない誤りが起きました。管理者に連絡してください。")
    return error


def enqueue(actor: Actor, kind: str, arguments: dict[str, Any], *, unique_key: str | None = None) -> Job:
    """Put a job on the queue in the current transaction. The same `unique_key` gives the job already there."""
    job_row, created = Job.objects.get_or_create(
        unique_key=unique_key or uuid.uuid4().hex,
        defaults={
            "kind": kind,
            "arguments": arguments,
            "requested_by_id": actor.user_id,
            "on_behalf_of_id": actor.organization_id,
            "available_at": timezone.now(),
        },
    )
    if created:
        audit.record(actor, "foundation.enqueue_job", job_row, after={"kind": kind, "arguments": arguments})
        lanes.wake("jobs")
    return job_row


def cancel(actor: Actor, job_row: Job) -> None:
    """Ask a job to stop: at once when it waits, at its next step when it runs."""
    with transaction.atomic():
        Job.objects.filter(pk=job_row.pk, state=Job.State.QUEUED).update(
            state=Job.State.CANCELLED, finished_at=timezone.now()
        )
        Job.objects.filter(pk=job_row.pk, state=Job.State.RUNNING).update(cancel_requested=True)
        audit.record(actor, "foundation.cancel_job", job_row)


def _claimable() -> Any:
    now = timezone.now()
    waiting = Q(state=Job.State.QUEUED, available_at__lte=now)
    abandoned = Q(state=Job.State.RUNNING, lease_until__lt=now)
    return Job.objects.filter(waiting | abandoned)


def has_claimable() -> bool:
    return bool(_claimable().exists())


def _claim() -> Job | None:
    with transaction.atomic():
        rows = _claimable().order_by("available_at", "id")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        job_row: Job | None = rows.first()
        if job_row is None:
            return None
        now = timezone.now()
        job_row.state, job_row.attempts = Job.State.RUNNING, job_row.attempts + 1
        job_row.lease_until, job_row.lease_token = now + LEASE, uuid.uuid4()
        job_row.started_at = job_row.started_at or now
        job_row.save()
        return job_row


def work_one() -> int:
    """Claim and run one job to its end; 1 if there was one."""
    job_row = _claim()
    if job_row is None:
        return 0
    if job_row.attempts > MAX_ATTEMPTS:
        _finish(job_row, Job.State.FAILED, error="作業の途中で何度も止まったため、打ち切りました。")
        return 1
    try:
        result = _kinds[job_row.kind].handler(Progress(job_row))
    except JobCancelled:
        _finish(job_row, Job.State.CANCELLED)
    except DomainError as error:
        _finish(job_row, Job.State.FAILED, error=error.message)
    except Exception:  # noqa: BLE001 (whatever fails is noted on the job and shown)
        _retry_or_fail(job_row, traceback.format_exc(limit=8))
    else:
        _finish(job_row, Job.State.SUCCEEDED, result=result)
    return 1


def _finish(job_row: Job, state: str, *, result: Any = None, error: str = "") -> None:
    """Close the job if this worker still holds it."""
    Job.objects.filter(pk=job_row.pk, lease_token=job_row.lease_token).update(
        state=state, result=result, error=error, finished_at=timezone.now(), lease_until=None
    )


def _retry_or_fail(job_row: Job, error: str) -> None:
    logger.error("job %s failed (attempt %s)\n%s", job_row, job_row.attempts, error)
    if job_row.attempts >= MAX_ATTEMPTS:
        _finish(job_row, Job.State.FAILED, error=error)
        return
    Job.objects.filter(pk=job_row.pk, lease_token=job_row.lease_token).update(
        state=Job.State.QUEUED,
        error=error,
        available_at=timezone.now() + timedelta(seconds=4**job_row.attempts),
    )


class Progress:
    """What a handler sees of its job: its arguments, its actor as of now, and how to say how far it is."""

    def __init__(self, job_row: Job) -> None:
        self.job = job_row
        self.arguments: dict[str, Any] = job_row.arguments

    def actor(self) -> Actor:
        """The requester with the rights of this moment, not of the click."""
        if self.job.requested_by_id is None:
            return system_actor(self.job.kind)
        return load_actor(self.job.requested_by_id, self.job.on_behalf_of_id)

    def step(self, done: int, total: int, message: str = "") -> None:
        """Note progress outside of any transaction of the handler, renew the lease, stop if cancelled."""
        held = Job.objects.filter(pk=self.job.pk, lease_token=self.job.lease_token, cancel_requested=False)
        if not held.update(done=done, total=total, message=message[:200], lease_until=timezone.now() + LEASE):
            raise JobCancelled


def _own(actor: Actor) -> Q:
    return NOBODY if actor.user_id is None else Q(requested_by_id=actor.user_id)


declare("foundation.view_job", Job, "処理の進み具合と結果を見る", [Ground("依頼した人", _own)])
lanes.register("jobs", pending=has_claimable, work=work_one)

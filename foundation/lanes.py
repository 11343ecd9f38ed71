"""Durable lanes: queues that live in the database, and the hands that empty them.

A lane has a name, a cheap question "is anything waiting?" and a function that does (part of) the work and returns
how much it did. The database is the queue of record. Celery only brings the hands: `wake` sends a message after the
commit, and a sweep every few seconds finds whatever a lost message left. Without a broker a local worker
(`manage.py work`) asks the same questions and calls the same functions.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lane:
    """`pending()` is one indexed query; `work()` does a bounded piece and returns how many items it settled."""

    name: str
    pending: Callable[[], bool]
    work: Callable[[], int]


_lanes: dict[str, Lane] = {}


def register(name: str, *, pending: Callable[[], bool], work: Callable[[], int]) -> None:
    _lanes[name] = Lane(name, pending, work)


def names() -> list[str]:
    return sorted(_lanes)


def get(name: str) -> Lane:
    return _lanes[name]


def wake(name: str) -> None:
    """After the commit, ask a worker to look at the lane. Losing the message costs a moment, never the work."""
    transaction.on_commit(lambda: _send(name), robust=True)


def _send(name: str) -> None:
    if not settings.CELERY_BROKER_URL:
        return
    from foundation.tasks import work_lane

    try:
        work_lane.apply_async(args=(name,), retry=False, ignore_result=True)
    except Exception:  # noqa: BLE001 (whatever a broker raises, the sweep finds the work)
        logger.warning("broker unreachable; the sweep will find lane %s", name)


def drain(name: str, limit: int = 10_000) -> int:
    """Work the lane until nothing is left or `limit` rounds were made; returns the number of items settled."""
    lane, total = _lanes[name], 0
    for _round in range(limit):
        settled = lane.work()
        total += settled
        if not settled:
            break
    return total


def drain_all() -> int:
    """Work every lane until all are empty; what one lane produces for another is done too."""
    total = 0
    while settled := sum(drain(name) for name in names()):
        total += settled
    return total

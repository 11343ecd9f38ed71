"""Celery's hands for the durable lanes. Arguments are names only; what to do stands in the database."""

from __future__ import annotations

from celery import shared_task

from foundation import exports, idempotency, lanes, tidying


@shared_task(name="foundation.work_lane", ignore_result=True)
def work_lane(name: str) -> None:
    """Empty one lane. Running twice, or at the same time as another worker, changes nothing."""
    lanes.drain(name)


@shared_task(name="foundation.sweep", ignore_result=True)
def sweep() -> None:
    """Find what a lost message left: look at every lane, work those where something waits."""
    for name in lanes.names():
        if lanes.get(name).pending():
            lanes.drain(name)


@shared_task(name="foundation.tidy", ignore_result=True)
def tidy() -> None:
    """Once a night: forget idempotency keys that nobody will repeat any more, let go of exports kept long enough, and
    whatever else the floors forget.
    """
    idempotency.expire()
    exports.expire()
    tidying.run()

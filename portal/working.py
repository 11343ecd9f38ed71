"""The local worker: the hands of the durable lanes where no broker is, and a small clock for periodic tasks.

One thread per lane asks its cheap question again and again; what it does stands in the database, so killing the
worker at any moment loses nothing. The clock runs in the main thread and reads Celery's own schedule.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from typing import Any

from celery.schedules import maybe_schedule
from django.conf import settings
from django.db import close_old_connections, connection, connections

from foundation import lanes
from portal.celery import app as celery_app

logger = logging.getLogger(__name__)
PAUSE = {"sqlite": 0.2, "postgresql": 0.3}
LONGEST_PAUSE = 5.0
ASK_ANYWAY = 2.0
TICK = 1.0
# The threads ask their lanes all the time: nothing is left for the sweep to find.
NOT_OURS = {"foundation.sweep"}
# What should have run while the portal was switched off is done soon after it starts.
LOOKING_BACK = timedelta(days=1)


class LaneThread(threading.Thread):
    """Works one lane until it is told to stop; the piece in hand is finished first."""

    def __init__(self, name: str, stop: threading.Event) -> None:
        super().__init__(name=f"lane-{name}", daemon=True)
        self.lane, self.stop = lanes.get(name), stop
        self._version: int | None = None
        self._asked_at = 0.0

    def run(self) -> None:
        pause = 0.0
        while not self.stop.wait(pause):
            pause = self._turn(pause)
        connections.close_all()

    def _turn(self, last_pause: float) -> float:
        """Do one piece if there is any; returns how many seconds to wait until the next look."""
        try:
            worked = self._is_time_to_ask() and self.lane.pending() and self.lane.work()
            _close_old()
        except Exception:
            logger.exception("lane %s", self.lane.name)
            connection.close()
            self._version = None
            return min(LONGEST_PAUSE, max(PAUSE["sqlite"], 2 * last_pause))
        if worked:
            self._version = None  # its own writing does not show in the version: ask again at once
            return 0.0
        return PAUSE.get(connection.vendor, 0.3)

    def _is_time_to_ask(self) -> bool:
        """Whether the answer may have changed: somebody wrote to the file, or work may have fallen due since.

        SQLite tells at once whether another connection has written; a server is simply asked.
        """
        version, now = _data_version(), time.monotonic()
        if version is not None and version == self._version and now - self._asked_at < ASK_ANYWAY:
            return False
        self._version, self._asked_at = version, now
        return True


def _data_version() -> int | None:
    if connection.vendor != "sqlite":
        return None
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        version: int = cursor.fetchone()[0]
    return version


def _close_old() -> None:
    """A connection to a server is given back when its age has come; one to a file costs more to open than to keep."""
    if connection.vendor != "sqlite":
        close_old_connections()


class Clock:
    """Runs the tasks of CELERY_BEAT_SCHEDULE when they are due, each by its own task object."""

    def __init__(self) -> None:
        celery_app.loader.import_default_modules()
        entries = settings.CELERY_BEAT_SCHEDULE.values()
        self.entries = [entry for entry in entries if entry["task"] not in NOT_OURS]
        self.last_runs = [celery_app.now() - LOOKING_BACK for _entry in self.entries]

    def tick(self) -> None:
        for place, entry in enumerate(self.entries):
            schedule = maybe_schedule(entry["schedule"], app=celery_app)
            if schedule.is_due(self.last_runs[place]).is_due:
                self.last_runs[place] = celery_app.now()
                run_task(entry)


def run_task(entry: dict[str, Any]) -> None:
    """A failing task is logged and tried again at its next time."""
    try:
        task = celery_app.tasks[entry["task"]]
        task.apply(args=entry.get("args", ()), kwargs=entry.get("kwargs", {}), throw=True)
    except Exception:
        logger.exception("periodic task %s", entry["task"])
        connection.close()
    finally:
        _close_old()


def work(stop: threading.Event) -> None:
    """Work all lanes and keep the clock until `stop` is set and the pieces in hand are finished."""
    threads = [LaneThread(name, stop) for name in lanes.names()]
    for thread in threads:
        thread.start()
    clock = Clock()
    while not stop.wait(TICK):
        clock.tick()
    for thread in threads:
        thread.join()

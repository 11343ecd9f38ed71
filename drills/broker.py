"""Redis flushed midway and every task delivered twice: no figure may be lost or doubled.

DATABASE_URL=postgres://… CELERY_BROKER_URL=redis://… .venv/bin/python -m drills.broker [--rounds 5]
"""

from __future__ import annotations

import argparse
import sys
import time

from drills.ground import differences, ground
from drills.writers import WRITER
from tests.installation import Installation

TWICE = """
from foundation import lanes
from foundation.tasks import work_lane
for _time in range(2):
    for name in lanes.names():
        work_lane.apply_async(args=(name,), retry=False, ignore_result=True)
"""


def waiting(installation: Installation) -> int:
    return int(installation.python("from kpis.models import DirtyMark as M; print(M.objects.count())"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    import redis

    late = 0.0
    with ground() as installation:
        if not installation.has_broker:
            raise SystemExit("needs PostgreSQL and CELERY_BROKER_URL")
        broker = redis.Redis.from_url(installation.env["CELERY_BROKER_URL"])
        installation.start_worker()
        installation.start_worker()
        for number in range(options.rounds):
            writers = [
                installation.start_python(WRITER.format(seed=number * 9 + n, steps=20)) for n in range(2)
            ]
            time.sleep(0.7)
            broker.flushdb()
            installation.python(TWICE)
            assert not any(process.wait(120) for process in writers), installation.logs()
            broker.flushdb()
            start = time.monotonic()
            while waiting(installation) and time.monotonic() - start < 60:
                time.sleep(0.2)
            late = max(late, time.monotonic() - start)
        installation.stop_all()
        lines = differences(installation)
    print(
        f"{options.rounds} rounds, figures right {late:.1f} s after the last flush at the latest, {len(lines)} differences"
    )
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()

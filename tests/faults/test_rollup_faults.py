"""The roll-up after writers at once, a killed worker, a task run twice, and a broker that lost everything."""

from __future__ import annotations

import time

import pytest

from tests.installation import Installation

WRITER = """
import random
from tests.factories.kpis import *
from kpis.models import Indicator
from django.db import connection

random.seed({seed})
leaves = list(Indicator.objects.filter(code__startswith="L").order_by("code"))
for step in range({steps}):
    leaf = random.choice(leaves)
    row = report(leaf, f"FY2025-Q{{random.randint(1, 4)}}", str(random.randint(0, 1000)))
    act = random.random()
    if act < 0.6:
        approve(row)
        if act < 0.1:
            event(row, "withdrawn", "誤り")
    elif act < 0.8:
        event(row, "returned", "確認")
"""

# Runs the drain, but waits inside its open transaction, after the figures were written, until it is killed.
STUCK_DRAIN = """
import time
from pathlib import Path
from kpis.rollup import drain

compute = drain._compute

def stuck(cursor, **options):
    compute(cursor, **options)
    Path({flag!r}).touch()
    time.sleep(60)

drain._compute = stuck
drain.drain()
"""

SETTLE = """
from foundation import lanes
print("settled", lanes.drain_all())
"""


def verified(installation: Installation) -> None:
    """Everything drained, and not one stored figure differs from the ledger."""
    installation.python(SETTLE)
    done = installation.manage("rollup", "verify", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def marks(installation: Installation) -> int:
    code = "from kpis.models import DirtyMark; print(DirtyMark.objects.count())"
    return int(installation.python(code))


def wait(processes, seconds: float = 120) -> None:
    for process in processes:
        assert process.wait(seconds) == 0


def test_writers_at_once_with_a_worker_leave_no_difference(installation):
    worker = installation.start_worker()
    writers, steps = (8, 12) if installation.database else (3, 25)
    wait([installation.start_python(WRITER.format(seed=seed, steps=steps)) for seed in range(writers)])
    assert [process.poll() for process in worker] == [None] * len(worker), installation.logs()
    for process in worker:
        installation.kill(process)
    verified(installation)


def test_worker_killed_inside_its_transaction_loses_nothing(installation, tmp_path):
    installation.python(SETTLE)
    for attempt in range(3):
        installation.python(WRITER.format(seed=attempt, steps=5))
        before = marks(installation)
        flag = tmp_path / f"flag{attempt}"
        process = installation.start_python(STUCK_DRAIN.format(flag=str(flag)))
        end = time.monotonic() + 30
        while not flag.exists() and time.monotonic() < end:
            time.sleep(0.05)
        assert flag.exists()
        installation.kill(process)
        assert before > 0
        assert marks(installation) == before
    verified(installation)


def test_killed_workers_are_replaced_and_the_figures_come_out_right(installation):
    writers = [installation.start_python(WRITER.format(seed=seed, steps=20)) for seed in range(2)]
    for _round in range(3):
        workers = installation.start_worker()
        time.sleep(1.5)
        for process in workers:
            installation.kill(process)
    wait(writers)
    verified(installation)


def test_drains_at_once_and_twice_change_nothing(installation):
    installation.python(WRITER.format(seed=1, steps=20))
    wait([installation.start_python(SETTLE) for _twice in range(3)])
    verified(installation)


@pytest.mark.redis
def test_emptied_broker_loses_no_figure(installation):
    if not installation.has_broker:
        pytest.skip("the embedded edition has no broker")
    import redis

    workers = installation.start_worker()
    installation.python(WRITER.format(seed=3, steps=10))
    redis.Redis.from_url(installation.env["CELERY_BROKER_URL"]).flushdb()
    end = time.monotonic() + 60
    while marks(installation) and time.monotonic() < end:
        time.sleep(0.5)
    assert marks(installation) == 0
    for process in workers:
        installation.kill(process)
    verified(installation)

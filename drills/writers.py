"""Writers on overlapping trees at once while drains run; then nothing may differ, and nobody may have seen an error.

DATABASE_URL=postgres://… .venv/bin/python -m drills.writers [--writers 8] [--steps 200]
"""

from __future__ import annotations

import argparse
import sys
import time

from drills.ground import differences, ground

WRITER = """
import random
from django.db import transaction
from kpis.models import Indicator
from kpis.services import ledger
from tests.factories.kpis import *

random.seed({seed})
leaves = list(Indicator.objects.filter(code__startswith="L"))
for step in range({steps}):
    chosen = random.sample(leaves, random.randint(1, 4))
    rows = [report(leaf, f"FY2025-Q{{random.randint(1, 4)}}", str(random.randint(-99, 999))) for leaf in chosen]
    act = random.choice(["approved", "approved", "approved", "returned", "withdrawn"])
    with transaction.atomic():
        at = ledger.begin([row.indicator_id for row in rows])
        ledger.write_events(rows, act, Signer(name="確認"), at, "訓練")
    if act == "approved" and random.random() < 0.2:
        event(rows[0], "withdrawn", "誤り")
"""

DRAINER = """
import time
from pathlib import Path
from kpis.rollup import drain
while not Path({flag!r}).exists():
    if not drain.drain():
        time.sleep(0.01)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    start = time.monotonic()
    with ground() as installation:
        flag = installation.folder / "done"
        drainers = [installation.start_python(DRAINER.format(flag=str(flag))) for _two in range(2)]
        writers = [
            installation.start_python(WRITER.format(seed=seed, steps=options.steps))
            for seed in range(options.writers)
        ]
        failed = [process.wait(3600) for process in writers]
        flag.touch()
        failed += [process.wait(60) for process in drainers]
        lines = differences(installation)
        for line in lines[:5]:
            print(line)
        if any(failed):
            print(installation.logs())
        events = installation.python(
            "from kpis.models import MeasurementEvent as E; print(E.objects.count())"
        ).strip()
    print(
        f"{options.writers} writers, {events} events, {sum(map(bool, failed))} processes failed, "
        f"{len(lines)} differences, {time.monotonic() - start:.0f} s"
    )
    sys.exit(bool(lines) or any(failed))


if __name__ == "__main__":
    main()

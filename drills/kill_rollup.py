"""SIGKILL at random points of drains and rebuilds; afterwards not one stored figure may differ from the ledger.

    .venv/bin/python -m drills.kill_rollup [--kills 100] [--without-guard]

A child process changes some figures, then drains (or rebuilds) again and again; it says when its transaction is open and
when it is closed. A kill counts only if the transaction was open. Half of the kills hit a drain, half a rebuild.
`--without-guard` lets every statement commit by itself: the drill must then find differences.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import signal
import subprocess
import sys
import time

from drills.ground import differences, ground
from tests.installation import ROOT, SETUP, Installation

CHILD = """
import os, random, time
from django.db import connection
from kpis.models import Indicator
from kpis.rollup import drain
from tests.factories.kpis import *

random.seed({seed})
if {unguarded}:
    from contextlib import nullcontext
    from types import SimpleNamespace
    drain.transaction = SimpleNamespace(atomic=nullcontext)
    drain.locks = SimpleNamespace(exclusive=lambda name: None)

def said(word):
    os.write(1, word.encode())

prepare = drain._prepare

def opening(cursor, **options):
    said("o")
    prepare(cursor, **options)

def slowly(execute, statement, *rest):
    time.sleep(random.random() / 500)
    return execute(statement, *rest)

drain._prepare = opening
leaves = list(Indicator.objects.filter(code__startswith="L"))
said("r")
for step in range(10_000):
    for leaf in random.sample(leaves, 3):
        approved(leaf, f"FY2025-Q{{random.randint(1, 4)}}", str(random.randint(0, 999)))
    with connection.execute_wrapper(slowly):
        drain.rebuild() if {rebuilding} else drain.drain()
    said("c")
"""


class Victim:
    """The child, and what it last said: r ready, o transaction open, c committed."""

    def __init__(self, installation: Installation, seed: int, rebuilding: bool, unguarded: bool) -> None:
        code = CHILD.format(seed=seed, rebuilding=rebuilding, unguarded=unguarded)
        self.process = subprocess.Popen(
            [sys.executable, "-c", SETUP + code],
            cwd=ROOT,
            env=installation.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        self.pipe = self.process.stdout.fileno()
        self.last = ""

    def listen(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.pipe], [], [], left)[0]:
                heard = os.read(self.pipe, 4096).decode()
                if not heard:
                    raise SystemExit("the child ended by itself")
                self.last = heard[-1]

    def until_open(self) -> None:
        while self.last != "o":
            self.listen(0.002)

    def kill(self) -> bool:
        """True if the transaction was open when the signal struck."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        rest = os.read(self.pipe, 4096).decode()
        return ((self.last + rest)[-1:]) == "o"


def kill_once(installation: Installation, seed: int, rebuilding: bool, unguarded: bool) -> bool:
    victim = Victim(installation, seed, rebuilding, unguarded)
    chance = random.Random(seed)  # noqa: S311 (a moment, no secret)
    victim.listen(0.0)
    victim.until_open()
    victim.listen(chance.random() * (0.12 if rebuilding else 0.05))
    return victim.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--without-guard", action="store_true")
    parser.add_argument("--check-every", type=int, default=10)
    options = parser.parse_args()
    counted, struck, found = {False: 0, True: 0}, 0, 0
    with ground() as installation:
        while sum(counted.values()) < options.kills:
            rebuilding = counted[True] < counted[False]
            struck += 1
            if kill_once(installation, struck, rebuilding, options.without_guard):
                counted[rebuilding] += 1
                if options.without_guard or sum(counted.values()) % options.check_every == 0:
                    lines = differences(installation)
                    found += len(lines)
                    for line in lines[:3]:
                        print(line, flush=True)
                    if lines:
                        installation.manage("rollup", "rebuild")
                    if lines and options.without_guard:
                        break
        lines = differences(installation)
        found += len(lines)
    print(
        f"{installation.env['DATABASE_URL'].split(':')[0]}: {struck} kills, {counted[False]} inside a drain, "
        f"{counted[True]} inside a rebuild, {found} differences"
    )
    sys.exit((found == 0) if options.without_guard else (found > 0))


if __name__ == "__main__":
    main()

"""The ground of the drills: an installation of its own with overlapping trees, and the final proof."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.installation import Installation

# 24 leaves under 6 middles under 2 tops; every leaf feeds two middles, so that the trees overlap
BUILD = """
from tests.factories.kpis import *

card = make_scorecard()
tops = [make_rolled_up(card, fields={"code": f"T{n}"}) for n in range(2)]
middles = [make_rolled_up(card, fields={"code": f"M{n}"}) for n in range(6)]
for place, middle in enumerate(middles):
    for top in tops:
        contribute(middle, top, position=place)
for number in range(24):
    leaf = make_indicator(card, fields={"code": f"L{number:02}"})
    for step in (0, 1):
        contribute(leaf, middles[(number + step) % 6], position=number)
    for quarter in range(1, 5):
        approved(leaf, f"FY2025-Q{quarter}", str(number * 10 + quarter))
from foundation import lanes
lanes.drain_all()
"""

SETTLE = "from foundation import lanes; lanes.drain_all()"


@contextmanager
def ground() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="portal-drill-"))
    made = Installation(folder)
    try:
        made.manage("migrate", "--verbosity", "0")
        made.python(BUILD)
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


def differences(installation: Installation, *, settle: bool = True) -> list[str]:
    """What `rollup verify` finds, after everything that waits was done."""
    if settle:
        installation.python(SETTLE)
    done = installation.manage("rollup", "verify", check=False)
    return [] if done.returncode == 0 else [*done.stdout.splitlines(), *done.stderr.splitlines()[-1:]]

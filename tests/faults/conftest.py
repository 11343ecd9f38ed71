from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation

BUILD = """
from decimal import Decimal
from tests.factories.kpis import *
from kpis.periods import Period

card = make_scorecard()
top = make_rolled_up(card, fields={"code": "TOP"})
for group in range(3):
    middle = make_rolled_up(card, fields={"code": f"M{group}"})
    contribute(middle, top, position=group)
    for leaf in range(4):
        child = make_indicator(card, fields={"code": f"L{group}{leaf}"})
        contribute(child, middle, position=leaf)
        approved(child, "FY2025-Q1", "10")
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A migrated portal with a three-level tree of 12 measured indicators; the tests work on copies of it."""
    made = Installation(tmp_path_factory.mktemp("built"))
    try:
        made.manage("migrate", "--verbosity", "0")
        made.python(BUILD)
        yield made
    finally:
        made.close()


@pytest.fixture
def installation(built: Installation, tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path, like=built)
    try:
        yield made
    finally:
        made.close()

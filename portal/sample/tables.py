"""Reading the sample's tables: every cell is text, what it means is asked for by name."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from foundation.dates import TOKYO
from kpis.periods import Period

DATA = Path(__file__).resolve().parent / "data"
FORUM, RECORD = "shionagi", "public_record"
Row = dict[str, str]


@cache
def table(name: str, room: str = FORUM) -> tuple[Row, ...]:
    """Every row of a table in its order; blank cells are empty texts."""
    with (DATA / room / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, strict=True))


@cache
def document(name: str) -> Any:
    return json.loads((DATA / FORUM / f"{name}.json").read_text(encoding="utf-8"))


def split(cell: str) -> list[str]:
    """A cell with several references: `O01;O02`."""
    return [part for part in cell.split(";") if part]


def day(cell: str) -> date:
    return date.fromisoformat(cell)


def day_or_none(cell: str) -> date | None:
    return day(cell) if cell else None


def number(cell: str) -> Decimal | None:
    return Decimal(cell) if cell else None


def period(cell: str) -> Period:
    return Period.from_code(cell)


def period_or_none(cell: str) -> Period | None:
    return period(cell) if cell else None


def flag(cell: str) -> bool:
    return cell == "1"


def moment(on: date | str, hour: int, minute: int = 0) -> datetime:
    """An hour of a day in Tokyo."""
    on = on if isinstance(on, date) else date.fromisoformat(on)
    return datetime.combine(on, time(hour, minute), tzinfo=TOKYO)

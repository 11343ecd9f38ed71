"""Many measurements at once: the ledger's own fast door, for figures of earlier years and of other systems.

What `kpis.services.ledger` does row by row happens here for all rows together and by the same rules: rows and events
under the ledger's lock, then the measured cells, then a mark for each. PostgreSQL takes the rows by COPY.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection

from foundation import clock, lanes, locks
from foundation.fields import ExactDecimalField
from kpis.cells import LEDGER_LOCK, refresh_since
from kpis.models import IndicatorSheet
from kpis.rollup.sql import BY_TABLES
from kpis.services.ledger import Signer

CHUNK = 20_000
_MEASUREMENT = [
    "id",
    "public_id",
    "indicator_id",
    "period",
    "submission_id",
    "organization_id",
    "post_id",
    "reporter_id",
    "reporter_name",
    "unit",
    "value",
    "numerator",
    "denominator",
    "nature",
    "missing",
    "note",
    "recorded_at",
]
_EVENT = [
    "id",
    "measurement_id",
    "kind",
    "at",
    "user_id",
    "user_name",
    "organization_id",
    "post_id",
    "is_same_organization",
    "note",
]
_TABLES = ("kpis_measurement", "kpis_measurementevent")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class Row:
    """A checked figure by keys: `kpis.services.ledger.Entry` without its objects."""

    indicator_id: int
    period: int
    unit: str
    submission_id: int | None
    organization_id: int | None
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    nature: str = "final"
    missing: str = ""
    note: str = ""


@dataclass
class Writer:
    """The door while it is open, inside the caller's transaction: `add` any number of times, then `close`.

    `kinds`: the events of every row, in order. Everybody else's writing waits until the transaction ends.
    """

    signer: Signer
    kinds: Sequence[str]
    at: datetime | None = None
    count: int = 0
    _negative: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        locks.exclusive(LEDGER_LOCK)
        self.at = self.at or clock.database_now()
        self._next = [self._last_id(table) + 1 for table in _TABLES]
        self._first = self._next[0]

    def add(self, rows: Iterable[Row]) -> None:
        iterator = iter(rows)
        while chunk := list(islice(iterator, CHUNK)):
            measurement, event = self._next
            self._store(_TABLES[0], _MEASUREMENT, self._measurements(chunk, measurement))
            self._store(_TABLES[1], _EVENT, self._events(chunk, measurement, event))
            self._next = [measurement + len(chunk), event + len(chunk) * len(self.kinds)]
            self.count += len(chunk)
            self._negative.update(row.indicator_id for row in chunk if _is_negative(row))

    def close(self) -> None:
        """Bring the cells up to date and leave the marks."""
        if not self.count:
            return
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                for table in _TABLES:
                    cursor.execute(
                        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
                    )
                cursor.execute(f"{BY_TABLES}; ANALYZE {', '.join(_TABLES)}")
            refresh_since(self._first)
            cursor.execute(
                "INSERT INTO kpis_dirtymark (indicator_id, period, marked_at) SELECT DISTINCT indicator_id, period, %s "
                "FROM kpis_measurement WHERE id >= %s AND nature <> 'outlook' ORDER BY indicator_id, period",
                [self._moment(), self._first],
            )
        sheets = IndicatorSheet.objects.filter(indicator_id__in=self._negative, superseded_at=None)
        sheets.filter(may_be_negative=False).update(may_be_negative=True)
        lanes.wake("rollup")

    def _measurements(self, rows: Sequence[Row], first_id: int) -> Iterator[tuple[Any, ...]]:
        signer, at, figure = self.signer, self._moment(), _figures()
        for number, row in enumerate(rows, first_id):
            yield (
                number, uuid.uuid4().hex, row.indicator_id, row.period, row.submission_id, row.organization_id,
                signer.post_id, signer.user_id, signer.name, row.unit, figure(row.value), figure(row.numerator),
                figure(row.denominator), row.nature, row.missing, row.note, at,
            )  # fmt: skip

    def _events(self, rows: Sequence[Row], first_row: int, first_id: int) -> Iterator[tuple[Any, ...]]:
        signer, at, number = self.signer, self._moment(), first_id
        for place, row in enumerate(rows, first_row):
            for kind in self.kinds:
                same = kind == "approved" and signer.organization_id == row.organization_id is not None
                yield (
                    number, place, kind, at, signer.user_id, signer.name, signer.organization_id, signer.post_id,
                    same, "",
                )  # fmt: skip
                number += 1

    def _moment(self) -> Any:
        return connection.ops.adapt_datetimefield_value(self.at)

    @staticmethod
    def _last_id(table: str) -> int:
        """The highest key ever given out; nobody else takes one while the lock is held."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"SELECT nextval(pg_get_serial_sequence('{table}', 'id'))")
            else:
                cursor.execute(f"SELECT COALESCE(max(id), 0) FROM {table}")
            return int(cursor.fetchone()[0])

    @staticmethod
    def _store(table: str, columns: Sequence[str], lines: Iterable[tuple[Any, ...]]) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", _copy_text(lines))
                return
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", list(lines))


def _figures() -> Any:
    """How this database wants a figure."""
    if connection.vendor == "postgresql":
        return lambda value: value
    exact = ExactDecimalField()
    return lambda value: exact.get_db_prep_value(value, connection)


def _copy_text(lines: Iterable[tuple[Any, ...]]) -> io.StringIO:
    out = io.StringIO()
    for line in lines:
        out.write("\t".join(["\\N" if value is None else _copied(value) for value in line]))
        out.write("\n")
    out.seek(0)
    return out


def _copied(value: Any) -> str:
    if isinstance(value, str):
        return value.translate(_ESCAPES) if value else value
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _is_negative(row: Row) -> bool:
    return any(figure is not None and figure < 0 for figure in (row.value, row.numerator))

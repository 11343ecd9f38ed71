"""Exporting a round's progress reports: a workbook (a form for paper, sheets for data), CSV or PDF."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, cast

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundation import exports
from foundation.access import Actor, may
from foundation.documents import print_document
from foundation.errors import DomainError
from foundation.exports import Described, Order
from foundation.sheets import write_csv, write_xlsx
from kpis.services import ledger
from projects.reporting.export_columns import data_columns, workbook_sheets
from projects.reporting.export_document import reports_document
from projects.reporting.selectors.exported import Record, Step, Wanted, records, wanted

REPORTS = "projects.reports"
FORMATS = ("xlsx", "csv", "pdf")
MAX_IN_PDF = 300


def describe(actor: Actor, parameters: dict[str, Any]) -> Described:
    """Whoever sees the round may export what they see of it."""
    chosen = wanted(actor, parameters)
    sees_all = may(actor, "projects.board_reportinground", chosen.round)
    return Described(
        chosen.title,
        "all" if sees_all else f"organization:{actor.organization_id}",
        reverse("projects:round_export", args=[chosen.round.public_id]),
    )


def produce(order: Order) -> int:
    chosen = wanted(order.actor, order.parameters)
    moment = ledger.settle(order.fix_as_of(lambda: ledger.settle().at))
    return write_reports(order.actor, chosen, order.format, order.target, moment, order.step, order.alive)


def write_reports(
    actor: Actor,
    chosen: Wanted,
    format: str,
    target: IO[bytes],
    moment: ledger.Moment,
    step: Step,
    alive: Callable[[], object] = lambda: None,
) -> int:
    """Write the file and return the number of reports. The reports are read once, and wait on disk."""
    with spooled(records(actor, chosen, moment.at, step), alive) as spool:
        if format == "csv":
            write_csv(target, data_columns(chosen), spool.again())
        elif format == "xlsx":
            write_xlsx(
                workbook_sheets(chosen, moment.at, moment.number, spool.again),
                target,
                created=_stamp(moment.at),
            )
        else:
            if spool.count > MAX_IN_PDF:
                raise _too_many(spool.count)
            document = reports_document(chosen, moment.at, moment.number, spool.again)
            print_document(document, target, alive=alive)
        return spool.count


def _stamp(at: datetime) -> datetime:
    """The workbook's creation date: the moment it speaks of, without a zone, as the format wants it."""
    return at.replace(tzinfo=None, microsecond=0)


def _too_many(count: int) -> DomainError:
    message = _(
        "PDFにできるのは%(limit)s件までです（該当は%(count)s件）。条件を絞るか、XLSX・CSVで書き出してください。"
    )
    return DomainError("too_many_for_pdf", message % {"limit": f"{MAX_IN_PDF:,}", "count": f"{count:,}"})


@contextmanager
def spooled(rows: Iterable[Record], alive: Callable[[], object]) -> Iterator[Spool]:
    """The records on disk, to be walked through as often as there are sheets."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        count = 0
        for row in rows:
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
        yield Spool(lines, count, alive)


@dataclass(frozen=True)
class Spool:
    """`again` starts from the first record; one walk at a time."""

    lines: IO[str]
    count: int
    alive: Callable[[], object]

    def again(self) -> Iterator[Record]:
        self.lines.seek(0)
        for number, line in enumerate(self.lines):
            if number % 100 == 0:
                self.alive()
            yield json.loads(line)


exports.register_export(
    REPORTS, cast(str, gettext_lazy("進捗報告")), FORMATS, describe=describe, produce=produce
)

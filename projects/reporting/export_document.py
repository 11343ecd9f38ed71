"""The reports of a round as a document for paper (PDF): a list, then one report after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from foundation.dates import wareki
from foundation.documents import Block, Document, Facts, Heading, PageBreak, Paragraph, Table, TableColumn
from projects.reporting.export_columns import (
    Again,
    day_of,
    lead,
    questions_of,
    review_words,
    status_words,
)
from projects.reporting.models import Side
from projects.reporting.questions import ALIGNMENT, WIDE_SPREAD
from projects.reporting.selectors.exported import Record, Wanted


def reports_document(chosen: Wanted, as_of: datetime, record_number: int, again: Again) -> Document:
    lines = lead(chosen, as_of, record_number)
    return Document(
        chosen.title,
        _blocks(chosen, again),
        lead=lines,
        running=chosen.title,
        footer=lines[-1],
        size=9.5,
    )


def _blocks(chosen: Wanted, again: Again) -> Iterator[Block]:
    yield Heading(_("一覧"))
    yield Table(
        [
            TableColumn(_("番号"), 1),
            TableColumn(_("プロジェクト"), 4),
            TableColumn(_("代表機関"), 3),
            TableColumn(_("状態・提出日"), 3),
            TableColumn(_("確認"), 3),
        ],
        (_line(record) for record in again()),
        size=0.9,
    )
    for record in again():
        yield PageBreak()
        yield from _report(chosen, record)


def _line(record: Record) -> list[str]:
    return [
        record["project_code"],
        record["project"],
        record["lead"],
        status_words(record),
        review_words(record),
    ]


def _report(chosen: Wanted, record: Record) -> Iterator[Block]:
    yield Heading(f"{record['project_code']}　{record['project']}".strip("　"))
    yield Facts(_facts(record))
    if record["version"] is None:
        yield Paragraph(_("提出された報告はありません。"))
        return
    for key, label in questions_of(chosen):
        yield Heading(label, 3)
        yield Paragraph(record["answers"].get(key) or _("（記入なし）"))
    yield Heading(_("実績値"), 3)
    if record["figures"]:
        yield _figures(record)
    else:
        yield Paragraph(_("この報告で提出された実績値はありません。"))
    yield Heading(_("四つの問い"), 3)
    yield _alignment(record)


def _facts(record: Record) -> list[tuple[str, str]]:
    approved = day_of(record["approved_at"])
    facts = [
        (_("代表機関"), record["lead"]),
        (_("状態・提出日"), status_words(record)),
        (_("確認"), review_words(record)),
    ]
    if approved:
        facts.append((_("承認日"), wareki(approved)))
    return facts


def _figures(record: Record) -> Table:
    rows = [
        [each["code"], each["name"], each["period_label"], each["text"], each["nature_word"]]
        for each in record["figures"]
    ]
    columns = [
        TableColumn(_("番号"), 1.2),
        TableColumn(_("KPI"), 4),
        TableColumn(_("期間"), 2.4),
        TableColumn(_("値"), 2, right=True),
        TableColumn(_("性質"), 1.3),
    ]
    return Table(columns, rows, size=0.9)


def _alignment(record: Record) -> Table:
    """The sides beside each other; a spread of two or more is told."""
    columns = [
        TableColumn(_("問い"), 4),
        *(TableColumn(str(side.label), 1.3) for side in Side),
        TableColumn(_("開き"), 1),
    ]
    return Table(columns, [_answers(record, key, str(label)) for key, label in ALIGNMENT], size=0.9)


def _answers(record: Record, question: str, label: str) -> list[str]:
    given = [each for each in record["alignment"] if each["question"] == question]
    scores = [each["score"] for each in given]
    return [label, *(_scores(given, side) for side in Side), spread_words(scores)]


def _scores(given: Iterable[Record], side: str) -> str:
    return "・".join(str(each["score"]) for each in given if each["side"] == side) or "－"


def spread_words(scores: list[int]) -> str:
    if len(scores) < 2:
        return "－"
    spread = max(scores) - min(scores)
    return f"{spread}（{_('大')}）" if spread >= WIDE_SPREAD else str(spread)

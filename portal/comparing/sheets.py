"""The comparison as a file: a workbook to read and print, or CSV in one line per forum and item.

Both carry definitions, units, basis, 基準時点 and 取得日時, so that a figure can be read without the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from django.utils.translation import gettext as _

from ecosystems.comparing import Cell
from ecosystems.models import Forum
from foundation.dates import TOKYO
from foundation.sheets import Column, Sheet, write_csv, write_xlsx
from foundation.sheets.cells import CellValue
from kpis.selectors.comparing import Pair, Stand
from kpis.services.ledger import Moment
from portal.comparing.selectors import Compared


@dataclass(frozen=True)
class Item:
    """One forum's say in one item: the row of the CSV file and, by pairs, of the workbook's first sheet."""

    forum: str
    section: str
    label: str
    value: CellValue
    unit: str = ""
    period: str = ""
    target: str = ""
    rate: str = ""
    grade: str = ""
    coverage: str = ""
    definition: str = ""
    note: str = ""


def write(compared: Compared, moment: Moment, kind: str, made_for: str, target: IO[bytes]) -> int:
    """Write the file and answer with the number of its items."""
    items = list(_items(compared))
    if kind == "csv":
        write_csv(target, _csv_columns(compared, moment), items)
    else:
        created = moment.at.replace(tzinfo=None, microsecond=0)
        write_xlsx(_sheets(compared, _facts(compared, moment, made_for)), target, created=created)
    return len(items)


def _items(compared: Compared) -> Iterator[Item]:
    for section in compared.sections:
        for row in section.rows:
            for forum in compared.forums:
                cell = row.cells[forum.pk]
                note = row.note or section.note
                yield Item(
                    forum.name, section.label, row.label, _value(cell), _unit(cell, row.unit), note=note
                )
    one, other = compared.forums
    kpis = compared.kpis
    for label, pairs in ((_("並べて比べるKPI"), kpis.same), (_("単位の種類が異なるKPI"), kpis.alike)):
        for pair in pairs:
            yield _of_stand(one, label, pair.one, pair.reason)
            yield _of_stand(other, label, pair.other, pair.reason)
    apart = _("定義が異なるため並べないKPI")
    for forum, stands in compared.apart:
        for stand in stands:
            yield _of_stand(forum, apart, stand, "")


def _value(cell: Cell) -> CellValue:
    return cell.number if cell.number is not None else cell.text


def _unit(cell: Cell, unit: str) -> str:
    return unit if cell.number is not None else ""


def _of_stand(forum: Forum, section: str, stand: Stand, reason: str) -> Item:
    return Item(
        forum.name,
        section,
        stand.name,
        _figure(stand),
        stand.unit,
        stand.year.label_both,
        stand.target,
        _rate(stand),
        stand.judgement.label if stand.judgement.grade else "",
        stand.coverage,
        stand.definition,
        "、".join(filter(None, (reason, stand.note))),
    )


def _figure(stand: Stand) -> CellValue:
    """The exact figure without trailing zeros, or the word for why there is none."""
    return stand.word if stand.number is None else stand.number.normalize()


def _rate(stand: Stand) -> str:
    return f"{stand.rate_name} {stand.rate}".strip()


_COLUMNS = (
    Column(_("場"), "forum", width=28),
    Column(_("区分"), "section", width=22),
    Column(_("項目"), "label", width=34),
    Column(_("値"), "value", width=18),
    Column(_("単位"), "unit", width=8),
    Column(_("年度"), "period", width=18),
    Column(_("目標値"), "target", width=10),
    Column(_("率"), "rate", width=14),
    Column(_("評価区分"), "grade", width=14),
    Column(_("報告状況"), "coverage", width=10),
    Column(_("定義"), "definition", width=60),
    Column(_("注"), "note", width=40),
)


def _csv_columns(compared: Compared, moment: Moment) -> list[Column]:
    """Every line says on which basis and of which moment it is."""

    def fixed(header: str, value: CellValue) -> Column:
        return Column(header, lambda _item: value)

    return [
        *_COLUMNS,
        fixed(_("集計の基準"), _("承認済み")),
        fixed(_("基準時点"), moment.at),
        fixed(_("取得日時"), compared.made_at),
    ]


# --- the workbook ----------------------------------------------------------------------------------------------------


def _facts(compared: Compared, moment: Moment, made_for: str) -> list[tuple[str, CellValue]]:
    one, other = compared.forums
    return [
        (_("一つ目の場"), one.name),
        (_("二つ目の場"), other.name),
        (_("集計の基準"), _("承認済みの値だけ")),
        (_("KPIの年度"), compared.period),
        (_("基準時点"), moment.at),
        (_("記録番号"), moment.number),
        (_("取得日時"), compared.made_at),
        (_("取得した機関"), made_for),
        (
            _("範囲"),
            _(
                "取得した人に表示できるものだけを数えています。同じ比較でも、見る人により件数が異なることがあります。"
            ),
        ),
        (
            _("並べる条件"),
            _(
                "単位の種類が同じで、名称又は定義の文が同じKPIだけを並べます。それ以外は両方の定義を示し、並べません。"
            ),
        ),
        (
            _("評価区分"),
            _(
                "評価は、それぞれの場が決めた方式によります。方式が異なるときは、同じ言葉でも同じ意味とは限りません。"
            ),
        ),
    ]


def _sheets(compared: Compared, facts: Sequence[tuple[str, CellValue]]) -> list[Sheet]:
    one, other = compared.forums
    lines = [(section.label, row, section.note) for section in compared.sections for row in section.rows]
    return [
        Sheet(
            _("比較"),
            [
                Column(_("区分"), lambda line: line[0], width=24),
                Column(_("項目"), lambda line: line[1].label, width=26),
                Column(one.name, lambda line: _value(line[1].cells[one.pk]), width=42),
                Column(other.name, lambda line: _value(line[1].cells[other.pk]), width=42),
                Column(_("単位"), lambda line: line[1].unit, width=8),
                Column(_("注"), lambda line: line[1].note or line[2], width=40),
            ],
            lines,
            title=_("地域共創の場の比較"),
            notes=[f"{name}：{_printed(value)}" for name, value in facts[:7]],
        ),
        Sheet(_("並べるKPI"), _pair_columns(one, other), [*compared.kpis.same]),
        Sheet(
            _("並べないKPI"),
            list(_COLUMNS),
            [
                item
                for item in _items(compared)
                if item.section in (_("単位の種類が異なるKPI"), _("定義が異なるため並べないKPI"))
            ],
        ),
        Sheet(
            _("この資料について"),
            [
                Column(_("項目"), lambda fact: fact[0], width=20),
                Column(_("内容"), lambda fact: fact[1], width=90),
            ],
            [(name, _printed(value)) for name, value in facts],
        ),
    ]


def _printed(value: CellValue) -> CellValue:
    """An instant to the minute in Tokyo, as text; anything else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(TOKYO).strftime("%Y/%m/%d %H:%M")
    return value


def _pair_columns(one: Forum, other: Forum) -> list[Column]:
    def of(side: str, forum: Forum) -> list[Column]:
        def read(get: Callable[[Stand], Any]) -> Callable[[Pair], CellValue]:
            return lambda pair: get(getattr(pair, side))

        return [
            Column(
                f"{forum.name} {_('値')}",
                read(_figure),
                width=14,
            ),
            Column(_("単位"), read(lambda s: s.unit), width=8),
            Column(_("年度"), read(lambda s: s.year.label_both), width=18),
            Column(_("目標値"), read(lambda s: s.target), width=10),
            Column(_("率"), read(_rate), width=14),
            Column(_("評価区分"), read(lambda s: s.judgement.label if s.judgement.grade else ""), width=14),
            Column(_("報告状況"), read(lambda s: s.coverage), width=10),
            Column(_("定義"), read(lambda s: s.definition), width=50),
        ]

    return [
        Column(_("KPI"), lambda pair: pair.one.name, width=30),
        Column(_("並べる理由"), "reason", width=26),
        *of("one", one),
        *of("other", other),
    ]

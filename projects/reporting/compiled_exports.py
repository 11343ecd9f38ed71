"""A compiled report as a file: a workbook (for paper and for data), or a PDF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundation import exports
from foundation.access import Actor
from foundation.dates import wareki
from foundation.documents import (
    Block,
    Document,
    Facts,
    Heading,
    Paragraph,
    Table,
    TableColumn,
    print_document,
)
from foundation.errors import DomainError
from foundation.exports import Described, Order
from foundation.sheets import DATE, INTEGER, Column, Sheet, write_xlsx
from foundation.sheets.cells import CellValue
from projects.reporting.export_columns import moment_words, one_line
from projects.reporting.models import CompiledReport, Side
from projects.reporting.questions import ALIGNMENT
from projects.reporting.wording import (
    GROUP_WORDS,
    WORD_TITLES,
    agenda_word,
    answers_words,
    judged_words,
    lateness,
    spread_words,
)

COMPILED = "projects.compiled"
FORMATS = ("xlsx", "pdf")
Content = Mapping[str, Any]


def compiled_of(actor: Actor, parameters: Mapping[str, Any]) -> CompiledReport:
    """The compiled report {"compiled": id} that the actor sees; Http404 otherwise."""
    if set(parameters) != {"compiled"}:
        raise DomainError("bad_parameters", _("書き出しの条件が読み取れません。"), field="parameters")
    rows = CompiledReport.objects.visible_to(actor).select_related("round__forum", "vision")
    try:
        found: CompiledReport | None = rows.filter(public_id=UUID(str(parameters["compiled"]))).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found


def title_of(compiled: CompiledReport) -> str:
    """「令和8年度 第2四半期 進捗報告 とりまとめ（海まるごと循環ビジョン2035）第2版」."""
    about = compiled.vision.name if compiled.vision else compiled.round.forum.name
    return _("%(round)s とりまとめ（%(about)s）第%(version)s版") % {
        "round": compiled.round.name,
        "about": about,
        "version": compiled.version,
    }


def describe(actor: Actor, parameters: dict[str, Any]) -> Described:
    """Everybody who reads it reads the same."""
    compiled = compiled_of(actor, parameters)
    url = reverse("projects:compiled", args=[compiled.public_id])
    return Described(title_of(compiled), compiled.digest, url)


def produce(order: Order) -> int:
    compiled = compiled_of(order.actor, order.parameters)
    order.fix_as_of(lambda: compiled.as_of)
    content = compiled.content
    if order.format == "xlsx":
        write_xlsx(
            _sheets(compiled), order.target, created=compiled.as_of.replace(tzinfo=None, microsecond=0)
        )
    else:
        print_document(_document(compiled), order.target, alive=order.alive)
    return sum(len(card["rows"]) for card in content["figures"])


def _lead(compiled: CompiledReport) -> list[str]:
    head = compiled.content["head"]
    return [
        head["forum"],
        _("対象期間：%(period)s　数値：%(year)s")
        % {"period": head["period_label"], "year": head["year_label"]},
        _("基準時点：%(at)s　記録番号：%(number)s")
        % {"at": moment_words(compiled.as_of), "number": head["record_number"]},
        *([] if compiled.published_at else [_("確認用（公開前）")]),
    ]


# --- workbook --------------------------------------------------------------------------------------------------------


def _sheets(compiled: CompiledReport) -> list[Sheet]:
    content = compiled.content
    figures = [(card, row) for card in content["figures"] for row in card["rows"]]
    submitted = content["submission"]["rows"]
    title, lead = title_of(compiled), _lead(compiled)
    words = [(key, each) for key in WORD_TITLES for each in content["words"][key]]
    return [
        Sheet(_("様式（印刷用）"), _form_columns(), figures, title=title, notes=lead, is_form=True),
        Sheet(_("データ（数値）"), _figure_columns(content), figures),
        Sheet(_("データ（提出状況）"), _submission_columns(), submitted),
        Sheet(_("データ（四つの問い）"), _alignment_columns(), list(_flat_answers(content))),
        Sheet(_("データ（報告の言葉）"), _word_columns(), words),
    ]


def _of(name: str) -> Any:
    return lambda row: row[1][name]


def _printed(name: str) -> Any:
    return lambda row: row[1][name]["text"] or row[1][name]["word"]


def _form_columns() -> list[Column]:
    return [
        Column(_("番号"), _of("code"), width=9),
        Column(_("KPI"), lambda row: f"{row[1]['name']}（{row[1]['unit']}）", width=38),
        Column(_("目標値"), _of("target"), width=11),
        Column(_("承認済み"), _printed("official"), width=13),
        Column(_("承認前を含む"), _printed("provisional"), width=13),
        Column(_("報告状況"), _of("coverage"), width=9),
        Column(_("率"), lambda row: f"{row[1]['rate']} {row[1]['rate_label']}".strip(), width=16),
        Column(_("評価区分"), lambda row: f"{row[1]['symbol']} {row[1]['grade']}".strip(), width=16),
        Column(_("所管課"), _of("keeper"), width=24),
    ]


def _figure_columns(content: Content) -> list[Column]:
    head = content["head"]
    kinds = {"vision": _("地域ビジョン"), "project": _("プロジェクト")}
    return [
        Column(_("年度"), lambda row: head["year_label"], width=18),
        Column(_("区分"), lambda row: kinds[row[0]["kind"]]),
        Column(_("番号（ビジョン・プロジェクト）"), lambda row: row[0]["code"]),
        Column(_("ビジョン・プロジェクト"), lambda row: row[0]["name"], width=30),
        Column(_("KPI番号"), _of("code")),
        Column(_("KPI"), _of("name"), width=38),
        Column(_("単位"), _of("unit")),
        Column(_("実績値（承認済み）"), _exact),
        Column(_("値がない理由"), lambda row: "" if row[1]["exact"] else row[1]["official"]["word"]),
        Column(_("目標値"), _of("target")),
        Column(_("報告状況"), _of("coverage")),
        Column(_("率"), _of("rate")),
        Column(_("率の種類"), _of("rate_label")),
        Column(_("評価区分"), _of("grade")),
        Column(_("評価した年度"), lambda row: head["judged_label"], width=18),
        Column(_("所管課"), _of("keeper"), width=26),
        Column(_("KPI ID"), _of("id"), width=38),
    ]


def _exact(row: tuple[Content, Content]) -> CellValue:
    exact = row[1]["exact"]
    return None if exact is None else Decimal(exact)


def _submission_columns() -> list[Column]:
    return [
        Column(_("プロジェクト番号"), lambda row: row["code"]),
        Column(_("プロジェクト"), lambda row: row["name"], width=30),
        Column(_("代表機関"), lambda row: row["lead"], width=26),
        Column(_("提出の区分"), lambda row: str(GROUP_WORDS[row["group"]])),
        Column(_("状態"), lambda row: row["state_word"]),
        Column(_("提出日"), lambda row: _day(row["submitted_on"]), DATE),
        Column(_("遅れ（日）"), lambda row: row["days"], INTEGER),
        Column(_("報告対象外の理由"), lambda row: row["reason"], width=30),
        Column(_("報告ID"), lambda row: row["report"], width=38),
    ]


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _flat_answers(content: Content) -> Iterator[tuple[Content, str, str, Content]]:
    """(report, question, side, answer), one row an answer."""
    return (
        (row, question, side, answer)
        for row in content["alignment"]["rows"]
        for question, _label in ALIGNMENT
        for side in Side.values
        for answer in row["answers"][question][side]
    )


def _alignment_columns() -> list[Column]:
    labels = dict(ALIGNMENT)
    return [
        Column(_("プロジェクト番号"), lambda row: row[0]["code"]),
        Column(_("プロジェクト"), lambda row: row[0]["name"], width=30),
        Column(_("問い"), lambda row: str(labels[row[1]]), width=34),
        Column(_("立場"), lambda row: str(Side(row[2]).label)),
        Column(_("答えた機関"), lambda row: row[3]["organization"], width=26),
        Column(_("答え（1～4）"), lambda row: row[3]["score"], INTEGER),
        Column(_("理由"), lambda row: one_line(row[3]["note"]), width=40),
        Column(_("この問いの開き"), lambda row: row[0]["spreads"][row[1]], INTEGER),
    ]


def _word_columns() -> list[Column]:
    return [
        Column(_("種類"), lambda row: str(WORD_TITLES[row[0]]), width=24),
        Column(_("プロジェクト番号"), lambda row: row[1]["code"]),
        Column(_("プロジェクト"), lambda row: row[1]["name"], width=30),
        Column(_("本文"), lambda row: one_line(row[1]["text"]), width=60),
    ]


# --- PDF -------------------------------------------------------------------------------------------------------------


def _document(compiled: CompiledReport) -> Document:
    lead = _lead(compiled)
    return Document(title_of(compiled), _blocks(compiled.content), lead=lead, footer=lead[2], size=9)


def _blocks(content: Content) -> Iterator[Block]:
    yield from _submission_blocks(content["submission"])
    yield from _figure_blocks(content["figures"], judged_words(content))
    yield from _alignment_blocks(content["alignment"])
    for key, title in WORD_TITLES.items():
        yield Heading(str(title))
        yield from _word_blocks(content["words"][key])
    if content["pending"]:
        pending = _("ほかに確認中の報告が%(count)s件あり、その文章は載せていません。")
        yield Paragraph(pending % {"count": content["pending"]}, quiet=True)
    if content["corrections"]:
        yield Heading(_("軌道修正"))
        columns = [TableColumn(_("日"), 2), TableColumn(_("プロジェクト"), 3), TableColumn(_("内容"), 6)]
        yield Table(columns, [_correction(each) for each in content["corrections"]])


def _submission_blocks(submission: Content) -> Iterator[Block]:
    yield Heading(_("提出状況"))
    counts = submission["counts"]
    yield Facts([(str(GROUP_WORDS[group]), _("%(count)s件") % {"count": counts[group]}) for group in counts])
    columns = [
        TableColumn(_("番号"), 1),
        TableColumn(_("プロジェクト"), 4),
        TableColumn(_("代表機関"), 3),
        TableColumn(_("提出"), 3),
        TableColumn(_("状態"), 2),
    ]
    yield Table(
        columns,
        (
            [row["code"], row["name"], row["lead"], _submitted_words(row), row["state_word"]]
            for row in submission["rows"]
        ),
    )
    if submission["hidden"]:
        yield Paragraph(
            _("ほかに非公開のプロジェクトが%(count)s件あります。") % {"count": submission["hidden"]},
            quiet=True,
        )


def _submitted_words(row: Content) -> str:
    return "\n".join(filter(None, (str(GROUP_WORDS[row["group"]]), lateness(row))))


def _figure_blocks(cards: Iterable[Content], judged: str) -> Iterator[Block]:
    columns = [
        TableColumn(_("番号"), 1.4),
        TableColumn(_("KPI"), 4),
        TableColumn(_("目標値"), 1.4, right=True),
        TableColumn(_("承認済み"), 1.7, right=True),
        TableColumn(_("承認前を含む"), 1.7, right=True),
        TableColumn(_("報告状況"), 1.2),
        TableColumn(_("率"), 1.6),
        TableColumn(_("評価区分"), 2),
    ]
    yield Heading(_("数値"))
    yield Paragraph(judged, quiet=True)
    for card in cards:
        yield Heading(f"{card['code']}　{card['name']}".strip("　"), 3)
        if card["rows"]:
            yield Table(columns, [_figure(row) for row in card["rows"]], size=0.88)
        else:
            yield Paragraph(_("場の構成員に公開しているKPIはありません。"), quiet=True)
        if card["hidden"]:
            yield Paragraph(_("%(count)s件のKPIは非公開です。") % {"count": card["hidden"]}, quiet=True)


def _figure(row: Content) -> list[str]:
    rate = "\n".join(filter(None, (row["rate"], row["rate_label"])))
    return [
        row["code"],
        f"{row['name']}（{row['unit']}）",
        row["target"],
        row["official"]["text"] or row["official"]["word"],
        row["provisional"]["text"] or row["provisional"]["word"],
        row["coverage"],
        rate,
        f"{row['symbol']} {row['grade']}".strip(),
    ]


def _alignment_blocks(alignment: Content) -> Iterator[Block]:
    yield Heading(_("四つの問い"))
    if not alignment["rows"]:
        yield Paragraph(_("承認済みの報告がまだありません。"))
        return
    yield Paragraph(_("1 そう思わない　2 あまりそう思わない　3 ややそう思う　4 そう思う"), quiet=True)
    sides = [str(side.label) for side in Side]
    for row in alignment["rows"]:
        yield Heading(f"{row['code']}　{row['name']}".strip("　"), 4)
        columns = [
            TableColumn(_("問い"), 4),
            *(TableColumn(side, 1.4) for side in sides),
            TableColumn(_("開き"), 2.4),
        ]
        yield Table(columns, [_answer_row(row, key, str(label)) for key, label in ALIGNMENT], size=0.9)


def _answer_row(row: Content, question: str, label: str) -> list[str]:
    given = row["answers"][question]
    spread = spread_words(row["spreads"][question])
    if question in row["wide"]:
        spread = f"{spread}　{agenda_word()}"
    return [label, *(answers_words(given[side]) for side in Side.values), spread]


def _word_blocks(words: Iterable[Content]) -> Iterator[Block]:
    given = list(words)
    for each in given:
        yield Heading(f"{each['code']}　{each['name']}".strip("　"), 4)
        yield Paragraph(each["text"])
    if not given:
        yield Paragraph(_("記入はありません。"), quiet=True)


def _correction(each: Content) -> list[str]:
    day = each.get("on", "")
    return [
        wareki(date.fromisoformat(day)) if day else "",
        f"{each['code']} {each['name']}".strip(),
        f"{each.get('kind', '')}　{each.get('text', '')}".strip("　"),
    ]


exports.register_export(
    COMPILED, cast(str, gettext_lazy("とりまとめ報告")), FORMATS, describe=describe, produce=produce
)

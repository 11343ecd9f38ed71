"""What an export of reports prints: the sheet for paper, and data sheets of one datum a cell (統計表の統一ルール)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from foundation.dates import date_label, wareki
from foundation.sheets import DATE, DATETIME, INTEGER, Column, Sheet
from foundation.sheets.cells import CellValue
from projects.reporting.models import ReportReview, Side
from projects.reporting.questions import ALIGNMENT
from projects.reporting.selectors.exported import Record, Wanted

Again = Callable[[], Iterable[Record]]
REVIEWING = ReportReview.SIDES


def workbook_sheets(chosen: Wanted, as_of: datetime, record_number: int, again: Again) -> list[Sheet]:
    """The sheets in order; `again()` walks through the records from the first."""
    return [
        Sheet(
            _("様式（印刷用）"),
            form_columns(chosen),
            again(),
            title=chosen.title,
            notes=lead(chosen, as_of, record_number),
            is_form=True,
        ),
        Sheet(_("データ（報告）"), data_columns(chosen), again()),
        Sheet(_("データ（実績値）"), figure_columns(chosen), _nested(again(), "figures")),
        Sheet(_("データ（四つの問い）"), alignment_columns(chosen), _nested(again(), "alignment")),
    ]


def lead(chosen: Wanted, as_of: datetime, record_number: int) -> list[str]:
    """What stands below the title on paper."""
    asked = chosen.round
    dates = _("提出期限：%(due)s　受付終了日：%(closes)s") % {
        "due": wareki(asked.due_on),
        "closes": wareki(asked.closes_on),
    }
    return [
        str(asked.forum),
        _("対象期間：%(period)s　%(dates)s") % {"period": asked.period.label_both, "dates": dates},
        _("基準時点：%(at)s　記録番号：%(number)s") % {"at": moment_words(as_of), "number": record_number},
    ]


def moment_words(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{date_label(local.date())} {local:%H:%M:%S}"


def questions_of(chosen: Wanted) -> list[tuple[str, str]]:
    """(key, label) of the narrative, as the round asked it."""
    template = chosen.round.template
    return [(each["key"], each["label"]) for each in (template.questions if template else [])]


def _nested(records: Iterable[Record], name: str) -> Iterator[tuple[Record, Mapping[str, Any]]]:
    return ((record, each) for record in records for each in record[name])


# --- for paper -------------------------------------------------------------------------------------------------------


def form_columns(chosen: Wanted) -> list[Column]:
    narrative = [
        Column(label, _answer(key), width=34 if place == 0 else 24)
        for place, (key, label) in enumerate(questions_of(chosen))
    ]
    return [
        Column(_("番号"), lambda row: row["project_code"], width=7),
        Column(_("プロジェクト・代表機関"), lambda row: f"{row['project']}\n{row['lead']}", width=24),
        Column(_("状態・提出日"), status_words, width=15),
        Column(_("確認"), review_words, width=17),
        *narrative,
        Column(_("実績値"), _figure_words, width=28),
    ]


def status_words(row: Record) -> str:
    """「承認済み（期限後提出）」 and the day of the first submission."""
    state = f"{row['state_word']}（{_('期限後提出')}）" if row["is_late"] else row["state_word"]
    submitted = moment_of(row["first_submitted_at"])
    words = [state, wareki(submitted.date()) if submitted else "", row["exempt_reason"]]
    return "\n".join(filter(None, words))


def review_words(row: Record) -> str:
    """What each side has decided of what was submitted."""
    if row["version"] is None:
        return ""
    return "\n".join(f"{Side(side).label}：{_one_review(row['reviews'][side])}" for side in REVIEWING)


def _one_review(review: Mapping[str, Any]) -> str:
    return f"{review['word']}（{_('代決')}）" if review["is_proxy"] else str(review["word"])


def _figure_words(row: Record) -> str:
    return "\n".join(
        f"{each['code']} {each['name']} {each['period_label']}：{each['text']}" for each in row["figures"]
    )


def _answer(key: str) -> Callable[[Record], CellValue]:
    return lambda row: row["answers"].get(key, "")


# --- for machines ----------------------------------------------------------------------------------------------------


def data_columns(chosen: Wanted) -> list[Column]:
    """One row a report. Codes stand beside names, numbers are numbers, line ends become blanks."""
    narrative = [Column(label, _one_line(key), width=40) for key, label in questions_of(chosen)]
    return [
        *_round_columns(chosen, lambda row: row),
        *_project_columns(lambda row: row),
        Column(_("状態コード"), lambda row: row["state"]),
        Column(_("状態"), lambda row: row["state_word"]),
        Column(_("版"), lambda row: row["version"], INTEGER),
        Column(_("最初の提出日"), lambda row: day_of(row["first_submitted_at"]), DATE),
        Column(_("提出日時"), lambda row: moment_of(row["submitted_at"]), DATETIME, 18),
        Column(_("提出者"), lambda row: row["submitted_by"]),
        Column(_("期限後提出（1は該当）"), lambda row: int(row["is_late"]), INTEGER),
        Column(_("提出期限からの遅れ（日）"), lambda row: row["days_late"], INTEGER),
        Column(_("承認日"), lambda row: day_of(row["approved_at"]), DATE),
        Column(_("報告対象外の理由"), lambda row: row["exempt_reason"], width=30),
        *(column for side in REVIEWING for column in _review_columns(side)),
        *narrative,
        *(
            Column(f"{question}（{Side(side).label}、1～4）", _score(side, key), INTEGER)
            for key, question in ALIGNMENT
            for side in (Side.PROJECT, *REVIEWING)
        ),
        Column(_("報告ID"), lambda row: row["id"], width=38),
    ]


def _round_columns(chosen: Wanted, record: Callable[[Any], Record]) -> list[Column]:
    asked = chosen.round
    return [
        Column(_("報告依頼"), lambda row: asked.name, width=30),
        Column(_("対象期間コード"), lambda row: asked.period.code),
        Column(_("対象期間"), lambda row: asked.period.label_both, width=26),
    ]


def _project_columns(record: Callable[[Any], Record]) -> list[Column]:
    return [
        Column(_("プロジェクト番号"), lambda row: record(row)["project_code"]),
        Column(_("プロジェクト"), lambda row: record(row)["project"], width=30),
        Column(_("代表機関"), lambda row: record(row)["lead"], width=26),
    ]


def _review_columns(side: str) -> list[Column]:
    label = Side(side).label
    return [
        Column(_("%(side)sの確認") % {"side": label}, lambda row: row["reviews"][side]["word"]),
        Column(_("%(side)sの確認日") % {"side": label}, lambda row: day_of(row["reviews"][side]["at"]), DATE),
        Column(_("%(side)sの確認者") % {"side": label}, lambda row: row["reviews"][side]["who"]),
    ]


def figure_columns(chosen: Wanted) -> list[Column]:
    """One row a figure. Rows are (record, figure)."""

    def of(name: str) -> Callable[[Any], CellValue]:
        return lambda row: row[1][name]

    def number(name: str) -> Callable[[Any], CellValue]:
        return lambda row: None if row[1][name] is None else Decimal(row[1][name])

    return [
        *_round_columns(chosen, lambda row: row[0]),
        *_project_columns(lambda row: row[0]),
        Column(_("KPI番号"), of("code")),
        Column(_("KPI"), of("name"), width=34),
        Column(_("期間コード"), of("period")),
        Column(_("期間"), of("period_label"), width=20),
        Column(_("値"), number("value")),
        Column(_("分子"), number("numerator")),
        Column(_("分母"), number("denominator")),
        Column(_("単位"), of("unit")),
        Column(_("数値の性質"), of("nature_word")),
        Column(_("備考"), lambda row: one_line(row[1]["note"]), width=30),
        Column(_("報告した機関"), of("organization"), width=26),
        Column(_("実績値ID"), of("measurement"), width=38),
        Column(_("報告ID"), lambda row: row[0]["id"], width=38),
    ]


def alignment_columns(chosen: Wanted) -> list[Column]:
    """One row an answer. Rows are (record, answer)."""
    questions = dict(ALIGNMENT)
    return [
        *_round_columns(chosen, lambda row: row[0]),
        *_project_columns(lambda row: row[0]),
        Column(_("問いコード"), lambda row: row[1]["question"]),
        Column(_("問い"), lambda row: str(questions[row[1]["question"]]), width=34),
        Column(_("立場コード"), lambda row: row[1]["side"]),
        Column(_("立場"), lambda row: str(Side(row[1]["side"]).label)),
        Column(_("答えた機関"), lambda row: row[1]["organization"], width=26),
        Column(_("答え（1～4）"), lambda row: row[1]["score"], INTEGER),
        Column(_("理由"), lambda row: one_line(row[1]["note"]), width=40),
        Column(_("報告ID"), lambda row: row[0]["id"], width=38),
    ]


def _one_line(key: str) -> Callable[[Record], CellValue]:
    return lambda row: one_line(row["answers"].get(key, ""))


def one_line(text: str) -> str:
    return " ".join(text.split("\n"))


def _score(side: str, question: str) -> Callable[[Record], CellValue]:
    return lambda row: next(
        (each["score"] for each in row["alignment"] if each["side"] == side and each["question"] == question),
        None,
    )


def moment_of(text: str | None) -> datetime | None:
    return timezone.localtime(datetime.fromisoformat(text)) if text else None


def day_of(text: str | None) -> date | None:
    moment = moment_of(text)
    return moment.date() if moment else None

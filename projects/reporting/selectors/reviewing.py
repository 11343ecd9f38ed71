"""What a reviewer is reminded to look at: made of what the report itself shows."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from projects.reporting.selectors.shapes import Reading


@dataclass(frozen=True)
class Check:
    """One line of the checklist; `is_notable` where it deserves a second look, `anchor` where to look."""

    text: str
    is_notable: bool = False
    anchor: str = ""


def checklist_of(reading: Reading) -> list[Check]:
    """Words, figures, answers, evidence, time: what is as usual and what is not."""
    return [*_words(reading), *_figures(reading), *_answers(reading), *_rest(reading)]


def _words(reading: Reading) -> list[Check]:
    base = reading.base
    if base is None:
        return []
    same = [each for each in reading.passages if each.text and not each.is_changed]
    if base.is_same_report:
        return [
            Check(_("%(base)sから変わったところ：%(count)s") % {"base": base.label, "count": reading.changes})
        ]
    if not same:
        return [Check(_("文章は、前回の報告からすべて書き直されています。"))]
    names = "、".join(f"「{each.label}」" for each in same)
    return [
        Check(_("前回の報告と同じ文章のままです：%(names)s") % {"names": names}, True, f"#{same[0].anchor}")
    ]


def _figures(reading: Reading) -> list[Check]:
    count, missing = len(reading.figures), len(reading.missing)
    found = [Check(ngettext("数値 %(n)s件", "数値 %(n)s件", count) % {"n": count}, False, "#figures")]
    if missing:
        text = ngettext("未報告の値が%(n)s件あります。", "未報告の値が%(n)s件あります。", missing) % {
            "n": missing
        }
        found.append(Check(text, True, "#figures"))
    again = [each for each in reading.figures if each.sent_back]
    if again:
        found.append(
            Check(
                _("差戻しのあとに報告し直された値：%(n)s件") % {"n": len(again)}, True, f"#{again[0].anchor}"
            )
        )
    return found


def _answers(reading: Reading) -> list[Check]:
    wide = [row for row in reading.alignment if row.is_wide]
    if not wide:
        return []
    return [
        Check(
            _("四つの問いで、回答の開きが2以上のものがあります：%(n)s問") % {"n": len(wide)},
            True,
            "#alignment",
        )
    ]


def _rest(reading: Reading) -> list[Check]:
    count = sum(each.change != "removed" for each in reading.evidence)
    found = [
        Check(
            _("資料 %(n)s件") % {"n": count} if count else _("資料は付いていません。"), not count, "#evidence"
        )
    ]
    if reading.report.is_late:
        reason = reading.report.late_reason
        found.append(Check(_("期限後提出です。理由：%(reason)s") % {"reason": reason}, True))
    return found

"""How a compiled report is worded, the same on the page, on paper and in files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundation.dates import wareki

GROUP_WORDS = {
    "on_time": gettext_lazy("期限内"),
    "late": gettext_lazy("期限後"),
    "missing": gettext_lazy("未提出"),
    "waiting": gettext_lazy("提出期限前"),
    "exempt": gettext_lazy("報告対象外"),
}
GROUP_TONES = {
    "on_time": "positive",
    "late": "caution",
    "missing": "negative",
    "waiting": "none",
    "exempt": "none",
}
WORD_TITLES = {
    "highlights": gettext_lazy("成果・よかったこと"),
    "risks": gettext_lazy("課題・心配なこと"),
    "requests": gettext_lazy("場への相談・決めてほしいこと"),
}


def lateness(row: Mapping[str, Any]) -> str:
    """「令和8年10月22日（期限後 5日）」, 「期限超過 12日」; nothing where the group says it all."""
    group, days = row["group"], row["days"]
    if group == "missing":
        return _("期限超過 %(days)s日") % {"days": days}
    if not row["submitted_on"]:
        return ""
    day = wareki(date.fromisoformat(row["submitted_on"]))
    if group == "late":
        return _("%(day)s（期限後 %(days)s日）") % {"day": day, "days": days}
    return day


def agenda_word() -> str:
    return _("次の会議の議題の候補")


def answers_words(answers: Iterable[Mapping[str, Any]]) -> str:
    """「3」, 「3・4」 of several organisations; － where that side has not answered."""
    return "・".join(str(each["score"]) for each in answers) or "－"


def spread_words(spread: int | None) -> str:
    """How far the answers lie apart; － where there are not two to compare."""
    return "－" if spread is None else str(spread)


def judged_words(content: Mapping[str, Any]) -> str:
    """Of which year the grades are."""
    return _("評価区分は%(year)sのものです。") % {"year": content["head"]["judged_label"]}

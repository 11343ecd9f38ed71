"""What a progress report asks: the words of the standard form, and the four alignment questions. Data, no rules."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Question:
    """One question of the narrative: `key` never changes, `limit` is in characters."""

    key: str
    label: str
    help: str = ""
    is_required: bool = False
    limit: int = 2000


STANDARD = (
    Question(
        "progress",
        "進み具合",
        "この期間に行ったことと、計画に対する進み具合を書きます。",
        is_required=True,
    ),
    Question("highlights", "成果・よかったこと", "とりまとめ報告に、そのまま載ります。"),
    Question(
        "risks", "課題・心配なこと", "とりまとめ報告に、そのまま載ります。早めに書くほど、場で助け合えます。"
    ),
    Question("next_steps", "次の期間の予定", ""),
    Question("requests", "場への相談・決めてほしいこと", "なければ空のままにします。"),
)

# The four questions by which the sides confirm that work and vision go together, from 1 to 4.
ALIGNMENT = (
    ("resources", _("約束された資源は提供されているか")),
    ("vision", _("研究はビジョンに沿って進んでいるか")),
    ("balance", _("研究者の都合に偏らず進められているか")),
    ("kpi", _("KPI は達成に向かっているか")),
)
ALIGNMENT_KEYS = tuple(key for key, _label in ALIGNMENT)
SCORES = (
    (1, _("そう思わない")),
    (2, _("あまりそう思わない")),
    (3, _("ややそう思う")),
    (4, _("そう思う")),
)
WIDE_SPREAD = 2

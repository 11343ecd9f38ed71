"""The rules an indicator may choose from, and which of them go together.

`ALLOWED` is the table scale × accrual × time rule × tree rule; what is not in it is refused with a Japanese
sentence. `markdown_table()` prints it for the documentation. Pure: no Django.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import product
from typing import Self

from kpis.units import YEN, Unit


class RuleError(ValueError):
    """Rules that do not go together: `code` for machines, a Japanese message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Choice(StrEnum):
    """Stored value stable ASCII, `label` Japanese."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(member.value, member.label) for member in cls]


class Scale(Choice):
    NUMBER = "number", "数"
    CURRENCY = "currency", "金額"
    PERCENT = "percent", "割合（％のみ）"
    RATIO = "ratio", "比率（分子・分母）"
    LEVEL = "level", "段階"
    YES_NO = "yes_no", "はい・いいえ"


class Direction(Choice):
    UP = "up", "増やす"
    DOWN = "down", "減らす"
    KEEP = "keep", "範囲内に保つ"


class Accrual(Choice):
    FLOW = "flow", "期間値"
    STOCK = "stock", "時点値"


class TimeRule(Choice):
    SUM = "sum", "合計"
    LAST = "last", "最後の値"
    MEAN = "mean", "平均"
    MAX = "max", "最大"
    MIN = "min", "最小"
    RATIO_OF_SUMS = "ratio_of_sums", "分子・分母の合計"


class TreeRule(Choice):
    SUM = "sum", "合計"
    MEAN = "mean", "平均"
    WEIGHTED_MEAN = "weighted_mean", "加重平均"
    MIN = "min", "最小"
    MAX = "max", "最大"
    LAST = "last", "最後の値"
    RATIO_OF_SUMS = "ratio_of_sums", "分子・分母の合計"
    COUNT_YES = "count_yes", "「はい」の数"
    SHARE_YES = "share_yes", "「はい」の割合"

    @property
    def asks_yes(self) -> bool:
        """It counts 「はい」: a child's answer goes up as it is, without weight or factor."""
        return self in (TreeRule.COUNT_YES, TreeRule.SHARE_YES)


class Value(Choice):
    SOCIAL = "social", "社会的価値"
    INDUSTRIAL = "industrial", "産業的価値"
    ECONOMIC = "economic", "経済的価値"
    HUMAN = "human", "人材育成"


class Nature(Choice):
    OUTLOOK = "outlook", "見込値"
    PRELIMINARY = "preliminary", "速報値"
    FINAL = "final", "確定値"
    CORRECTED = "corrected", "訂正値"

    @property
    def counts(self) -> bool:
        """An outlook is never counted as an actual figure (実績), on either basis."""
        return self is not Nature.OUTLOOK


class Basis(Choice):
    OFFICIAL = "official", "承認済み"
    PROVISIONAL = "provisional", "承認前を含む"


class Missing(Choice):
    NOT_REPORTED = "not_reported", "未報告"
    NEVER = "never", "欠測"
    NOT_APPLICABLE = "not_applicable", "対象外"
    NOT_DUE = "not_due", "期限前"
    WITHHELD = "withheld", "秘匿"

    @property
    def on_paper(self) -> str:
        """The sign of official statistics; 期限前 stays blank. A nil figure is always written 0."""
        return {"not_reported": "…", "never": "…", "not_applicable": "－", "not_due": "", "withheld": "x"}[
            self.value
        ]


class AttainmentRule(Choice):
    RATIO_TO_TARGET = "ratio_to_target", "達成率（対目標）"
    PROGRESS_FROM_BASELINE = "progress_from_baseline", "進捗率（基準値から）"
    INVERSE_RATIO = "inverse_ratio", "達成率（目標値÷実績値）"
    IN_RANGE = "in_range", "範囲内"


# --- time and tree ----------------------------------------------------------------------------------

_T, _R = TimeRule, TreeRule
_SPREAD = (_T.LAST, _T.MEAN, _T.MAX, _T.MIN)
_TREE_MEANS = (_R.MEAN, _R.WEIGHTED_MEAN, _R.MIN, _R.MAX, _R.LAST)

TIME_RULES: dict[tuple[Scale, Accrual], tuple[TimeRule, ...]] = {
    (scale, accrual): rules
    for scale, rules in {
        Scale.PERCENT: (_T.MEAN, _T.LAST, _T.MAX, _T.MIN),
        Scale.RATIO: (_T.RATIO_OF_SUMS, *_SPREAD),
        Scale.LEVEL: (_T.LAST, _T.MAX, _T.MIN),
        Scale.YES_NO: (_T.LAST, _T.MAX, _T.MIN),
    }.items()
    for accrual in Accrual
} | {
    (scale, accrual): ((_T.SUM, *_SPREAD) if accrual is Accrual.FLOW else _SPREAD)
    for scale in (Scale.NUMBER, Scale.CURRENCY)
    for accrual in Accrual
}
TREE_RULES: dict[Scale, tuple[TreeRule, ...]] = {
    Scale.NUMBER: (_R.SUM, *_TREE_MEANS, _R.COUNT_YES),
    Scale.CURRENCY: (_R.SUM, *_TREE_MEANS),
    Scale.PERCENT: (*_TREE_MEANS, _R.SHARE_YES),
    Scale.RATIO: (_R.RATIO_OF_SUMS, *_TREE_MEANS, _R.SHARE_YES),
    Scale.LEVEL: (_R.MIN, _R.MAX, _R.LAST),
    Scale.YES_NO: (_R.MIN, _R.MAX, _R.LAST),
}
_PARTS_UP = (_R.RATIO_OF_SUMS, _R.SHARE_YES, _R.LAST)
_PARTS_ON = (_T.RATIO_OF_SUMS, _T.LAST)

Row = tuple[Scale, Accrual, TimeRule, TreeRule | None]


def _goes(scale: Scale, time_rule: TimeRule, tree_rule: TreeRule | None) -> bool:
    """A ratio of sums over time needs cells that carry numerator and denominator."""
    return time_rule is not _T.RATIO_OF_SUMS or tree_rule is None or tree_rule in _PARTS_UP


ALLOWED: frozenset[Row] = frozenset(
    (scale, accrual, time_rule, tree_rule)
    for (scale, accrual), time_rules in TIME_RULES.items()
    for time_rule, tree_rule in product(time_rules, (None, *TREE_RULES[scale]))
    if _goes(scale, time_rule, tree_rule)
)


def default_time_rule(scale: Scale, accrual: Accrual) -> TimeRule:
    """Flow sum, stock last; percent mean, level and yes/no last, ratio ratio of sums whatever the accrual."""
    by_scale = {
        Scale.PERCENT: _T.MEAN,
        Scale.RATIO: _T.RATIO_OF_SUMS,
        Scale.LEVEL: _T.LAST,
        Scale.YES_NO: _T.LAST,
    }
    return by_scale.get(scale, _T.SUM if accrual is Accrual.FLOW else _T.LAST)


def check_rules(
    scale: Scale, accrual: Accrual, time_rule: TimeRule, tree_rule: TreeRule | None = None
) -> None:
    """RuleError when the four do not stand together in the table; tree rule None: a measured indicator."""
    if time_rule not in TIME_RULES[scale, accrual]:
        raise RuleError("time_rule", _time_refusal(scale, accrual, time_rule))
    if tree_rule is not None and tree_rule not in TREE_RULES[scale]:
        raise RuleError("tree_rule", _tree_refusal(scale, tree_rule))
    if not _goes(scale, time_rule, tree_rule):
        raise RuleError(
            "no_parts",
            f"集計の規則「{tree_rule.label if tree_rule else ''}」では分子・分母が残らないため、"
            "期間の規則「分子・分母の合計」は使えません。最後の値、平均、最大、最小から選んでください。",
        )


def _time_refusal(scale: Scale, accrual: Accrual, rule: TimeRule) -> str:
    allowed = "、".join(each.label for each in TIME_RULES[scale, accrual])
    why = {
        _T.SUM: "時点値を期間で足すと、同じものを重ねて数えます。"
        if scale in (Scale.NUMBER, Scale.CURRENCY)
        else f"{scale.label}は足し合わせられません。",
        _T.MEAN: f"{scale.label}には平均がありません。",
        _T.RATIO_OF_SUMS: "分子と分母を持つのは、型が「比率」の指標だけです。",
    }.get(rule, "")
    return f"{scale.label}（{accrual.label}）の期間の規則に「{rule.label}」は使えません。{why}{allowed}から選んでください。"


def _tree_refusal(scale: Scale, rule: TreeRule) -> str:
    allowed = "、".join(each.label for each in TREE_RULES[scale])
    return f"{scale.label}の集計の規則に「{rule.label}」は使えません。{allowed}から選んでください。"


def carries_parts(scale: Scale, time_rule: TimeRule, tree_rule: TreeRule | None = None) -> bool:
    """Whether figures handed up bring numerator and denominator, so that a ratio of sums can stand over them."""
    has_parts = scale is Scale.RATIO or tree_rule is _R.SHARE_YES
    return has_parts and time_rule in _PARTS_ON and (tree_rule is None or tree_rule in _PARTS_UP)


def only_adds(time_rule: TimeRule, tree_rule: TreeRule | None = None) -> bool:
    """Whether what is missing can only add to the figure, once no figure beneath can be negative."""
    return time_rule is _T.SUM and tree_rule in (None, _R.SUM, _R.COUNT_YES)


def splits_add_up(scale: Scale, time_rule: TimeRule, tree_rule: TreeRule | None = None) -> bool:
    """Whether the parts of a dimension (内訳) are tested against the total (内訳不完全)."""
    if scale is Scale.RATIO:
        return time_rule in _PARTS_ON and tree_rule in (None, _R.RATIO_OF_SUMS)
    countable = scale in (Scale.NUMBER, Scale.CURRENCY) and tree_rule in (None, _R.SUM, _R.COUNT_YES)
    return countable and time_rule in (_T.SUM, _T.LAST)


# --- units, running totals, attainment ---------------------------------------------------------------


def check_unit(scale: Scale, unit: Unit) -> None:
    """RuleError when a scale cannot be measured in a unit."""
    fits = {
        Scale.CURRENCY: unit.family == YEN,
        Scale.PERCENT: unit.is_percent,
        Scale.RATIO: unit.is_percent or unit.is_per or unit.code == "fold",
        Scale.NUMBER: not unit.is_percent,
    }
    if not fits.get(scale, True):
        raise RuleError(
            "unit", f"{scale.label}の単位に「{unit.label}」は使えません。型か単位を選び直してください。"
        )


def check_running_total(scale: Scale, accrual: Accrual, time_rule: TimeRule) -> None:
    """A running total (累計) adds up flows: numbers or money whose time rule is sum."""
    if accrual is not Accrual.FLOW or time_rule is not _T.SUM or scale not in (Scale.NUMBER, Scale.CURRENCY):
        raise RuleError(
            "running_total", "累計にできるのは、期間値で、期間の規則が「合計」の数又は金額だけです。"
        )


ATTAINMENT_RULES: dict[Direction, tuple[AttainmentRule, ...]] = {
    Direction.UP: (AttainmentRule.RATIO_TO_TARGET, AttainmentRule.PROGRESS_FROM_BASELINE),
    Direction.DOWN: (AttainmentRule.PROGRESS_FROM_BASELINE, AttainmentRule.INVERSE_RATIO),
    Direction.KEEP: (AttainmentRule.IN_RANGE,),
}


def default_attainment_rule(direction: Direction, has_baseline: bool) -> AttainmentRule:
    if direction is Direction.DOWN and not has_baseline:
        return AttainmentRule.INVERSE_RATIO
    return ATTAINMENT_RULES[direction][0]


def check_attainment_rule(direction: Direction, rule: AttainmentRule) -> None:
    if rule not in ATTAINMENT_RULES[direction]:
        allowed = "、".join(each.label for each in ATTAINMENT_RULES[direction])
        raise RuleError(
            "attainment_rule",
            f"「{direction.label}」指標の率に「{rule.label}」は使えません。{allowed}から選んでください。",
        )


def markdown_table() -> str:
    """`ALLOWED` for the documentation: one line per scale, accrual and time rule."""
    lines = ["| 型 | 計上 | 期間の規則 | 集計の規則 |", "| --- | --- | --- | --- |"]
    for (scale, accrual), time_rules in TIME_RULES.items():
        for time_rule in time_rules:
            trees = [tree.label for tree in TREE_RULES[scale] if (scale, accrual, time_rule, tree) in ALLOWED]
            lines.append(f"| {scale.label} | {accrual.label} | {time_rule.label} | {'、'.join(trees)} |")
    return "\n".join(lines) + "\n"

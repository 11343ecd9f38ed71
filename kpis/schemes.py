"""Grade schemes (評価区分の方式): ordered rules with predicates from a fixed list, and the presets that ship.

A scheme checks itself when it is made; every grade has a symbol and words, never a colour alone. Schemes are stored as
plain dictionaries. `kpis.grades` judges by them and offers these names too. Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from kpis.rules import Choice


class SchemeError(ValueError):
    """A grade scheme that cannot be used; the message is Japanese and fit to be shown."""


class Tone(Choice):
    POSITIVE = "positive", "良好"
    NEUTRAL = "neutral", "中立"
    CAUTION = "caution", "注意"
    NEGATIVE = "negative", "不良"
    NONE = "none", "なし"


class Predicate(Choice):
    NO_FIGURE = "no_figure", "実績値がない、又は比べるものがない"
    UNDECIDED = "undecided", "足りない報告しだいで達成・未達が変わり得る"
    TARGET_MET = "target_met", "目標値を達成"
    ATTAINMENT_AT_LEAST = "attainment_at_least", "達成率又は進捗率が次の値以上"
    COURSE_AT_LEAST = "course_at_least", "目安値に対する率が次の値以上"
    COURSE_ABOVE = "course_above", "目安値に対する率が次の値を上回る"
    ABOVE_BASELINE = "above_baseline", "基準値より次の割合を超えて良い"
    WITHIN_BASELINE = "within_baseline", "基準値との差が次の割合以内"
    BELOW_BASELINE = "below_baseline", "基準値より次の割合を超えて悪い"
    OTHERWISE = "otherwise", "上のどれにも当たらない"


_P = Predicate
_NEEDS_THRESHOLD = {_P.ATTAINMENT_AT_LEAST, _P.COURSE_AT_LEAST, _P.COURSE_ABOVE, _P.WITHIN_BASELINE}
_MAY_HAVE_THRESHOLD = _NEEDS_THRESHOLD | {_P.ABOVE_BASELINE, _P.BELOW_BASELINE}


@dataclass(frozen=True)
class Grade:
    label: str
    symbol: str
    tone: Tone


@dataclass(frozen=True)
class SchemeRule:
    """`threshold` is a ratio (0.8 = 80 %); of the baseline predicates, the part of the baseline's size."""

    predicate: Predicate
    grade: Grade
    threshold: Decimal | None = None


@dataclass(frozen=True)
class Scheme:
    """An ordered list of rules under a name; making one checks it."""

    code: str
    name: str
    rules: tuple[SchemeRule, ...]

    def __post_init__(self) -> None:
        if not self.code or not self.name:
            raise SchemeError("評価区分の方式には、コードと名称が必要です。")
        for rule in self.rules:
            _check_rule(rule)
        _check_order([rule.predicate for rule in self.rules])
        _check_labels([rule.grade for rule in self.rules])

    def grade_for(self, predicate: Predicate) -> Grade | None:
        return next((rule.grade for rule in self.rules if rule.predicate is predicate), None)

    @property
    def grades(self) -> list[Grade]:
        """Each grade once, in the scheme's order, for legends."""
        return list(dict.fromkeys(rule.grade for rule in self.rules))

    def to_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "name": self.name,
            "rules": [
                {
                    "predicate": rule.predicate.value,
                    "threshold": None if rule.threshold is None else str(rule.threshold),
                    "label": rule.grade.label,
                    "symbol": rule.grade.symbol,
                    "tone": rule.grade.tone.value,
                }
                for rule in self.rules
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Scheme:
        """SchemeError says what is wrong; thresholds are text ("0.8") or whole numbers, never floats."""
        if not isinstance(data, Mapping) or not isinstance(data.get("rules"), list):
            raise SchemeError("評価区分の方式に規則がありません。")
        rules = tuple(_rule_from(item) for item in data["rules"])
        return cls(str(data.get("code", "")), str(data.get("name", "")), rules)


def _rule_from(item: Any) -> SchemeRule:
    if not isinstance(item, Mapping):
        raise SchemeError("評価区分の規則の形が正しくありません。")
    try:
        predicate, tone = Predicate(str(item.get("predicate"))), Tone(str(item.get("tone")))
    except ValueError:
        raise SchemeError("評価区分の規則の条件又は色調が正しくありません。") from None
    grade = Grade(str(item.get("label", "")).strip(), str(item.get("symbol", "")).strip(), tone)
    return SchemeRule(predicate, grade, _threshold_from(item.get("threshold")))


def _threshold_from(value: Any) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        try:
            return Decimal(value)
        except InvalidOperation:
            pass
    raise SchemeError(f"「{value}」は割合として読めません。80％は 0.8 と書いてください。")


def _check_rule(rule: SchemeRule) -> None:
    if not rule.grade.label or not rule.grade.symbol:
        raise SchemeError("評価区分には、記号と言葉の両方が必要です。色だけでは示せません。")
    if rule.threshold is None:
        if rule.predicate in _NEEDS_THRESHOLD:
            raise SchemeError(f"「{rule.predicate.label}」には割合が必要です。")
    elif rule.predicate not in _MAY_HAVE_THRESHOLD:
        raise SchemeError(f"「{rule.predicate.label}」に割合は付けられません。")
    elif not rule.threshold.is_finite() or not 0 <= rule.threshold <= 10:
        raise SchemeError("割合は0から10（1,000％）までで指定してください。")


def _check_order(predicates: list[Predicate]) -> None:
    if predicates.count(_P.NO_FIGURE) != 1:
        raise SchemeError("評価できないときの区分（評価不能など）を一つ置いてください。")
    if predicates.count(_P.UNDECIDED) > 1:
        raise SchemeError("判定保留の区分は一つだけ置けます。")
    ordinary = [each for each in predicates if each not in (_P.NO_FIGURE, _P.UNDECIDED)]
    if not ordinary:
        raise SchemeError("評価区分の条件がありません。")
    if _P.OTHERWISE in ordinary[:-1]:
        raise SchemeError(f"「{_P.OTHERWISE.label}」は最後に一つだけ置いてください。")


def _check_labels(grades: list[Grade]) -> None:
    if len({grade.label for grade in grades}) != len(set(grades)):
        raise SchemeError("同じ言葉の評価区分には、同じ記号と色調を付けてください。")


# --- presets ------------------------------------------------------------------------------------------


def _scheme(code: str, name: str, *rows: tuple[Predicate, str | None, str, str, Tone]) -> Scheme:
    rules = (
        SchemeRule(predicate, Grade(label, symbol, tone), None if least is None else Decimal(least))
        for predicate, least, label, symbol, tone in rows
    )
    return Scheme(code, name, tuple(rules))


_EXTREMELY = "地方創生に非常に効果的であった"
_LARGELY = "地方創生に相当程度効果があった"
_SOMEWHAT = "地方創生に効果があった"
_NOT_AT_ALL = "地方創生に対して効果がなかった"

PRESETS: Mapping[str, Scheme] = {
    scheme.code: scheme
    for scheme in (
        _scheme(
            "three_step",
            "三段階（順調・おおむね順調・課題あり）",
            (_P.TARGET_MET, None, "順調", "◎", Tone.POSITIVE),
            (_P.ATTAINMENT_AT_LEAST, "0.8", "おおむね順調", "○", Tone.NEUTRAL),
            (_P.OTHERWISE, None, "課題あり", "△", Tone.NEGATIVE),
            (_P.NO_FIGURE, None, "評価不能", "－", Tone.NONE),
            (_P.UNDECIDED, None, "判定保留", "？", Tone.CAUTION),
        ),
        _scheme(
            "sabc",
            "S・A・B・C（目標値と基準値との比較）",
            (_P.TARGET_MET, None, "目標値を達成", "S", Tone.POSITIVE),
            (_P.ABOVE_BASELINE, "0.1", "基準値より改善", "A", Tone.POSITIVE),
            (_P.WITHIN_BASELINE, "0.1", "基準値と同程度", "B", Tone.NEUTRAL),
            (_P.BELOW_BASELINE, "0.1", "基準値より悪化", "C", Tone.NEGATIVE),
            (_P.NO_FIGURE, None, "判定できない", "−", Tone.NONE),
        ),
        _scheme(
            "abcd_course",
            "A〜D（目安値との比較）",
            (_P.COURSE_ABOVE, "1", "目安値を上回る", "A", Tone.POSITIVE),
            (_P.COURSE_AT_LEAST, "0.9", "目安値の9割以上", "B", Tone.NEUTRAL),
            (_P.OTHERWISE, None, "目安値の9割に届かない", "C", Tone.NEGATIVE),
            (_P.NO_FIGURE, None, "判定できない", "D", Tone.NONE),
        ),
        # 7割 is how municipalities read 相当程度 (目標値を相当程度［7割〜8割］達成); 効果があった asks for a baseline.
        _scheme(
            "cabinet_office",
            "内閣府の効果検証",
            (_P.TARGET_MET, None, _EXTREMELY, "◎", Tone.POSITIVE),
            (_P.ATTAINMENT_AT_LEAST, "0.7", _LARGELY, "○", Tone.POSITIVE),
            (_P.ABOVE_BASELINE, None, _SOMEWHAT, "△", Tone.NEUTRAL),
            (_P.WITHIN_BASELINE, "0", _NOT_AT_ALL, "×", Tone.NEGATIVE),
            (_P.BELOW_BASELINE, None, _NOT_AT_ALL, "×", Tone.NEGATIVE),
            (_P.NO_FIGURE, None, "評価不能", "－", Tone.NONE),
            (_P.UNDECIDED, None, "判定保留", "？", Tone.CAUTION),
        ),
    )
}

"""Grades (評価区分): a forum's own words for how an indicator stands.

The first rule of a scheme that holds gives the grade; 評価不能 (`no_figure`) is tested first and 判定保留 (`undecided`)
second, wherever they stand in the list: what cannot be judged must not be judged by what happens to be there. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from kpis.attainment import NOTHING, Attainment, Bounds, Plan, Target
from kpis.attainment import attainment as attain
from kpis.periods import Period
from kpis.rules import AttainmentRule, Direction
from kpis.schemes import PRESETS, Grade, Predicate, Scheme, SchemeError, SchemeRule, Tone

__all__ = [
    "PRESETS",
    "Grade",
    "JudgeInput",
    "Judgement",
    "Predicate",
    "Scheme",
    "SchemeError",
    "SchemeRule",
    "Tone",
    "judge",
    "judge_input",
]

_P = Predicate
_COMPARES_TARGET = {_P.TARGET_MET, _P.ATTAINMENT_AT_LEAST}
_COMPARES_COURSE = {_P.COURSE_AT_LEAST, _P.COURSE_ABOVE}
_COMPARES_BASELINE = {_P.ABOVE_BASELINE, _P.WITHIN_BASELINE, _P.BELOW_BASELINE}


@dataclass(frozen=True)
class JudgeInput:
    """All that a grade may look at. Values are stored figures in the indicator's own unit.

    `only_adds`: a sum of figures that cannot be negative (`rules.only_adds`), so that what is missing can only add.
    `possible`: figures it may have once complete (`arithmetic.gap_estimates`); met or missed under all of them
    alike, it is decided. Empty (the usual case): an incomplete figure is undecided. `judged` False: no grade here.
    """

    direction: Direction
    actual: Decimal | None = None
    target: Target | None = None
    attainment: Attainment = NOTHING
    course: Attainment = NOTHING
    baseline: Decimal | None = None
    reported: int = 1
    expected: int = 1
    only_adds: bool = False
    possible: tuple[Decimal, ...] = ()
    judged: bool = True

    @property
    def is_partial(self) -> bool:
        return self.reported < self.expected

    @property
    def is_undecided(self) -> bool:
        """What is missing could turn met into not met or back (判定保留)."""
        met = self.attainment.met
        if not self.is_partial or self._has_settled(met):
            return False
        return not self.possible or any(self._met_at(figure) is not met for figure in self.possible)

    def _has_settled(self, met: bool | None) -> bool:
        """A growing sum stays met once up is met, and missed once down is missed."""
        up_is_met = self.direction is Direction.UP and met is True
        down_is_missed = self.direction is Direction.DOWN and met is False
        return self.only_adds and (up_is_met or down_is_missed)

    def _met_at(self, figure: Decimal) -> bool | None:
        rule = AttainmentRule.IN_RANGE if isinstance(self.target, Bounds) else AttainmentRule.RATIO_TO_TARGET
        return attain(rule, figure, self.target, direction=self.direction).met


@dataclass(frozen=True)
class Judgement:
    """`grade` None: this period is not judged. `partial`: judged although reports are missing (一部未報告).

    `undecided` is told even where the scheme has no words for 判定保留, so that a page can warn.
    """

    grade: Grade | None
    partial: bool = False
    undecided: bool = False
    reason: str = ""

    @property
    def label(self) -> str:
        """「順調（一部未報告）」; 「—」 where nothing is judged."""
        if self.grade is None:
            return "—"
        return f"{self.grade.label}（一部未報告）" if self.partial else self.grade.label


def judge_input(
    plan: Plan,
    period: Period,
    actual: Decimal | None,
    *,
    reported: int = 1,
    expected: int = 1,
    only_adds: bool = False,
    possible: tuple[Decimal, ...] = (),
    judged: bool = True,
) -> JudgeInput:
    """What a plan says about a figure in a period; a period for which no target was set is not judged."""
    standing = plan.standing(period, actual)
    return JudgeInput(
        plan.direction,
        actual,
        standing.target,
        standing.attainment,
        standing.course,
        plan.baseline.value if plan.baseline else None,
        reported,
        expected,
        only_adds,
        possible,
        judged and not standing.is_set_aside,
    )


def judge(scheme: Scheme, given: JudgeInput) -> Judgement:
    """The grade of a figure in a scheme, with the reason in words."""
    if not given.judged or (given.actual is None and given.expected == 0):
        return Judgement(None, reason="この期間は評価の対象ではありません。")
    if _cannot_be_judged(scheme, given):
        return Judgement(scheme.grade_for(_P.NO_FIGURE), reason=_P.NO_FIGURE.label)
    undecided = given.is_undecided
    if undecided and (grade := scheme.grade_for(_P.UNDECIDED)):
        coverage = f"報告状況 {given.reported}／{given.expected}件"
        return Judgement(grade, undecided=True, reason=f"{_P.UNDECIDED.label}（{coverage}）")
    for rule in scheme.rules:
        if rule.predicate in _HOLDS and _HOLDS[rule.predicate](given, Fraction(rule.threshold or 0)):
            return Judgement(rule.grade, given.is_partial, undecided, _reason(rule))
    return Judgement(scheme.grade_for(_P.NO_FIGURE), reason=_P.NO_FIGURE.label)


def _cannot_be_judged(scheme: Scheme, given: JudgeInput) -> bool:
    """No figure, or none of the things that the scheme compares with."""
    used = {rule.predicate for rule in scheme.rules}
    there = [
        present
        for compared, present in (
            (_COMPARES_TARGET, given.attainment.met is not None),
            (_COMPARES_COURSE, given.course.met is not None),
            (_COMPARES_BASELINE, given.baseline is not None),
        )
        if used & compared
    ]
    return given.actual is None or (bool(there) and not any(there))


def _reason(rule: SchemeRule) -> str:
    if rule.threshold is None:
        return rule.predicate.label
    return f"{rule.predicate.label}（{rule.threshold * 100:f}％）"


def _gain(given: JudgeInput) -> Fraction | None:
    """How much better than the baseline, by the indicator's direction; a range to keep has no better side."""
    if given.actual is None or given.baseline is None or given.direction is Direction.KEEP:
        return None
    gain = Fraction(given.actual) - Fraction(given.baseline)
    return gain if given.direction is Direction.UP else -gain


def _size(given: JudgeInput) -> Fraction:
    return abs(Fraction(given.baseline or 0))


def _at_least(ratio: Fraction | None, least: Fraction) -> bool:
    return ratio is not None and ratio >= least


def _within(given: JudgeInput, part: Fraction) -> bool:
    if given.actual is None or given.baseline is None:
        return False
    return abs(Fraction(given.actual) - Fraction(given.baseline)) <= part * _size(given)


def _above(given: JudgeInput, part: Fraction) -> bool:
    gain = _gain(given)
    return gain is not None and gain > part * _size(given)


def _below(given: JudgeInput, part: Fraction) -> bool:
    gain = _gain(given)
    return gain is not None and gain < -part * _size(given)


def _course_above(given: JudgeInput, least: Fraction) -> bool:
    ratio = given.course.judged_ratio
    return ratio is not None and ratio > least


_HOLDS: Mapping[Predicate, Callable[[JudgeInput, Fraction], bool]] = {
    _P.TARGET_MET: lambda given, _: given.attainment.met is True,
    _P.ATTAINMENT_AT_LEAST: lambda given, least: _at_least(given.attainment.judged_ratio, least),
    _P.COURSE_AT_LEAST: lambda given, least: _at_least(given.course.judged_ratio, least),
    _P.COURSE_ABOVE: _course_above,
    _P.ABOVE_BASELINE: _above,
    _P.WITHIN_BASELINE: _within,
    _P.BELOW_BASELINE: _below,
    _P.OTHERWISE: lambda given, _: True,
}

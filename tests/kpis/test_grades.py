"""Grades: schemes, presets, what is undecided and what is partly reported."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal as D

import pytest

from kpis.attainment import Baseline, Bounds, Milestone, Plan
from kpis.grades import PRESETS, Grade, Predicate, Scheme, SchemeError, SchemeRule, Tone, judge, judge_input
from kpis.periods import Period
from kpis.rules import AttainmentRule, Direction, Scale

UP, DOWN, KEEP = Direction.UP, Direction.DOWN, Direction.KEEP
YEAR = Period.parse("FY2025")
THREE, SABC = PRESETS["three_step"], PRESETS["sabc"]
COURSE, CABINET = PRESETS["abcd_course"], PRESETS["cabinet_office"]


def plan(target, baseline=None, direction=UP, rule=None, scale=Scale.NUMBER):
    rules = {
        UP: "ratio_to_target",
        DOWN: "progress_from_baseline" if baseline else "inverse_ratio",
        KEEP: "in_range",
    }
    goal = target if isinstance(target, Bounds) else D(target) if target is not None else None
    return Plan(
        direction,
        AttainmentRule(rule or rules[direction]),
        scale,
        Baseline(D(baseline), Period.parse("FY2021")) if baseline is not None else None,
        (Milestone(YEAR, goal),) if goal is not None else (),
    )


def grade(scheme, given_plan, actual, **facts):
    return judge(scheme, judge_input(given_plan, YEAR, None if actual is None else D(actual), **facts))


@pytest.mark.parametrize(
    ("actual", "label"),
    [("10", "順調"), ("9.999999", "おおむね順調"), ("8", "おおむね順調"), ("7.999999", "課題あり"), ("-1", "課題あり"), (None, "評価不能")],
)  # fmt: skip
def test_three_steps(actual, label):
    assert grade(THREE, plan("10"), actual).label == label


def test_without_a_target_three_steps_cannot_judge():
    assert grade(THREE, plan(None, "5"), "10").label == "評価不能"


def test_a_target_of_zero_is_met_or_not_without_a_rate():
    assert grade(THREE, plan("0"), "0").label == "順調"
    assert grade(THREE, plan("0"), "-1").label == "課題あり"


@pytest.mark.parametrize(
    ("direction", "baseline", "target", "actual", "symbol"),
    [
        (UP, "100", "200", "200", "S"),
        (UP, "100", "200", "110.000001", "A"),
        (UP, "100", "200", "110", "B"),
        (UP, "100", "200", "90", "B"),
        (UP, "100", "200", "89.999999", "C"),
        (DOWN, "100", "50", "50", "S"),
        (DOWN, "100", "50", "89", "A"),
        (DOWN, "100", "50", "110", "B"),
        (DOWN, "100", "50", "111", "C"),
        (UP, "-100", "0", "-89", "A"),
        (UP, "0", "5", "0", "B"),
        (UP, "0", "5", "1", "A"),
        (UP, None, "5", "1", "−"),
        (UP, None, "5", "5", "S"),
        (UP, "100", None, "150", "A"),
        (UP, None, None, "150", "−"),
        (UP, "100", "200", None, "−"),
    ],
)
def test_sabc_compares_with_target_and_baseline(direction, baseline, target, actual, symbol):
    assert grade(SABC, plan(target, baseline, direction), actual).grade.symbol == symbol


@pytest.mark.parametrize(
    ("actual", "symbol"), [("5.000001", "A"), ("5", "B"), ("4.5", "B"), ("4.499999", "C"), (None, "D")]
)
def test_abcd_compares_with_the_expected_value(actual, symbol):
    five_years = replace(plan("10", "0"), milestones=(Milestone(Period.parse("FY2029"), D(10)),))
    assert grade(COURSE, five_years, actual).grade.symbol == symbol


def test_abcd_cannot_judge_a_level_or_a_period_before_any_expected_value():
    assert grade(COURSE, plan("3", "0", scale=Scale.LEVEL), "3").grade.symbol == "D"
    later = replace(plan("10"), milestones=(Milestone(Period.parse("FY2029"), D(10)),))
    assert grade(COURSE, later, "10").grade.symbol == "D"


def test_a_kept_range_counts_as_exactly_100_percent():
    inside = plan(Bounds(D(60), D(90)), direction=KEEP)
    assert grade(THREE, inside, "70").label == "順調"
    assert grade(THREE, inside, "94").label == "課題あり"
    assert grade(COURSE, inside, "70").grade.symbol == "B"


@pytest.mark.parametrize(
    ("actual", "label"),
    [
        ("100", "地方創生に非常に効果的であった"),
        ("70", "地方創生に相当程度効果があった"),
        ("60", "地方創生に効果があった"),
        ("50", "地方創生に対して効果がなかった"),
        ("40", "地方創生に対して効果がなかった"),
        (None, "評価不能"),
    ],
)
def test_the_wording_of_the_cabinet_office(actual, label):
    assert grade(CABINET, plan("100", "50"), actual).label == label


def test_without_a_baseline_nobody_says_that_there_was_no_effect():
    assert grade(CABINET, plan("100"), "60").label == "評価不能"


# --- what is missing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "actual", "only_adds", "label"),
    [
        (UP, "100", True, "順調（一部未報告）"),
        (UP, "99", True, "判定保留"),
        (UP, "100", False, "判定保留"),
        (DOWN, "100", True, "判定保留"),
        (DOWN, "101", True, "おおむね順調（一部未報告）"),
        (DOWN, "101", False, "判定保留"),
        (DOWN, "500", True, "課題あり（一部未報告）"),
    ],
)
def test_an_incomplete_figure_is_judged_only_when_it_can_no_longer_turn(direction, actual, only_adds, label):
    made = grade(THREE, plan("100", direction=direction), actual, reported=7, expected=8, only_adds=only_adds)
    assert made.label == label


def test_an_incomplete_range_is_undecided():
    made = grade(
        THREE, plan(Bounds(D(60), D(90)), direction=KEEP), "70", reported=1, expected=2, only_adds=True
    )
    assert made.label == "判定保留"


def test_a_complete_figure_is_never_undecided():
    made = grade(THREE, plan("100", direction=DOWN), "99", reported=8, expected=8)
    assert (made.label, made.partial, made.undecided) == ("順調", False, False)


def test_no_figure_comes_before_undecided():
    assert grade(THREE, plan("100"), None, reported=0, expected=4).label == "評価不能"


def test_a_scheme_without_words_for_undecided_still_tells_it():
    made = grade(SABC, plan("100", "200", DOWN), "99", reported=7, expected=8)
    assert (made.grade.symbol, made.partial, made.undecided) == ("S", True, True)


def test_the_reason_names_the_coverage():
    made = grade(THREE, plan("100", direction=DOWN), "99", reported=7, expected=8)
    assert "7／8" in made.reason


@pytest.mark.parametrize(
    ("possible", "label"),
    [(("95", "98"), "順調（一部未報告）"), (("95", "101"), "判定保留"), (("101", "102"), "判定保留")],
)
def test_an_incomplete_figure_is_decided_when_every_estimate_says_the_same(possible, label):
    figures = tuple(map(D, possible))
    made = grade(THREE, plan("100", direction=DOWN), "90", reported=7, expected=8, possible=figures)
    assert made.label == label


def test_what_is_not_expected_is_not_judged():
    made = grade(THREE, plan("100"), None, reported=0, expected=0)
    assert (made.grade, made.label) == (None, "—")


def test_a_period_without_a_target_on_purpose_is_not_judged():
    aside = replace(plan("10"), milestones=(Milestone(YEAR, None),))
    assert grade(THREE, aside, "6").grade is None


def test_a_period_at_another_grain_may_be_kept_from_judging():
    assert grade(THREE, plan("10"), "6", judged=False).grade is None


# --- schemes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", PRESETS.values(), ids=lambda scheme: scheme.code)
def test_a_scheme_survives_storage(scheme):
    assert Scheme.from_dict(json.loads(json.dumps(scheme.to_dict()))) == scheme


@pytest.mark.parametrize("scheme", PRESETS.values(), ids=lambda scheme: scheme.code)
def test_every_shipped_grade_has_a_symbol_and_words_and_no_minus_sign(scheme):
    assert all(each.label and each.symbol and each.symbol != "▲" for each in scheme.grades)


NONE = {"predicate": "no_figure", "label": "評価不能", "symbol": "－", "tone": "none"}
GOOD = {"predicate": "target_met", "label": "達成", "symbol": "○", "tone": "positive"}


@pytest.mark.parametrize(
    "rules",
    [
        None,
        [],
        [GOOD],
        [NONE],
        [NONE, NONE, GOOD],
        ["target_met"],
        [NONE, {**GOOD, "predicate": "better"}],
        [NONE, {**GOOD, "tone": "red"}],
        [NONE, {**GOOD, "symbol": " "}],
        [NONE, {**GOOD, "label": ""}],
        [NONE, {**GOOD, "threshold": "0.8"}],
        [NONE, {**GOOD, "predicate": "attainment_at_least"}],
        [NONE, {**GOOD, "predicate": "attainment_at_least", "threshold": 0.8}],
        [NONE, {**GOOD, "predicate": "attainment_at_least", "threshold": "八割"}],
        [NONE, {**GOOD, "predicate": "attainment_at_least", "threshold": "-1"}],
        [NONE, {**GOOD, "predicate": "attainment_at_least", "threshold": "NaN"}],
        [NONE, {**GOOD, "predicate": "otherwise", "label": "他"}, GOOD],
        [NONE, {**GOOD, "predicate": "undecided"}, {**GOOD, "predicate": "undecided"}, GOOD],
        [NONE, GOOD, {**GOOD, "predicate": "otherwise", "symbol": "×"}],
    ],
)
def test_a_scheme_that_cannot_be_used_is_refused(rules):
    with pytest.raises(SchemeError):
        Scheme.from_dict({"code": "own", "name": "町の方式", "rules": rules})


def test_a_town_may_have_its_own_words():
    good, poor = Grade("できた", "◎", Tone.POSITIVE), Grade("もう少し", "△", Tone.CAUTION)
    unknown = Grade("わからない", "？", Tone.NONE)
    own = Scheme(
        "own",
        "町の方式",
        (
            SchemeRule(Predicate.NO_FIGURE, unknown),
            SchemeRule(Predicate.COURSE_AT_LEAST, good, D("0.95")),
            SchemeRule(Predicate.OTHERWISE, poor),
        ),
    )
    assert [grade(own, plan("100", "0"), actual).label for actual in ("95", "94", None)] == [
        "できた",
        "もう少し",
        "わからない",
    ]

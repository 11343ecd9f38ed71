"""Targets, attainment, expected values."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.arithmetic import show_rate
from kpis.attainment import (
    NOTHING,
    Attainment,
    Baseline,
    Bounds,
    Milestone,
    Plan,
    PlanError,
    attainment,
    course,
    expected_bounds,
    expected_value,
    is_judged_at,
    judging_grain,
    target_for,
)
from kpis.periods import Grain, Period
from kpis.rules import Accrual, AttainmentRule, Direction, Scale, TimeRule
from tests.kpis import oracle

UP, DOWN, KEEP = Direction.UP, Direction.DOWN, Direction.KEEP
RATIO, PROGRESS = AttainmentRule.RATIO_TO_TARGET, AttainmentRule.PROGRESS_FROM_BASELINE
INVERSE, IN_RANGE = AttainmentRule.INVERSE_RATIO, AttainmentRule.IN_RANGE


def at(code):
    return Period.parse(code)


def milestone(code, target):
    return Milestone(at(code), None if target is None else D(target))


def base(value, code="FY2022"):
    return Baseline(D(value), at(code))


def judged(rule, actual, target, baseline=None, direction=UP, **more):
    values = [None if value is None else D(value) for value in (actual, target, baseline)]
    return attainment(rule, *values, direction=direction, **more)


# --- targets ----------------------------------------------------------------------------------------

STEPS = [milestone("FY2026", 30), milestone("FY2024", 10)]


@pytest.mark.parametrize(
    ("period", "target"),
    [
        ("FY2021", None),
        ("FY2022", 10),
        ("FY2023", 10),
        ("FY2024", 10),
        ("FY2025", 30),
        ("FY2026", 30),
        ("FY2030", 30),
        ("FY2024-Q4", 10),
        ("2025-03", 10),
        ("2025-04", 30),
        ("FY2021-Q4", None),
    ],
)
def test_the_target_is_the_first_milestone_at_or_after_the_period(period, target):
    assert target_for(at(period), STEPS, at("FY2022")) == target


def test_without_a_baseline_the_first_milestone_holds_from_the_beginning():
    assert target_for(at("FY2000"), STEPS) == 10


def test_without_milestones_there_is_no_target():
    assert target_for(at("FY2024"), []) is None


def test_a_period_may_be_left_without_a_target_on_purpose():
    plan = Plan(UP, RATIO, milestones=(milestone("FY2023", None), milestone("FY2024", 10)))
    assert plan.standing(at("FY2023"), D(5)).is_set_aside
    assert target_for(at("FY2023"), plan.milestones) is None
    assert target_for(at("FY2024"), plan.milestones) == 10


def test_the_expected_value_passes_over_a_period_without_a_target():
    steps = [milestone("FY2023", None), milestone("FY2024", 10)]
    assert expected_value(at("FY2023"), base(0), steps) == 5


@pytest.mark.parametrize(
    ("grain", "accrual", "time_rule", "running", "is_judged"),
    [
        (Grain.QUARTER, Accrual.FLOW, TimeRule.SUM, False, False),
        (Grain.YEAR, Accrual.FLOW, TimeRule.SUM, False, True),
        (Grain.QUARTER, Accrual.FLOW, TimeRule.SUM, True, True),
        (Grain.QUARTER, Accrual.FLOW, TimeRule.MEAN, False, True),
        (Grain.MONTH, Accrual.STOCK, TimeRule.LAST, False, True),
    ],
)
def test_a_flow_that_sums_is_judged_at_the_judging_grain_only(grain, accrual, time_rule, running, is_judged):
    assert is_judged_at(grain, judging_grain(STEPS), accrual, time_rule, running) is is_judged


# --- attainment -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "direction", "actual", "target", "baseline", "ratio", "met"),
    [
        (RATIO, UP, "29", "49", None, "29/49", False),
        (RATIO, UP, "71", "36", None, "71/36", True),
        (RATIO, UP, "-5", "10", None, "-1/2", False),
        (RATIO, UP, "5", "0", None, None, True),
        (RATIO, UP, "0", "0", None, None, True),
        (RATIO, UP, "-1", "0", None, None, False),
        (RATIO, UP, "-1", "-2", None, None, True),
        (PROGRESS, UP, "15", "20", "10", "1/2", False),
        (PROGRESS, UP, "5", "20", "10", "-1/2", False),
        (PROGRESS, UP, "5", "0", "-10", "3/2", True),
        (PROGRESS, UP, "5", "10", "10", None, False),
        (PROGRESS, UP, "12", "8", "10", None, True),
        (PROGRESS, UP, "12", "8", None, None, True),
        (PROGRESS, DOWN, "4469", "4600", "4820", "351/220", True),
        (PROGRESS, DOWN, "5", "0", "10", "1/2", False),
        (PROGRESS, DOWN, "5", "12", "10", None, True),
        (INVERSE, DOWN, "8", "4", None, "1/2", False),
        (INVERSE, DOWN, "2", "4", None, "2", True),
        (INVERSE, DOWN, "0", "0", None, "1", True),
        (INVERSE, DOWN, "0", "4", None, None, True),
        (INVERSE, DOWN, "4", "0", None, None, False),
        (INVERSE, DOWN, "-1", "4", None, None, True),
    ],
)
def test_attainment_by_rule(rule, direction, actual, target, baseline, ratio, met):
    made = judged(rule, actual, target, baseline, direction)
    assert (made.ratio, made.met) == (None if ratio is None else Fraction(ratio), met)


@pytest.mark.parametrize(("actual", "target"), [(None, "5"), ("5", None), (None, None)])
def test_without_actual_or_target_nothing_is_said(actual, target):
    assert judged(RATIO, actual, target) == NOTHING


def test_what_shows_as_100_percent_need_not_be_met():
    made = judged(RATIO, "9996", "10000")
    assert (show_rate(made.ratio), made.met) == ("100.0%", False)


def test_met_without_a_figure_stands_for_exactly_100_percent():
    assert judged(RATIO, "5", "0").judged_ratio == 1
    assert judged(RATIO, "-5", "0").judged_ratio is None


def test_levels_are_met_or_not_without_a_figure():
    made = judged(RATIO, "2", "3", scale=Scale.LEVEL)
    assert (made.ratio, made.met, made.distance) == (None, False, -1)


def test_yes_has_a_figure():
    assert judged(RATIO, "0", "1", scale=Scale.YES_NO).ratio == 0


@pytest.mark.parametrize(
    ("actual", "met", "distance"),
    [("60", True, "0"), ("90", True, "0"), ("70.8", True, "10.8"), ("85", True, "5"), ("94", False, "-4"), ("45", False, "-15")],
)  # fmt: skip
def test_a_range_is_kept_or_not_with_a_signed_distance_to_the_nearer_bound(actual, met, distance):
    made = attainment(IN_RANGE, D(actual), Bounds(D(60), D(90)), direction=KEEP)
    assert made == Attainment(None, met, D(distance))


def test_a_range_needs_two_bounds_in_order():
    with pytest.raises(PlanError):
        Bounds(D(90), D(60))
    with pytest.raises(PlanError):
        attainment(IN_RANGE, D(5), D(60), direction=KEEP)


# --- expected value ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("FY2021", None),
        ("FY2022", "0"),
        ("FY2023", "5"),
        ("FY2024", "10"),
        ("FY2025", "20"),
        ("FY2026", "30"),
        ("FY2027", "30"),
        ("FY2023-Q1", "1.25"),
        ("2023-04", "0.416667"),
        ("2023-05", "0.833333"),
        ("2022-03", None),
    ],
)
def test_the_expected_value_lies_on_straight_lines(period, expected):
    assert expected_value(at(period), base(0), STEPS) == (None if expected is None else D(expected))


def test_without_a_baseline_nothing_is_expected_before_the_first_milestone():
    assert expected_value(at("FY2023"), None, STEPS) is None
    assert expected_value(at("FY2025"), None, STEPS) == 20


def test_without_a_milestone_nothing_is_expected():
    assert expected_value(at("FY2023"), base(5), []) is None


@pytest.mark.parametrize("scale", [Scale.LEVEL, Scale.YES_NO])
def test_levels_and_yes_no_have_no_expected_value_and_no_course(scale):
    assert expected_value(at("FY2024"), base(0), STEPS, scale) is None
    assert course(RATIO, D(5), D(5), direction=UP, scale=scale) == NOTHING


def ranges(*rows):
    return [Milestone(at(code), Bounds(D(low), D(high))) for code, low, high in rows]


@pytest.mark.parametrize(
    ("period", "low", "high"),
    [("FY2020", 60, 90), ("FY2025", 60, 90), ("FY2026", 65, 90), ("FY2027", 70, 90), ("FY2030", 70, 90)],
)
def test_bounds_lie_on_lines_and_the_first_hold_before_the_first_milestone(period, low, high):
    given_ranges = ranges(("FY2027", 70, 90), ("FY2025", 60, 90))
    assert expected_bounds(at(period), given_ranges) == Bounds(D(low), D(high))


def test_a_plan_without_ranges_has_no_bounds():
    assert expected_bounds(at("FY2025"), []) is None


def test_the_course_puts_the_expected_value_in_the_targets_place():
    plan = Plan(UP, PROGRESS, baseline=base(0), milestones=tuple(STEPS))
    standing = plan.standing(at("FY2025"), D(18))
    assert (standing.target, standing.attainment.ratio) == (30, Fraction(18, 30))
    assert (standing.expected, standing.course.ratio, standing.course.met) == (20, Fraction(18, 20), False)


def test_a_kept_range_has_a_course_without_a_figure():
    plan = Plan(KEEP, IN_RANGE, milestones=tuple(ranges(("FY2025", 60, 90), ("FY2027", 70, 90))))
    standing = plan.standing(at("FY2026"), D(66))
    assert (standing.attainment.met, standing.course.met, standing.course.ratio) == (False, True, None)


POINTS = st.lists(
    st.tuples(st.integers(2000, 2040), st.decimals(-1000, 1000, places=6)),
    min_size=1,
    max_size=5,
    unique_by=lambda p: p[0],
)


@given(POINTS, st.integers(1999, 2045), st.sampled_from(Grain))
def test_expected_values_agree_with_the_oracle(points, year, grain):
    (first_year, first_value), *rest = sorted(points)
    period = Period.year(year).split(grain)[0]
    steps = [milestone(f"FY{each}", value) for each, value in rest]
    baseline = Baseline(first_value, Period.year(first_year))
    axis = [(Period.year(each).last_month, Fraction(value)) for each, value in points]
    expected = oracle.on_the_line(axis, period.last_month) if rest else None
    assert expected_value(period, baseline, steps) == expected


# --- plans -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (Plan(UP, RATIO, milestones=(milestone("FY2024", 1), milestone("FY2025-H1", 2))), "grains"),
        (Plan(UP, RATIO, baseline=base(1, "FY2022-H1"), milestones=(milestone("FY2024", 1),)), "grains"),
        (Plan(UP, RATIO, milestones=(milestone("2024-04", 1),)), "finer"),
        (Plan(UP, RATIO, milestones=(milestone("FY2024", 1), milestone("FY2024", 2))), "twice"),
        (Plan(KEEP, IN_RANGE, milestones=(milestone("FY2024", 1),)), "target_kind"),
        (Plan(UP, RATIO, milestones=tuple(ranges(("FY2024", 1, 2)))), "target_kind"),
        (
            Plan(UP, RATIO, baseline=base(1, "FY2024"), milestones=(milestone("FY2024", 1),)),
            "before_baseline",
        ),
    ],
)
def test_a_plan_that_does_not_hold_together_is_refused(plan, code):
    with pytest.raises(PlanError) as refused:
        plan.check(Grain.QUARTER)
    assert refused.value.code == code


def test_a_plan_that_holds_together_is_accepted():
    Plan(UP, RATIO, baseline=base(0), milestones=(*STEPS, milestone("FY2023", None))).check(Grain.QUARTER)

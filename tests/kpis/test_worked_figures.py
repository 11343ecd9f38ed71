"""The public figures and the check table of the sample region, worked by the pure modules alone."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from kpis.arithmetic import (
    MISSING_CELL,
    CellFigure,
    Child,
    cells_within,
    combine,
    fold_periods,
    gap_estimates,
    measured_cell,
    ratio_cell,
    running_total,
    show_figure,
    show_rate,
)
from kpis.attainment import Baseline, Bounds, Milestone, Plan, attainment
from kpis.grades import PRESETS, judge, judge_input
from kpis.periods import Grain, Period, periods_between
from kpis.rules import AttainmentRule, Direction, Scale, TimeRule, TreeRule
from kpis.units import unit_labelled

UP, DOWN, KEEP = Direction.UP, Direction.DOWN, Direction.KEEP
RATIO, PROGRESS = AttainmentRule.RATIO_TO_TARGET, AttainmentRule.PROGRESS_FROM_BASELINE
YEN_THOUSAND, YEN_MILLION = unit_labelled("千円"), unit_labelled("百万円")
TONNES, PERCENT, PEOPLE = unit_labelled("t"), unit_labelled("％"), unit_labelled("人")


def at(code):
    return Period.parse(code)


@pytest.mark.parametrize(
    ("year", "actual", "target", "rate"),
    [
        ("FY2005", 29, 49, "59.2%"),
        ("FY2006", 123, 163, "75.5%"),
        ("FY2007", 253, 340, "74.4%"),
        ("FY2005", 71, 36, "197.2%"),
        ("FY2006", 159, 109, "145.9%"),
        ("FY2007", 304, 251, "121.1%"),
    ],
)
def test_the_urban_area_programme_has_its_published_attainment(year, actual, target, rate):
    plan = Plan(UP, RATIO, milestones=(Milestone(at(year), D(target)),))
    assert show_rate(plan.standing(at(year), D(actual)).attainment.ratio) == rate


def test_joint_research_shows_its_gap_as_a_gap():
    known = {2011: 16302, 2012: 16925, 2013: 17881, 2014: 19070, 2015: 20821, 2020: 28794, 2021: 29644}
    cells = {
        Period.year(year): measured_cell(Period.year(year), D(count), unit_labelled("件"))
        for year, count in known.items()
    }
    figures = [
        cells.get(period, MISSING_CELL).value for period in periods_between(at("FY2014"), at("FY2021"))
    ]
    assert figures == [19070, 20821, None, None, None, None, 28794, 29644]


# --- the small tree -----------------------------------------------------------------------------------

QUARTER = at("FY2025-Q1")


def small_tree(june=None, c=None):
    months = QUARTER.split(Grain.MONTH)
    reported = {months[0]: "1200", months[1]: "800"} | ({months[2]: june} if june else {})
    a = {month: measured_cell(month, D(value), YEN_THOUSAND) for month, value in reported.items()}
    b = {QUARTER: measured_cell(QUARTER, D(3), YEN_MILLION)}
    third = {QUARTER: measured_cell(QUARTER, D(c), YEN_MILLION)} if c else {}
    children = [
        Child(fold_periods(cells_within(cells, QUARTER, grain), TimeRule.SUM), order, factor=D(factor))
        for order, (cells, grain, factor) in enumerate(
            [(a, Grain.MONTH, "1"), (b, Grain.QUARTER, "1"), (third, Grain.QUARTER, "0.5")]
        )
    ]
    return combine(children, TreeRule.SUM, last_month=QUARTER.last_month)


@pytest.mark.parametrize(
    ("june", "c", "value", "reported", "contributing"),
    [(None, None, "5.0", 3, 2), (None, "4", "7.0", 4, 3), ("600", "4", "7.6", 5, 3)],
)
def test_the_small_tree(june, c, value, reported, contributing):
    made = small_tree(june, c)
    assert made.stored(YEN_MILLION) == D(value)
    assert (made.reported, made.expected, made.contributing, made.children) == (reported, 5, contributing, 3)


# --- the sample's ledger ------------------------------------------------------------------------------


def series(first, values, unit):
    """Cells from the period `first` on: a value, a pair for a ratio, or None for a missing one."""
    cells, period = {}, at(first)
    for value in values:
        if value is None:
            cells[period] = MISSING_CELL
        elif isinstance(value, tuple):
            cells[period] = ratio_cell(period, D(value[0]), D(value[1]), unit)
        else:
            cells[period] = measured_cell(period, D(str(value)), unit)
        period = period.next()
    return cells


P1_1 = series("FY2024-Q1", [0, 0, 6.4, 9.8, 8.1, 11.3, 18.6, 15.2, 13.9], YEN_MILLION)
P3_1 = series("FY2024-Q3", [0, 0, 1240, 860, None, 0], YEN_THOUSAND)
P1_2 = series("FY2023-Q3", [5200, 1300, 6500, 0, 0, 2600, 9100, 0, 0, 1300, 9100], YEN_THOUSAND)
P3_2 = series("FY2024-Q2", [5200, 0, 3510, 5200, 0, 0, -1560], YEN_THOUSAND)
P5_2 = series("FY2024-Q3", [3900, 0, 3900, 0, 1300, 0, 5200], YEN_THOUSAND)
M2_C = series(
    "FY2023-Q1", [1010, 1060, 1180, 1050, 985, 1020, 1120, 990, 920, 930, 1010, 880, 835, 812], TONNES
)
M2_T = series("FY2023-Q1", [118, 124, 140, 122, 115, 121, None, 118, 108, 110, 124, 105, 101], TONNES)
M3_C = series("FY2023-Q1", [(280, 1290), (290, 1350), (320, 1500), (295, 1345), (300, 1285), (325, 1345), (390, 1510), (350, 1340), (370, 1290), (400, 1330), (485, 1495), (450, 1330), (440, 1275), (488, 1300)], PERCENT)  # fmt: skip
M3_T = series("FY2023-Q1", [(22, 140), (24, 148), (28, 168), (24, 146), (24, 139), (26, 147), None, (27, 145), (28, 136), (31, 141), (36, 160), (32, 137), (33, 134)], PERCENT)  # fmt: skip
P5_1 = series("FY2025-Q1", [(2512, 5460), (3478, 5520), (5189, 5520), (4320, 5400), (4204, 5460)], PERCENT)
P2_1 = series("2024-10", [62, 81, 96, 74, 88, 110, 118, 126, 140, 151, 0, 148, 172, 181, 203, 176, 190, 214, 231, 240, 262], PEOPLE)  # fmt: skip
P4_1 = series("FY2023", [0, 3, 5], PEOPLE)


def rolled_up(period, children, rule, percent=False):
    """A parent's figure in a period: (cells, first, last) of each child; time rule alike for all."""
    time_rule = TimeRule.RATIO_OF_SUMS if rule is TreeRule.RATIO_OF_SUMS else TimeRule.SUM
    made = []
    for order, (cells, first, last) in enumerate(children):
        grain = at(first).grain
        inside = cells_within(cells, at(period), grain, at(first), at(last) if last else None)
        made.append(Child(fold_periods(inside, time_rule, percent), order))
    return combine(made, rule, last_month=at(period).last_month, percent=percent)


K01 = [(P1_1, "FY2024-Q1", None), (P3_1, "FY2024-Q3", "FY2025-Q4")]
K02 = [(M2_C, "FY2023-Q1", None), (M2_T, "FY2023-Q1", None)]
K03 = [(M3_C, "FY2023-Q1", None), (M3_T, "FY2023-Q1", None)]
K05 = [(P1_2, "FY2023-Q3", None), (P3_2, "FY2024-Q2", "FY2025-Q4"), (P5_2, "FY2024-Q3", None)]
K06 = [(P2_1, "2024-10", None)]
K09 = [(P5_1, "FY2025-Q1", None)]


@pytest.mark.parametrize(
    ("children", "unit", "period", "value", "reported", "expected"),
    [
        (K01, YEN_MILLION, "FY2024", "16.2", 6, 6),
        (K01, YEN_MILLION, "FY2025", "55.3", 7, 8),
        (K01, YEN_MILLION, "FY2026-Q1", "13.9", 1, 1),
        (K01, YEN_MILLION, "FY2026-Q2", None, 0, 1),
        (K02, TONNES, "FY2023", "4804", 8, 8),
        (K02, TONNES, "FY2024", "4469", 7, 8),
        (K02, TONNES, "FY2025", "4187", 8, 8),
        (K02, TONNES, "FY2026-Q2", "812", 1, 2),
        (K05, YEN_MILLION, "FY2023", "6.5", 2, 2),
        (K05, YEN_MILLION, "FY2024", "21.71", 9, 9),
        (K05, YEN_MILLION, "FY2025", "19.24", 12, 12),
        (K05, YEN_MILLION, "FY2026-Q1", "14.3", 2, 2),
        (K05, YEN_MILLION, "FY2026-Q2", None, 0, 2),
        (K06, PEOPLE, "FY2024", "511", 6, 6),
        (K06, PEOPLE, "FY2025", "1819", 12, 12),
        (K06, PEOPLE, "FY2026-Q1", "733", 3, 3),
        (K06, PEOPLE, "FY2026-Q2", None, 0, 3),
    ],
)
def test_the_check_table_sums(children, unit, period, value, reported, expected):
    made = rolled_up(period, children, TreeRule.SUM)
    assert made.stored(unit) == (None if value is None else D(value))
    assert (made.reported, made.expected) == (reported, expected)


@pytest.mark.parametrize(
    ("children", "period", "shown", "parts", "coverage"),
    [
        (K03, "FY2023", "21.1", (1283, 6087), (8, 8)),
        (K03, "FY2024", "24.4", (1442, 5911), (7, 8)),
        (K03, "FY2025", "30.4", (1832, 6019), (8, 8)),
        (K03, "FY2026-Q1", "33.6", (473, 1409), (2, 2)),
        (K03, "FY2026-Q2", "37.5", (488, 1300), (1, 2)),
        (K09, "FY2025", "70.8", (15499, 21900), (4, 4)),
        (K09, "FY2026-Q1", "77.0", (4204, 5460), (1, 1)),
        (K09, "FY2025-Q3", "94.0", (5189, 5520), (1, 1)),
    ],
)
def test_the_check_table_ratios(children, period, shown, parts, coverage):
    made = rolled_up(period, children, TreeRule.RATIO_OF_SUMS, percent=True)
    assert show_figure(made.stored(PERCENT), 1) == shown
    assert (made.numerator, made.denominator) == parts
    assert (made.reported, made.expected) == coverage


def test_the_running_total_of_people_who_stayed():
    totals = [running_total(P4_1, at("FY2023"), Period.year(year)).value for year in (2023, 2024, 2025)]
    assert totals == [0, 3, 8]


def test_an_earlier_state_of_the_ledger_gives_its_own_figure():
    """2025-05-31: of FY2024, P1 two quarters, P3 the second quarter and the preliminary 3,900 are approved."""
    p1, p3, p5 = (
        series("FY2024-Q1", [6500, 0], YEN_THOUSAND),
        series("FY2024-Q2", [5200, None, 3900], YEN_THOUSAND),
        {},
    )
    children = [(p1, "FY2023-Q3", None), (p3, "FY2024-Q2", "FY2025-Q4"), (p5, "FY2024-Q3", None)]
    made = rolled_up("FY2024", children, TreeRule.SUM)
    assert (made.stored(YEN_MILLION), made.reported, made.expected) == (D("15.6"), 4, 9)


# --- the sample's grades --------------------------------------------------------------------------------

NO_TARGET = {2023: None}
PLANS = {
    "K01": (UP, RATIO, Scale.CURRENCY, "2.4", {**NO_TARGET, 2024: 15, 2025: 50}),
    "K02": (DOWN, PROGRESS, Scale.NUMBER, "4820", {**NO_TARGET, 2024: 4600, 2025: 4200}),
    "K03": (UP, RATIO, Scale.RATIO, "21.395956", {**NO_TARGET, 2024: 25, 2025: 32}),
    "K04": (UP, RATIO, Scale.NUMBER, "6", {**NO_TARGET, 2024: 9, 2025: 11}),
    "K05": (UP, RATIO, Scale.CURRENCY, "14.2", {**NO_TARGET, 2024: 20, 2025: 26}),
    "K06": (UP, RATIO, Scale.NUMBER, "0", {**NO_TARGET, 2024: 600, 2025: 2400}),
    "K07": (DOWN, PROGRESS, Scale.RATIO, "43.101343", {**NO_TARGET, 2024: None, 2025: 37}),
    "K08": (UP, RATIO, Scale.NUMBER, "0", {**NO_TARGET, 2024: 4, 2025: 10}),
    "K09": (KEEP, AttainmentRule.IN_RANGE, Scale.RATIO, None, {2024: None, 2025: (60, 90)}),
    "K10": (UP, RATIO, Scale.LEVEL, "0", {**NO_TARGET, 2024: 1, 2025: 3}),
}


def plan_of(code):
    direction, rule, scale, baseline, targets = PLANS[code]
    return Plan(
        direction,
        rule,
        scale,
        None if baseline is None else Baseline(D(baseline), at("FY2021")),
        tuple(Milestone(Period.year(year), _target(target)) for year, target in targets.items()),
    )


def _target(target):
    if target is None:
        return None
    return Bounds(*map(D, target)) if isinstance(target, tuple) else D(target)


@pytest.mark.parametrize(
    ("code", "year", "actual", "coverage", "rate", "met", "label"),
    [
        ("K01", 2024, "16.2", (6, 6), "108.0%", True, "順調"),
        ("K01", 2025, "55.3", (7, 8), "110.6%", True, "順調（一部未報告）"),
        ("K02", 2023, "4804", (8, 8), None, None, "—"),
        ("K02", 2024, "4469", (7, 8), "159.5%", True, "判定保留"),
        ("K02", 2025, "4187", (8, 8), "102.1%", True, "順調"),
        ("K03", 2023, "21.077706", (8, 8), None, None, "—"),
        ("K03", 2025, "30.436950", (8, 8), "95.1%", False, "おおむね順調"),
        ("K04", 2023, "6", (1, 1), None, None, "—"),
        ("K04", 2024, "10", (1, 1), "111.1%", True, "順調"),
        ("K04", 2025, "11", (1, 1), "100.0%", True, "順調"),
        ("K05", 2023, "6.5", (2, 2), None, None, "—"),
        ("K05", 2024, "21.71", (9, 9), "108.6%", True, "順調"),
        ("K05", 2025, "19.24", (12, 12), "74.0%", False, "課題あり"),
        ("K06", 2024, "511", (6, 6), "85.2%", False, "おおむね順調"),
        ("K06", 2025, "1819", (12, 12), "75.8%", False, "課題あり"),
        ("K07", 2023, "40", (1, 1), None, None, "—"),
        ("K07", 2024, None, (0, 0), None, None, "—"),
        ("K07", 2025, "36.021505", (1, 1), "116.0%", True, "順調"),
        ("K08", 2023, "0", (1, 1), None, None, "—"),
        ("K08", 2024, "3", (1, 1), "75.0%", False, "課題あり"),
        ("K08", 2025, "8", (1, 1), "80.0%", False, "おおむね順調"),
        ("K09", 2025, "70.771689", (4, 4), None, True, "順調"),
        ("K10", 2023, "0", (1, 1), None, None, "—"),
        ("K10", 2024, "1", (2, 2), None, True, "順調"),
        ("K10", 2025, "2", (2, 2), None, False, "課題あり"),
    ],
)
def test_the_check_table_is_judged(code, year, actual, coverage, rate, met, label):
    actual = None if actual is None else D(actual)
    sums = code in ("K01", "K02", "K06", "K08")
    given = judge_input(
        plan_of(code), Period.year(year), actual, reported=coverage[0], expected=coverage[1], only_adds=sums
    )
    ratio = given.attainment.ratio
    assert (None if ratio is None else show_rate(ratio), given.attainment.met) == (rate, met)
    assert judge(PRESETS["three_step"], given).label == label


def with_estimates(period, children, gap, rule, percent):
    """The parent's possible figures when one child's gap is filled by each estimate."""
    (whole, *span), (broken, *_) = children
    figures = []
    for estimate in gap_estimates(broken, gap):
        filled = [(whole, *span), ({**broken, gap: estimate}, *span)]
        figures.append(rolled_up(period, filled, rule, percent).stored(PERCENT if percent else TONNES))
    return tuple(figures)


def test_a_missing_quarter_of_incineration_could_turn_the_grade():
    possible = with_estimates("FY2024", K02, at("FY2024-Q3"), TreeRule.SUM, percent=False)
    assert possible == (D("4588.5"), D(4609))
    given = judge_input(
        plan_of("K02"), at("FY2024"), D(4469), reported=7, expected=8, only_adds=True, possible=possible
    )
    assert judge(PRESETS["three_step"], given).label == "判定保留"


@pytest.mark.parametrize(("estimated", "label"), [(False, "判定保留"), (True, "おおむね順調（一部未報告）")])
def test_a_missing_quarter_of_recycling_is_undecided_unless_every_estimate_agrees(estimated, label):
    possible = with_estimates("FY2024", K03, at("FY2024-Q3"), TreeRule.RATIO_OF_SUMS, percent=True)
    actual = rolled_up("FY2024", K03, TreeRule.RATIO_OF_SUMS, percent=True).stored(PERCENT)
    given = judge_input(
        plan_of("K03"), at("FY2024"), actual, reported=7, expected=8, possible=possible if estimated else ()
    )
    assert show_rate(given.attainment.ratio) == "97.6%"
    assert judge(PRESETS["three_step"], given).label == label


def test_a_full_quarter_of_storage_is_out_of_range_while_the_year_is_in():
    bounds = Bounds(D(60), D(90))
    quarter = rolled_up("FY2025-Q3", K09, TreeRule.RATIO_OF_SUMS, percent=True).stored(PERCENT)
    year = rolled_up("FY2025", K09, TreeRule.RATIO_OF_SUMS, percent=True).stored(PERCENT)
    met = [
        attainment(AttainmentRule.IN_RANGE, actual, bounds, direction=KEEP).met for actual in (quarter, year)
    ]
    assert met == [False, True]


def test_paid_back_money_is_shown_with_a_triangle():
    assert show_figure(P3_2[at("FY2025-Q4")].stored(YEN_THOUSAND)) == "▲1,560"


def test_a_month_without_a_passenger_counts_as_zero():
    summer = [P2_1[month] for month in at("FY2025-Q2").split(Grain.MONTH)]
    assert fold_periods(summer, TimeRule.MEAN).value == D("99.666667")
    assert isinstance(summer[1], CellFigure)
    assert summer[1].value == 0

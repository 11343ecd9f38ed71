"""Reading, rounding and rolling up, against tables and against the oracle."""

from __future__ import annotations

import decimal
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.arithmetic import (
    MISSING_CELL,
    CellFigure,
    Child,
    apply_factor,
    breakdown_gap,
    cells_within,
    combine,
    fold_periods,
    gap_estimates,
    measured_cell,
    ratio_cell,
    running_total,
    show_figure,
)
from kpis.periods import Grain, Period
from kpis.rules import TimeRule, TreeRule
from kpis.units import unit_labelled
from tests.kpis import oracle

PIECES, PERCENT = unit_labelled("件"), unit_labelled("％")
YEAR = Period.parse("FY2025")
MONTHS = YEAR.split(Grain.MONTH)


def test_the_ambient_decimal_context_does_not_matter():
    big = CellFigure(D("999999999999999") * 10**8, reported=1, expected=1)
    small = CellFigure(D("0.000001"), reported=1, expected=1)
    with decimal.localcontext() as context:
        context.prec = 3
        total = fold_periods([big, small], TimeRule.SUM).value
        mean = fold_periods([big, small, small], TimeRule.MEAN).value
        shown = show_figure(D("1234567.5"), 0)
    assert str(total) == "99999999999999900000000.000001"
    assert str(mean) == "33333333333333300000000.000001"
    assert shown == "1,234,568"


# --- time -------------------------------------------------------------------------------------------


def cells(*values):
    """Monthly cells of FY2025; None is a missing one."""
    return [
        MISSING_CELL if value is None else measured_cell(month, D(str(value)), PIECES)
        for month, value in zip(MONTHS, values, strict=False)
    ]


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (TimeRule.SUM, "3"),
        (TimeRule.LAST, "0"),
        (TimeRule.MEAN, "1"),
        (TimeRule.MAX, "2"),
        (TimeRule.MIN, "0"),
    ],
)
def test_a_missing_cell_is_left_out_and_a_zero_is_counted(rule, value):
    folded = fold_periods(cells(1, 2, None, 0, None), rule)
    assert (folded.value, folded.reported, folded.expected) == (D(value), 3, 5)
    assert folded.newest == MONTHS[3].last_month


@pytest.mark.parametrize("rule", TimeRule)
def test_nothing_reported_is_no_value(rule):
    assert fold_periods(cells(None, None), rule) == CellFigure(expected=2)


def test_a_ratio_over_zero_is_reported_enters_the_sums_and_is_missing_elsewhere():
    given = [ratio_cell(MONTHS[0], D(1), D(4), PERCENT), ratio_cell(MONTHS[1], D(2), D(0), PERCENT)]
    pooled = fold_periods(given, TimeRule.RATIO_OF_SUMS, percent=True)
    assert (pooled.value, pooled.numerator, pooled.denominator, pooled.reported) == (75, 3, 4, 2)
    assert fold_periods(given, TimeRule.LAST, percent=True).value == 25
    assert fold_periods(given, TimeRule.MEAN, percent=True).value == 25
    assert fold_periods(given, TimeRule.MEAN).reported == 2


def test_zero_over_zero_alone_is_reported_without_a_value():
    pooled = fold_periods([ratio_cell(MONTHS[0], D(0), D(0), PERCENT)], TimeRule.RATIO_OF_SUMS, percent=True)
    assert (pooled.value, pooled.denominator, pooled.reported, pooled.newest) == (None, 0, 1, None)


def test_the_mean_of_rates_is_not_the_rate_of_the_sums():
    given = [ratio_cell(MONTHS[0], D(1), D(2), PERCENT), ratio_cell(MONTHS[1], D(0), D(8), PERCENT)]
    assert fold_periods(given, TimeRule.MEAN).value == 25
    assert fold_periods(given, TimeRule.RATIO_OF_SUMS, percent=True).value == 10


def test_only_last_and_ratio_of_sums_keep_numerator_and_denominator():
    given = [ratio_cell(MONTHS[0], D(1), D(2), PERCENT)]
    kept = [rule for rule in TimeRule if fold_periods(given, rule, percent=True).has_parts]
    assert kept == [TimeRule.LAST, TimeRule.RATIO_OF_SUMS]


def test_a_ratio_in_yen_per_person_is_not_times_100():
    cell = ratio_cell(YEAR, D(3), D(4), unit_labelled("千円/人"))
    assert (cell.value, cell.numerator, cell.stored(unit_labelled("千円/人"))) == (750, 3000, D("0.75"))


def test_the_stored_figure_has_six_decimals_of_its_own_unit():
    yen = CellFigure(D(12345678949))
    assert yen.stored(unit_labelled("億円")) == D("123.456789")
    assert yen.value == D(12345678949)


def test_own_cells_of_a_period_are_expected_within_first_and_last_only():
    quarters = YEAR.split(Grain.QUARTER)
    given = {quarters[1]: measured_cell(quarters[1], D(5), PIECES)}
    inside = cells_within(given, YEAR, Grain.QUARTER, quarters[1], quarters[2])
    assert inside == [given[quarters[1]], MISSING_CELL]


# --- tree -------------------------------------------------------------------------------------------


def child(value, order=0, weight="1", factor="1", month=100):
    if value is None:
        return Child(MISSING_CELL, order, D(weight), D(factor))
    return Child(CellFigure(D(value), reported=1, expected=1, newest=month), order, D(weight), D(factor))


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (TreeRule.SUM, "7"),
        (TreeRule.MEAN, "2.333333"),
        (TreeRule.MIN, "0"),
        (TreeRule.MAX, "5"),
        (TreeRule.WEIGHTED_MEAN, "2.8"),
    ],
)
def test_a_missing_child_is_left_out_never_zero(rule, value):
    made = combine(
        [child("5", 1, "2"), child("2", 2, "2"), child("0", 3, "1"), child(None, 4, "9")], rule, last_month=7
    )
    assert (made.value, made.reported, made.expected, made.contributing, made.children) == (
        D(value),
        3,
        4,
        3,
        4,
    )


@pytest.mark.parametrize("rule", TreeRule)
def test_no_present_child_is_no_value(rule):
    made = combine([child(None), child(None, 1)], rule, last_month=7)
    assert made == CellFigure(expected=2, children=2)


@pytest.mark.parametrize("rule", TreeRule)
def test_no_child_at_all_is_no_value(rule):
    assert combine([], rule, last_month=7) == CellFigure()


def test_all_weights_zero_is_no_value():
    assert (
        combine([child("5", weight="0"), child("2", 1, "0")], TreeRule.WEIGHTED_MEAN, last_month=7).value
        is None
    )


def test_weights_never_multiply_down():
    assert combine([child("5", weight="3")], TreeRule.SUM, last_month=7).value == 5


def test_the_factor_is_rounded_where_it_is_applied():
    made = combine([child("0.000001", i, factor="0.5") for i in range(3)], TreeRule.SUM, last_month=7)
    assert made.value == D("0.000003")


def test_the_factor_acts_on_the_numerator_and_not_on_the_denominator():
    folded = apply_factor(CellFigure(D(50), D(1), D(2)), D("0.5"))
    assert (folded.value, folded.numerator, folded.denominator) == (25, D("0.5"), 2)


def test_factors_of_zero_and_below_are_applied():
    assert (
        combine([child("5", factor="-1"), child("2", 1, factor="0")], TreeRule.SUM, last_month=7).value == -5
    )


def test_last_takes_the_newest_child_and_the_first_of_a_tie():
    given = [child("1", 1, month=10), child("2", 3, month=12), child("3", 2, month=12), child(None, 0)]
    assert combine(given, TreeRule.LAST, last_month=12).value == 3


def test_count_and_share_of_yes_take_present_children_and_no_factor():
    given = [child("1", 1, factor="5"), child("0", 2), child("1", 3), child(None, 4)]
    assert combine(given, TreeRule.COUNT_YES, last_month=7).value == 2
    share = combine(given, TreeRule.SHARE_YES, last_month=7, percent=True)
    assert (share.value, share.numerator, share.denominator) == (D("66.666667"), 2, 3)


def test_shares_are_pooled_one_level_up():
    big = combine(
        [child("1", order) for order in range(3)] + [child("0", 9)],
        TreeRule.SHARE_YES,
        last_month=7,
        percent=True,
    )
    small = combine([child("0")], TreeRule.SHARE_YES, last_month=7, percent=True)
    pooled = combine([Child(big, 1), Child(small, 2)], TreeRule.RATIO_OF_SUMS, last_month=7, percent=True)
    assert (pooled.value, pooled.numerator, pooled.denominator, pooled.expected) == (60, 3, 5, 5)


def test_a_diamond_counts_once_per_path():
    bottom = child("5")
    left = combine([bottom], TreeRule.SUM, last_month=7)
    top = combine([Child(left, 1), Child(left, 2)], TreeRule.SUM, last_month=7)
    assert (top.value, top.reported, top.expected) == (10, 2, 2)


# --- beside ------------------------------------------------------------------------------------------


def test_a_running_total_begins_at_its_base_and_shows_gaps_in_the_coverage():
    given = dict(zip(MONTHS, cells(100, 1, None, 2), strict=False))
    total = running_total(given, MONTHS[1], MONTHS[3])
    assert (total.value, total.reported, total.expected) == (3, 2, 3)


def test_a_running_total_has_no_value_at_a_gap():
    given = dict(zip(MONTHS, cells(100, 1, None), strict=False))
    total = running_total(given, MONTHS[0], MONTHS[2])
    assert (total.value, total.reported, total.expected) == (None, 2, 3)


def test_a_running_total_stands_at_a_coarser_period_too():
    given = dict(zip(MONTHS, cells(100, 1, None), strict=False))
    assert running_total(given, MONTHS[0], Period.parse("FY2025-Q1")).value == 101
    assert running_total(given, MONTHS[3], Period.parse("FY2025-Q1")).value is None


def test_a_split_that_does_not_add_up_leaves_its_difference():
    assert breakdown_gap(CellFigure(D(262)), [CellFigure(D(230)), CellFigure(D(30))]) == (2,)
    assert breakdown_gap(CellFigure(D(231)), [CellFigure(D(206)), CellFigure(D(25))]) == (0,)


def test_a_split_of_a_ratio_is_tested_on_both_parts():
    total, part = CellFigure(D(50), D(5), D(10)), CellFigure(D(40), D(4), D(10))
    assert breakdown_gap(total, [part]) == (1, 0)


def test_a_split_without_a_reported_part_is_not_tested():
    assert breakdown_gap(CellFigure(D(262)), [MISSING_CELL, MISSING_CELL]) == ()


def test_a_gap_is_guessed_from_its_neighbours_and_from_a_year_ago():
    quarters = [period for year in (2023, 2024) for period in Period.year(year).split(Grain.QUARTER)]
    figures = [118, 124, 140, 122, 115, 121, None, 118]
    given = {
        period: MISSING_CELL if value is None else measured_cell(period, D(value), unit_labelled("t"))
        for period, value in zip(quarters, figures, strict=True)
    }
    estimates = [figure.stored(unit_labelled("t")) for figure in gap_estimates(given, quarters[6])]
    assert estimates == [D("119.5"), D(140)]
    assert gap_estimates(given, quarters[5]) == ()


# --- against the oracle ------------------------------------------------------------------------------

FIGURES = st.decimals(-(10**9), 10**9, places=6, allow_nan=False)
SIZES = st.decimals(0, 10**6, places=3, allow_nan=False)
FACTORS = st.decimals(-1000, 1000, places=6, allow_nan=False)


def as_oracle(cell):
    parts = [
        None if part is None else Fraction(part) for part in (cell.value, cell.numerator, cell.denominator)
    ]
    return oracle.Cell(*parts, cell.reported, cell.expected, cell.newest)


def one_cell(month):
    number = FIGURES.map(lambda value: measured_cell(month, value, PIECES))
    parts = st.tuples(FIGURES, st.one_of(st.just(D(0)), SIZES))
    ratio = parts.map(lambda pair: ratio_cell(month, *pair, PERCENT))
    return st.one_of(st.just(MISSING_CELL), number, ratio)


YEARS_OF_CELLS = st.tuples(*(one_cell(month) for month in MONTHS[:4])).map(list)
CHILDREN = st.lists(
    st.tuples(YEARS_OF_CELLS, st.sampled_from(TimeRule), SIZES, FACTORS), min_size=0, max_size=5
)


@given(YEARS_OF_CELLS, st.sampled_from(TimeRule), st.booleans())
def test_folding_agrees_with_the_oracle(given_cells, rule, percent):
    expected = oracle.over_time([as_oracle(cell) for cell in given_cells], rule.value, percent)
    assert as_oracle(fold_periods(given_cells, rule, percent)) == expected


@given(CHILDREN, st.sampled_from(TreeRule), st.booleans(), st.randoms())
def test_combining_agrees_with_the_oracle_in_any_order(rows, rule, percent, random):
    ours, theirs = [], []
    for order, (given_cells, time_rule, weight, factor) in enumerate(rows):
        folded = fold_periods(given_cells, time_rule, percent)
        ours.append(Child(folded, order, weight, factor))
        theirs.append(oracle.Joined(as_oracle(folded), Fraction(weight), Fraction(factor), order))
    random.shuffle(ours)
    made = combine(ours, rule, last_month=YEAR.last_month, percent=percent)
    expected, contributing = oracle.over_children(theirs, rule.value, YEAR.last_month, percent)
    assert (as_oracle(made), made.contributing) == (expected, contributing)


@given(CHILDREN, st.sampled_from(TreeRule))
def test_a_child_without_a_report_changes_nothing_but_the_expected_count(rows, rule):
    children = [Child(fold_periods(c, t), i, w, f) for i, (c, t, w, f) in enumerate(rows)]
    silent = Child(fold_periods([MISSING_CELL] * 4, TimeRule.SUM), len(rows))
    without, having = (combine(given, rule, last_month=1) for given in (children, [*children, silent]))
    assert (having.value, having.reported, having.expected) == (
        without.value,
        without.reported,
        without.expected + 4,
    )


@given(
    st.lists(st.one_of(st.none(), st.integers(-100, 100)), min_size=4, max_size=4),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_running_totals_agree_with_the_oracle(values, base, at):
    given_cells = cells(*values)
    expected = oracle.running([as_oracle(cell) for cell in given_cells], base, at)
    made = running_total(dict(zip(MONTHS, given_cells, strict=False)), MONTHS[base], MONTHS[at])
    assert (made.value, made.reported, made.expected) == (
        expected.value,
        expected.reported,
        expected.expected,
    )

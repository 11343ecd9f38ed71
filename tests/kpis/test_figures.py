"""Reading, rounding and showing figures."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.arithmetic import (
    AmbiguousDash,
    FigureError,
    check_denominator,
    check_figure,
    exact_div,
    exact_mul,
    parse_figure,
    show_figure,
    show_rate,
)
from tests.kpis import oracle

FIGURES = st.decimals(-(10**9), 10**9, places=6, allow_nan=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234", "1234"),
        ("▲5", "-5"),
        ("△5", "-5"),
        ("▲ 1,560", "-1560"),
        ("(5)", "-5"),
        ("（1,234.5）", "-1234.5"),
        ("-5", "-5"),
        ("−5", "-5"),
        ("ー5", "-5"),
        ("－５", "-5"),
        ("+5", "5"),
        ("１，２３４．５", "1234.5"),
        (" 0 ", "0"),
        ("-0", "0"),
        ("▲0.0", "0"),
        (".5", "0.5"),
        ("007", "7"),
        ("0.000001", "0.000001"),
        ("1.5000000", "1.5"),
        ("123456789012345", "123456789012345"),
        ("123456789.012345", "123456789.012345"),
    ],
)
def test_figures_are_read_as_people_write_them(text, value):
    figure = parse_figure(text)
    assert figure == D(value)
    assert not figure.is_signed() or figure != 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("12%", "percent_sign"),
        ("１２％", "percent_sign"),
        ("NaN", "not_finite"),
        ("-Infinity", "not_finite"),
        ("∞", "not_finite"),
        ("1e400", "exponent"),
        ("1E5", "exponent"),
        ("1,23", "grouping"),
        ("1,2345", "grouping"),
        (",123", "grouping"),
        ("1,", "grouping"),
        ("1234567890123456", "too_many_digits"),
        ("1" + "0" * 15, "too_many_digits"),
        ("1234567890.123456", "too_many_digits"),
        ("9" * 5000, "too_many_digits"),
        ("0.0000001", "too_many_decimals"),
        ("5件", "not_a_number"),
        ("5²", "not_a_number"),
        ("①", "not_a_number"),
        ("٣", "not_a_number"),
        ("(-5)", "not_a_number"),
        ("--5", "not_a_number"),
        (".", "not_a_number"),
        ("5.", "not_a_number"),
        ("1 234", "not_a_number"),
        ("1_000", "not_a_number"),
        ("…", "not_a_number"),
    ],
)
def test_what_is_no_figure_is_refused(text, code):
    with pytest.raises(FigureError) as refused:
        parse_figure(text)
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["-", "－", "―", "—", "ー", "−", "--", " － "])
def test_a_dash_alone_asks_nil_or_not_applicable(text):
    with pytest.raises(AmbiguousDash, match="対象外"):
        parse_figure(text)


@pytest.mark.parametrize(
    "value", [0.1, True, "5", None, D("NaN"), D("sNaN"), D("Infinity"), D("1e400"), D("1e-400")]
)
def test_only_finite_decimals_are_figures(value):
    with pytest.raises(FigureError):
        check_figure(value)


def test_a_decimal_written_with_an_exponent_is_the_same_figure():
    assert str(check_figure(D("1.2E+3"))) == "1200"


def test_a_negative_denominator_is_refused():
    assert check_denominator(D(0)) == 0
    with pytest.raises(FigureError, match="分母"):
        check_denominator(D(-1))


@pytest.mark.parametrize(
    ("a", "b", "quotient"),
    [("1", "3", "0.333333"), ("2", "3", "0.666667"), ("-1", "3", "-0.333333"), ("1", "2000000", "0.000001"), ("-1", "2000000", "-0.000001"), ("0", "5", "0"), ("5", "0", None), ("0", "0", None)],
)  # fmt: skip
def test_quotients_are_rounded_half_away_from_zero(a, b, quotient):
    assert exact_div(D(a), D(b)) == (None if quotient is None else D(quotient))


def test_products_are_rounded_half_away_from_zero():
    assert exact_mul(D("0.000001"), D("0.5")) == D("0.000001")
    assert exact_mul(D("-0.000001"), D("0.5")) == D("-0.000001")


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        ("1234.5", 1, "1,234.5"),
        ("-1560", 0, "▲1,560"),
        ("0", 0, "0"),
        ("0", 2, "0.00"),
        ("0.5", 0, "1"),
        ("-0.5", 0, "▲1"),
        ("-0.4", 0, "0"),
        ("19.24", 2, "19.24"),
        ("0.05", 1, "0.1"),
        ("999.95", 1, "1,000.0"),
    ],
)
def test_figures_are_shown_with_separators_and_a_triangle(value, decimals, shown):
    assert show_figure(D(value), decimals) == shown


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [("1.106", "110.6%"), ("0.9996", "100.0%"), ("-0.05", "▲5.0%"), ("0", "0.0%"), ("12.3", "1,230.0%")],
)
def test_rates_are_shown_with_one_decimal(ratio, shown):
    assert show_rate(D(ratio)) == shown
    assert show_rate(Fraction(D(ratio))) == shown


@given(FIGURES)
def test_what_is_shown_in_full_is_read_back(value):
    assert parse_figure(show_figure(value, 6)) == value


@given(FIGURES, FIGURES)
def test_division_agrees_with_the_oracle(a, b):
    expected = None if b == 0 else oracle.half_up(Fraction(a) / Fraction(b))
    assert exact_div(a, b) == expected

"""Periods: codes, labels, neighbours."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.periods import Grain, Period, PeriodError, periods_between, periods_expected

PERIODS = st.builds(
    lambda year, number, grain: Period(year * 12 + 3 + number * grain - (number * grain) // 12 * 12, grain),
    st.integers(1900, 2199),
    st.integers(0, 11),
    st.sampled_from(Grain),
)


@pytest.mark.parametrize(
    ("code", "first", "last", "label", "western"),
    [
        ("2025-04", date(2025, 4, 1), date(2025, 4, 30), "令和7年4月", "2025年4月"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "令和6年2月", "2024年2月"),
        ("2019-05", date(2019, 5, 1), date(2019, 5, 31), "令和元年5月", "2019年5月"),
        ("2019-04", date(2019, 4, 1), date(2019, 4, 30), "平成31年4月", "2019年4月"),
        ("FY2025-Q1", date(2025, 4, 1), date(2025, 6, 30), "令和7年度 第1四半期", "2025年度 第1四半期"),
        ("FY2025-Q4", date(2026, 1, 1), date(2026, 3, 31), "令和7年度 第4四半期", "2025年度 第4四半期"),
        ("FY2025-H1", date(2025, 4, 1), date(2025, 9, 30), "令和7年度 上半期", "2025年度 上半期"),
        ("FY2025-H2", date(2025, 10, 1), date(2026, 3, 31), "令和7年度 下半期", "2025年度 下半期"),
        ("FY2018", date(2018, 4, 1), date(2019, 3, 31), "平成30年度", "2018年度"),
        ("FY2019", date(2019, 4, 1), date(2020, 3, 31), "令和元年度", "2019年度"),
        ("FY2023", date(2023, 4, 1), date(2024, 3, 31), "令和5年度", "2023年度"),
    ],
)
def test_a_period_knows_its_days_and_its_names(code, first, last, label, western):
    period = Period.from_code(code)
    assert (period.first_day, period.last_day, period.label, period.label_western) == (
        first,
        last,
        label,
        western,
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("令和7年度", "FY2025"),
        ("R7", "FY2025"),
        ("2025年度", "FY2025"),
        ("平成17年度", "FY2005"),
        ("H17", "FY2005"),
        ("平成31年度", "FY2019"),
        ("令和元年度", "FY2019"),
        ("平成32年度", "FY2020"),
        ("令和7年4月", "2025-04"),
        ("令和8年1月", "2026-01"),
        ("2025年4月", "2025-04"),
        ("R7.4", "2025-04"),
        ("令和7年度 第1四半期", "FY2025-Q1"),
        ("令和７年度　第４四半期", "FY2025-Q4"),
        ("令和7年度第二四半期", "FY2025-Q2"),
        ("R7 Q3", "FY2025-Q3"),
        ("R7 1Q", "FY2025-Q1"),
        ("令和7年度 上半期", "FY2025-H1"),
        ("令和7年度 下期", "FY2025-H2"),
        ("fy2025-h2", "FY2025-H2"),
        ("ＦＹ２０２５－Ｑ１", "FY2025-Q1"),
        ("令和7年度（2025）", "FY2025"),
    ],
)
def test_what_people_write_is_read(text, code):
    assert Period.parse(text).code == code


@pytest.mark.parametrize(
    "text",
    ["", "2025", "2025-13", "2025-00", "2025-4", "FY2025-Q5", "FY2025-Q0", "FY2025-H3", "FY25", "令和0年度", "令和7年", "FY1899", "FY2200", "2025-04-01", "令和7年度（2024）", "FY²025"],
)  # fmt: skip
def test_what_is_no_period_is_refused_with_the_right_forms(text):
    with pytest.raises(PeriodError, match="FY2025-Q1（四半期）"):
        Period.parse(text)


@pytest.mark.parametrize("text", ["令和7年度", "fy2025", "FY2025-1Q", " FY2025"])
def test_only_codes_are_codes(text):
    with pytest.raises(PeriodError):
        Period.from_code(text)


@given(PERIODS)
def test_every_name_of_a_period_leads_back_to_it(period):
    assert Period.from_key(period.key) == period
    assert Period.from_code(period.code) == period
    names = [str(period), period.label, period.label_western, period.label_both]
    assert [Period.parse(name) for name in names] == [period] * 4


@given(PERIODS)
def test_a_short_label_leads_back_too(period):
    assert Period.parse(period.short_label) == period


@given(PERIODS, st.sampled_from(Grain))
def test_a_period_is_made_up_of_what_it_is_split_into(period, grain):
    if grain > period.grain:
        with pytest.raises(PeriodError):
            period.split(grain)
        return
    parts = period.split(grain)
    assert len(parts) == period.grain // grain
    assert (parts[0].first_day, parts[-1].last_day) == (period.first_day, period.last_day)
    assert [part.containing(period.grain) for part in parts] == [period] * len(parts)
    assert periods_between(parts[0], parts[-1]) == parts


@given(PERIODS.filter(lambda period: 1912 < period.fiscal_year < 2187), st.integers(-12, 12))
def test_shifting_there_and_back_is_no_shift(period, count):
    assert period.shift(count).shift(-count) == period
    assert period.next().previous() == period
    assert period.next().first == period.last_month + 1


@given(st.dates(date(1900, 4, 1), date(2200, 3, 31)), st.sampled_from(Grain))
def test_every_day_lies_in_one_period_of_a_grain(day, grain):
    period = Period.of(day, grain)
    assert period.first_day <= day <= period.last_day


def test_a_coarser_period_does_not_lie_in_a_finer_one():
    year, quarter = Period.parse("FY2025"), Period.parse("FY2025-Q2")
    assert year.contains(quarter)
    assert not quarter.contains(year)
    with pytest.raises(PeriodError, match="年度を含む四半期"):
        year.containing(Grain.QUARTER)


@pytest.mark.parametrize("key", [2430302, 2430403, 2430300, 1203, -1])
def test_a_number_that_is_no_period_is_refused(key):
    with pytest.raises(PeriodError):
        Period.from_key(key)


def test_time_ends_with_an_error_not_with_nonsense():
    with pytest.raises(PeriodError, match="2199年度"):
        Period.parse("FY2199").next()


def test_the_key_is_the_first_month_and_the_length():
    assert Period.parse("FY2025-Q1").key == (2025 * 12 + 3) * 100 + 3


def test_periods_sort_by_time():
    codes = ["FY2025-Q2", "2025-04", "FY2025", "FY2024-H2"]
    assert [str(period) for period in sorted(map(Period.parse, codes))] == [
        "FY2024-H2",
        "2025-04",
        "FY2025",
        "FY2025-Q2",
    ]


def test_between_a_later_and_an_earlier_period_lies_nothing():
    assert periods_between(Period.parse("FY2026"), Period.parse("FY2025")) == []


def test_between_two_grains_lies_an_error():
    with pytest.raises(PeriodError):
        periods_between(Period.parse("FY2025-Q1"), Period.parse("FY2025"))


def test_outside_its_first_and_last_period_nothing_is_expected():
    first, last = Period.parse("FY2024-Q3"), Period.parse("FY2025-Q2")
    years = [periods_expected(Period.year(year), Grain.QUARTER, first, last) for year in (2023, 2024, 2025)]
    assert [[period.code for period in periods] for periods in years] == [
        [],
        ["FY2024-Q3", "FY2024-Q4"],
        ["FY2025-Q1", "FY2025-Q2"],
    ]

"""Dates, eras and business days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from foundation.dates import (
    DateError,
    add_business_days,
    date_label,
    end_of_day_tokyo,
    era_label_of_year,
    fiscal_year,
    fiscal_year_both,
    fiscal_year_label,
    is_business_day,
    month_label,
    parse_date,
    wareki,
)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 22), "令和8年11月22日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1860, 1, 1), "1860年1月1日"),
    ],
)
def test_a_day_bears_the_era_of_that_day(day, words):
    assert wareki(day) == words


def test_a_date_is_shown_in_both_eras():
    assert date_label(date(2026, 11, 22)) == "2026年11月22日（令和8年）"


def test_the_first_year_of_an_era_is_gannen():
    assert era_label_of_year(date(2019, 12, 31)) == "令和元年"


@pytest.mark.parametrize(
    ("year", "label"), [(2018, "平成30年度"), (2019, "令和元年度"), (2026, "令和8年度"), (1988, "昭和63年度")]
)
def test_a_fiscal_year_bears_the_era_of_31_december(year, label):
    assert fiscal_year_label(year) == label


def test_a_fiscal_year_is_shown_in_both_eras():
    assert fiscal_year_both(2026) == "令和8年度（2026）"


@pytest.mark.parametrize(
    ("year", "month", "label"),
    [
        (2019, 4, "平成31年4月"),
        (2019, 5, "令和元年5月"),
        (1989, 1, "平成元年1月"),
        (1988, 12, "昭和63年12月"),
    ],
)
def test_a_month_bears_the_era_of_its_last_day(year, month, label):
    assert month_label(year, month) == label


@pytest.mark.parametrize(
    ("day", "year"), [(date(2026, 3, 31), 2025), (date(2026, 4, 1), 2026), (date(2024, 2, 29), 2023)]
)
def test_the_fiscal_year_turns_on_1_april(day, year):
    assert fiscal_year(day) == year


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22",
        "2026/11/22",
        "2026.11.22",
        "2026年11月22日",
        "R8.11.22",
        "r8/11/22",
        "R8-11-22",
        "令和8年11月22日",
        "令和８年１１月２２日",
        "２０２６－１１－２２",
        " 令和8年 11月 22日 ",
    ],
)
def test_a_date_is_read_in_every_usual_form(text):
    assert parse_date(text) == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年5月1日", date(2019, 5, 1)),
        ("R元.5.1", date(2019, 5, 1)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("平成32年4月1日", date(2020, 4, 1)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_an_era_year_is_read_as_it_is_printed(text, day):
    assert parse_date(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-13-01",
        "2025-02-29",
        "令和0年1月1日",
        "11/22",
        "2026-11/22",
        "明日",
        "9999-01-01",
        "2026-1①-1",
    ],
)
def test_what_is_no_date_is_refused_with_the_right_forms(text):
    with pytest.raises(DateError, match="令和8年11月22日"):
        parse_date(text)


def test_a_day_ends_in_tokyo():
    assert end_of_day_tokyo(date(2025, 8, 20)).astimezone(UTC) == datetime(
        2025, 8, 20, 14, 59, 59, 999999, UTC
    )


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 9, 15), 10, date(2026, 10, 2)),  # 21 to 23 September are closed
        (date(2026, 11, 20), 1, date(2026, 11, 24)),  # Friday, then a weekend and 勤労感謝の日
        (date(2026, 12, 28), 1, date(2027, 1, 4)),  # 29 December to 3 January are closed
        (date(2027, 1, 4), -1, date(2026, 12, 28)),
        (date(2026, 11, 21), 0, date(2026, 11, 21)),
    ],
)
def test_business_days_are_counted_from_the_day_after(start, count, end):
    assert add_business_days(start, count) == end


def test_september_2026_has_three_closed_days_in_a_row():
    assert [is_business_day(date(2026, 9, day)) for day in (18, 21, 22, 23, 24)] == [
        True,
        False,
        False,
        False,
        True,
    ]

"""How figures, dates and sizes look on a page."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.template import Context, Template

from foundation import figures


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        ("1234.5", 1, "1,234.5"),
        ("-1234.45", 1, "▲1,234.5"),
        ("0.5", 0, "1"),
        ("-0.5", 0, "▲1"),
        ("-0.4", 0, "0"),
        ("0", 0, "0"),
        ("2.675", 2, "2.68"),
        ("1E+3", 0, "1,000"),
        (
            "123456789012345678901234567890123456.123456",
            6,
            "123,456,789,012,345,678,901,234,567,890,123,456.123456",
        ),
    ],
)
def test_a_figure_is_rounded_half_up_and_grouped(value: str, decimals: int, shown: str) -> None:
    assert figures.show_figure(Decimal(value), decimals) == shown


def test_no_figure_prints_nothing() -> None:
    assert figures.show_figure(None, 1) == ""
    assert figures.show_rate(None) == ""


@pytest.mark.parametrize(("ratio", "shown"), [("0.9715", "97.2%"), ("1", "100.0%"), ("-0.05", "▲5.0%")])
def test_a_rate_is_a_percentage(ratio: str, shown: str) -> None:
    assert figures.show_rate(Decimal(ratio)) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0B"), (512, "512B"), (1536, "1.5KB"), (20 * 1024**2, "20MB"), (5 * 1024**5, "5,120TB")],
)
def test_a_file_size_is_short(size: int, shown: str) -> None:
    assert figures.show_file_size(size) == shown


MOMENT = datetime(2026, 11, 19, 16, 5, tzinfo=UTC)
PERIOD = SimpleNamespace(label="令和8年度 第3四半期", label_both="令和8年度（2026）第3四半期")


@pytest.mark.parametrize(
    ("template", "value", "shown"),
    [
        ("{{ x|figure:1 }}", Decimal("-1234.5"), "▲1,234.5"),
        ("{{ x|figure }}", 0, "0"),
        ("{{ x|figure }}", None, ""),
        ("{{ x|rate }}", Decimal("0.875"), "87.5%"),
        ("{{ x|moment }}", MOMENT, "2026年11月20日 01:05"),
        ("{{ x|moment }}", None, ""),
        ("{{ x|wareki }}", date(2026, 11, 22), "令和8年11月22日"),
        ("{{ x|wareki }}", MOMENT, "令和8年11月20日"),
        ("{{ x|date_label }}", date(2026, 11, 22), "2026年11月22日（令和8年）"),
        ("{{ x|date_label }}", None, ""),
        ("{{ x|fiscal_year_both }}", 2026, "令和8年度（2026）"),
        ("{{ x|fiscal_year_both }}", date(2027, 3, 31), "令和8年度（2026）"),
        ("{{ x|period_label }}", PERIOD, "令和8年度 第3四半期"),
        ("{{ x|period_both }}", PERIOD, "令和8年度（2026）第3四半期"),
        ("{{ x|file_size }}", 2048, "2.0KB"),
        ("{% coverage 7 8 %}", None, "7／8件"),
    ],
)
def test_filters_print_as_the_house_does(template: str, value: Any, shown: str) -> None:
    assert Template("{% load printing %}" + template).render(Context({"x": value})) == shown

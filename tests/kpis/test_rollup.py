"""The roll-up in the database: the worked tree of the specification, and exactness against the clean computation."""

from __future__ import annotations

from decimal import Decimal

import pytest

from foundation import lanes
from kpis.models import Cell, DirtyMark
from kpis.periods import Period
from kpis.rollup import drain
from kpis.rollup.verify import verify
from kpis.rules import Basis
from tests.factories.kpis import (
    approve,
    approved,
    contribute,
    event,
    make_indicator,
    make_rolled_up,
    make_scorecard,
    report,
)

pytestmark = pytest.mark.django_db


def cell(indicator, period: str, basis: str = Basis.OFFICIAL) -> Cell:
    return Cell.objects.get(indicator=indicator, period=Period.parse(period), basis=basis, part_id=0)


def settle() -> None:
    """Drain, and prove that every stored figure is what the ledger says."""
    lanes.drain("rollup")
    assert not DirtyMark.objects.exists()
    assert [str(difference) for difference in verify()] == []


@pytest.fixture
def tree():
    """The small tree of the specification, section 7: P of A (千円, monthly), B and C (百万円, factor 0.5)."""
    card = make_scorecard()
    parent = make_rolled_up(card, unit="yen_million", scale="currency", decimals=1)
    a = make_indicator(
        card, unit="yen_thousand", scale="currency", grain=1, first_period=Period.parse("2025-04")
    )
    b = make_indicator(card, unit="yen_million", scale="currency")
    c = make_indicator(card, unit="yen_million", scale="currency")
    contribute(a, parent, position=1)
    contribute(b, parent, position=2)
    contribute(c, parent, position=3, factor=Decimal("0.5"))
    approved(a, "2025-04", "1200")
    approved(a, "2025-05", "800")
    approved(b, "FY2025-Q1", "3")
    return parent, a, b, c


def test_worked_tree_leaves_missing_children_out(tree):
    settle()
    figure = cell(tree[0], "FY2025-Q1")
    assert (figure.value, figure.reported, figure.expected) == (Decimal("5"), 3, 5)
    assert (figure.present, figure.children) == (2, 3)


def test_worked_tree_follows_each_approval(tree):
    parent, a, _b, c = tree
    approved(c, "FY2025-Q1", "4")
    settle()
    assert (cell(parent, "FY2025-Q1").value, cell(parent, "FY2025-Q1").reported) == (Decimal("7"), 4)
    approved(a, "2025-06", "600")
    settle()
    assert (cell(parent, "FY2025-Q1").value, cell(parent, "FY2025-Q1").reported) == (Decimal("7.6"), 5)


def test_submitted_figure_counts_as_provisional_only(tree):
    parent, _a, _b, c = tree
    row = report(c, "FY2025-Q1", "4")
    settle()
    assert cell(parent, "FY2025-Q1").value == Decimal("5")
    assert cell(parent, "FY2025-Q1", Basis.PROVISIONAL).value == Decimal("7")
    approve(row)
    settle()
    assert cell(parent, "FY2025-Q1").value == Decimal("7")


def test_withdrawn_correction_gives_way_to_the_older_figure(tree):
    parent, _a, b, _c = tree
    correction = approved(b, "FY2025-Q1", "9", nature="corrected", note="誤記")
    settle()
    assert cell(parent, "FY2025-Q1").value == Decimal("11")
    event(correction, "withdrawn", "やはり誤り")
    settle()
    assert cell(parent, "FY2025-Q1").value == Decimal("5")


def test_outlook_is_never_counted_and_hides_nothing(tree):
    parent, _a, b, _c = tree
    approved(b, "FY2025-Q1", "99", nature="outlook")
    settle()
    assert cell(parent, "FY2025-Q1").value == Decimal("5")


def test_ratio_of_sums_adds_numerators_and_denominators():
    card = make_scorecard()
    ratio = {"unit": "percent", "scale": "ratio"}
    parent = make_rolled_up(card, tree_rule="ratio_of_sums", **ratio)
    first, second = make_indicator(card, **ratio), make_indicator(card, **ratio)
    contribute(first, parent)
    contribute(second, parent, position=1)
    approved(first, "FY2025-Q1", ratio=("1", "3"))
    approved(second, "FY2025-Q1", ratio=("1", "1"))
    settle()
    figure = cell(parent, "FY2025-Q1")
    assert (figure.value, figure.numerator, figure.denominator) == (Decimal("50"), Decimal("2"), Decimal("4"))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("sum", "9"), ("mean", "3"), ("min", "1"), ("max", "5"), ("weighted_mean", "3.666667"), ("last", "5")],
)
def test_tree_rules(rule, expected):
    card = make_scorecard()
    parent = make_rolled_up(card, tree_rule=rule)
    for position, (value, weight) in enumerate([("1", 1), ("5", 3), ("3", 2)]):
        child = make_indicator(card)
        contribute(child, parent, position=position, weight=Decimal(weight))
        approved(child, "FY2025-Q1", value)
        if value == "5":
            approved(child, "FY2025-Q2", "7")
    settle()
    assert cell(parent, "FY2025-Q1").value == Decimal("1" if rule == "last" else expected)


def test_fifteen_digits_and_large_units_stay_exact():
    card = make_scorecard()
    parent = make_rolled_up(card, unit="yen_hundred_million", scale="currency")
    for position in range(3):
        child = make_indicator(card, unit="yen_hundred_million", scale="currency")
        contribute(child, parent, position=position)
        approved(child, "FY2025-Q1", "999999999999999")
    settle()
    assert cell(parent, "FY2025-Q1").value == Decimal("2999999999999997")


def test_many_levels_and_diamonds_agree_with_the_clean_computation():
    card = make_scorecard()
    top = make_rolled_up(card)
    left, right, bottom = make_rolled_up(card), make_rolled_up(card, tree_rule="mean"), make_indicator(card)
    contribute(bottom, left)
    contribute(bottom, right)
    contribute(left, top)
    contribute(right, top, position=1)
    approved(bottom, "FY2025-Q1", "10")
    settle()
    figure = cell(top, "FY2025-Q1")
    assert (figure.value, figure.reported, figure.expected) == (Decimal("20"), 2, 2)


def test_rebuild_gives_the_same_cells_as_the_drain(tree):
    settle()
    before = list(
        Cell.objects.order_by("indicator", "basis", "period").values_list("value", "reported", "expected")
    )
    assert drain.rebuild() > 0
    after = list(
        Cell.objects.order_by("indicator", "basis", "period").values_list("value", "reported", "expected")
    )
    assert before == after
    assert list(verify()) == []


def test_verify_finds_a_tampered_cell(tree):
    settle()
    Cell.objects.filter(indicator=tree[0], period=Period.parse("FY2025-Q1")).update(value=Decimal("6"))
    assert len(list(verify())) == 2


def test_not_applicable_leaves_the_expected_count_once_approved(tree):
    parent, _a, _b, c = tree
    row = report(c, "FY2025-Q1", missing="not_applicable", note="測定しない")
    settle()
    assert cell(parent, "FY2025-Q1", Basis.PROVISIONAL).expected == 5
    approve(row)
    settle()
    assert (cell(parent, "FY2025-Q1").expected, cell(parent, "FY2025-Q1").reported) == (4, 3)

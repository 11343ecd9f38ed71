"""内訳 and blank cells through the roll-up: whatever happens, the stored cells are what the ledger says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from foundation import lanes
from kpis.models import Cell, Dimension, IndicatorDimension, Part
from kpis.periods import Period
from kpis.rollup import drain
from kpis.rollup.verify import verify
from tests.factories.kpis import (
    approve,
    contribute,
    event,
    make_indicator,
    make_rolled_up,
    make_scorecard,
    report,
)

QUARTER = Period.parse("FY2025-Q1")


def declare(indicator: Any, dimension: Dimension) -> None:
    IndicatorDimension.objects.create(indicator=indicator, dimension=dimension, recorded_at=timezone.now())


def differences() -> list[str]:
    lanes.drain("rollup")
    return [str(difference) for difference in verify()]


@pytest.fixture
def split(db):
    """A parent and two children, split by 市町村 into two parts."""
    card = make_scorecard()
    dimension = Dimension.objects.create(forum=card.forum, name="市町村")
    parts = [Part.objects.create(dimension=dimension, name=name, position=n) for n, name in enumerate("東西")]
    parent = make_rolled_up(card)
    children = [make_indicator(card) for _child in range(2)]
    for child in (parent, *children):
        declare(child, dimension)
    for position, child in enumerate(children):
        contribute(child, parent, position=position)
    return parent, children, parts


def cell(indicator: Any, part: int = 0) -> Cell:
    return Cell.objects.get(indicator=indicator, basis="official", part_id=part, period=QUARTER)


def test_parts_go_up_beside_the_total(split):
    parent, (one, other), (east, west) = split
    approve(report(one, "FY2025-Q1", "5", parts={east.pk: Decimal(2), west.pk: Decimal(3)}))
    approve(report(other, "FY2025-Q1", "4", parts={east.pk: Decimal(4)}))
    assert differences() == []
    assert (cell(parent).value, cell(parent, east.pk).value, cell(parent, west.pk).value) == (9, 6, 3)
    assert (cell(parent, west.pk).reported, cell(parent, west.pk).expected) == (1, 2)


def test_not_applicable_leaves_the_expected_count_of_every_part(split):
    parent, (one, other), (east, _west) = split
    approve(report(one, "FY2025-Q1", missing="not_applicable", note="対象なし"))
    approve(report(other, "FY2025-Q1", "4", parts={east.pk: Decimal(4)}))
    assert differences() == []
    assert (cell(parent, east.pk).reported, cell(parent, east.pk).expected) == (1, 1)


@pytest.mark.parametrize("rule", ["sum", "mean", "weighted_mean", "min", "max", "last"])
def test_parent_that_nothing_feeds_yet_has_its_empty_cells(db, rule):
    parent = make_rolled_up(make_scorecard(), tree_rule=rule)
    drain.rebuild()
    assert differences() == []
    assert cell(parent).value is None


class AnySplit(TestCase):
    @settings(max_examples=15, deadline=None)
    @given(st.data())
    def test_stored_parts_equal_the_clean_computation(self, data: Any) -> None:
        card = make_scorecard()
        dimension = Dimension.objects.create(forum=card.forum, name="業種")
        parts = [Part.objects.create(dimension=dimension, name=str(n), position=n) for n in range(2)]
        parent = make_rolled_up(card, tree_rule=data.draw(st.sampled_from(["sum", "mean", "last", "max"])), grain=12,
                                first_period=Period.parse("FY2025"))  # fmt: skip
        declare(parent, dimension)
        children = [make_indicator(card) for _child in range(3)]
        for position, child in enumerate(children):
            contribute(child, parent, position=position)
            if position:
                declare(child, dimension)
        for _step in range(data.draw(st.integers(1, 8))):
            place = data.draw(st.integers(0, 2))
            code = f"FY2025-Q{data.draw(st.integers(1, 4))}"
            shares = {
                part.pk: Decimal(data.draw(st.integers(-9, 9))) for part in parts if data.draw(st.booleans())
            }
            if data.draw(st.booleans()):
                row = report(children[place], code, "7", parts=shares if place else {})
            else:
                missing = data.draw(st.sampled_from(["never", "not_applicable"]))
                row = report(children[place], code, missing=missing, note="理由")
            if data.draw(st.booleans()):
                approve(row)
                if data.draw(st.booleans()):
                    event(row, "withdrawn", "誤り")
        assert differences() == []

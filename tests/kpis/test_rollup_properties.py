"""Whatever tree is built and in whatever order figures arrive: drain = rebuild = clean computation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from foundation import lanes
from kpis.models import Cell, Indicator
from kpis.periods import Grain, Period
from kpis.rollup import drain
from kpis.rollup.verify import verify
from kpis.services.contributions import end_contribution
from tests.factories.kpis import (
    SYSTEM,
    contribute,
    event,
    make_indicator,
    make_rolled_up,
    make_scorecard,
    report,
)

YEAR = Period.parse("FY2025")
NUMBERS = st.decimals(min_value=-(10**6), max_value=10**6, places=6, allow_nan=False, allow_infinity=False)
FACTORS = st.sampled_from([Decimal(1), Decimal("0.5"), Decimal("-1.25"), Decimal(0), Decimal("0.333333")])
WEIGHTS = st.sampled_from([Decimal(0), Decimal(1), Decimal("2.5")])
TREE_RULES = st.sampled_from(["sum", "mean", "weighted_mean", "min", "max", "last"])
TIME_RULES = st.sampled_from(["sum", "mean", "min", "max", "last"])
MONEY_UNITS = st.sampled_from(["yen", "yen_thousand", "yen_million", "yen_hundred_million"])
ENDINGS = st.sampled_from(["", "", "approved", "approved", "approved", "returned", "withdrawn"])


def first_period(grain: int) -> Period:
    return YEAR.split(Grain(grain))[0]


@st.composite
def figures(draw: Any, grains: list[int]) -> list[tuple[int, int, Decimal, str, str]]:
    """(leaf, which period, value, how it ended, nature), in order of arrival."""
    return [
        (
            leaf := draw(st.integers(0, len(grains) - 1)),
            draw(st.integers(0, 12 // grains[leaf] - 1)),
            draw(NUMBERS),
            draw(ENDINGS),
            draw(st.sampled_from(["final", "final", "preliminary", "outlook"])),
        )
        for _number in range(draw(st.integers(1, 12)))
    ]


class AnyTree(TestCase):
    @settings(max_examples=30, deadline=None)
    @given(st.data())
    def test_stored_figures_equal_the_clean_computation(self, data: Any) -> None:
        grains = data.draw(st.lists(st.sampled_from([1, 3, 6, 12]), min_size=1, max_size=4), "grains")
        card = make_scorecard()
        leaves = [
            make_indicator(
                card,
                unit=data.draw(MONEY_UNITS),
                scale="currency",
                grain=grain,
                first_period=first_period(grain),
                time_rule=data.draw(TIME_RULES),
                may_be_negative=True,
            )
            for grain in grains
        ]
        parents = self._parents(data, card, leaves, max(grains))
        for leaf, which, value, ending, nature in data.draw(figures(grains), "figures"):
            period = YEAR.split(Grain(grains[leaf]))[which]
            row = report(leaves[leaf], period.code, str(value), nature=nature)
            if ending in ("approved", "withdrawn"):
                event(row, "approved")
            if ending in ("returned", "withdrawn"):
                event(row, ending, "理由")
            if data.draw(st.booleans()):
                lanes.drain("rollup")
        self._proved()
        if data.draw(st.booleans()):
            link = parents[0].contributions_in.filter(superseded_at=None).first()
            end_contribution(actor=SYSTEM, contribution=link, reason="外す")
            self._proved()

    def _parents(self, data: Any, card: Any, leaves: list[Indicator], coarsest: int) -> list[Indicator]:
        """A parent of the leaves, and one above it that takes the first leaf a second time (a diamond)."""
        made = []
        for grain in (coarsest, 12):
            made.append(
                make_rolled_up(
                    card,
                    unit=data.draw(MONEY_UNITS),
                    scale="currency",
                    grain=grain,
                    first_period=first_period(grain),
                    tree_rule=data.draw(TREE_RULES),
                    time_rule=data.draw(TIME_RULES),
                    may_be_negative=True,
                )
            )
        for position, leaf in enumerate(leaves):
            contribute(leaf, made[0], position=position, factor=data.draw(FACTORS), weight=data.draw(WEIGHTS))
        contribute(made[0], made[1], factor=data.draw(FACTORS))
        contribute(leaves[0], made[1], position=1, weight=data.draw(WEIGHTS))
        return made

    def _proved(self) -> None:
        lanes.drain("rollup")
        assert [str(difference) for difference in verify()] == []
        columns = (
            "indicator",
            "basis",
            "part_id",
            "period",
            "value",
            "handed",
            "reported",
            "expected",
            "present",
        )
        drained = list(Cell.objects.order_by(*columns[:4]).values_list(*columns))
        drain.rebuild()
        assert list(Cell.objects.order_by(*columns[:4]).values_list(*columns)) == drained

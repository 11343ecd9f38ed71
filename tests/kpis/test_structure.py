"""What changes beneath figures: sheets, periods, contributions, the horizon; and each refusal with its reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from time_machine import travel

from foundation import lanes
from foundation.errors import DomainError
from foundation.models import AuditEntry
from kpis.models import Cell, Contribution, IndicatorSheet, Target
from kpis.periods import Period
from kpis.rollup import drain
from kpis.rollup.verify import verify
from kpis.services.contributions import propose_contribution
from kpis.services.sheets import create_indicator, revise_sheet
from kpis.services.targets import TargetInput, set_targets
from tests.factories.kpis import (
    SYSTEM,
    approved,
    contribute,
    make_indicator,
    make_rolled_up,
    make_scorecard,
    report,
)

pytestmark = pytest.mark.django_db
Q1 = Period.parse("FY2025-Q1")


def settled() -> None:
    lanes.drain("rollup")
    assert [str(difference) for difference in verify()] == []


def revised(indicator, **changes) -> IndicatorSheet:
    """The sheet as it is, with changes, as a new version."""
    sheet = IndicatorSheet.objects.get(indicator=indicator, superseded_at=None)
    kept = {name: getattr(sheet, name) for name in SHEET_FIELDS}
    return revise_sheet(actor=SYSTEM, indicator=indicator, sheet={**kept, **changes})


SHEET_FIELDS = (
    "definition", "unit", "scale", "direction", "accrual", "grain", "time_rule", "tree_rule",
    "attainment_rule", "first_period", "last_period", "baseline_period", "baseline_value",
)  # fmt: skip


@pytest.fixture
def joined():
    card = make_scorecard()
    parent, child = make_rolled_up(card), make_indicator(card)
    contribute(child, parent)
    return parent, child


# --- the cells follow -----------------------------------------------------------------------------------------------


def test_narrowed_child_leaves_its_parent_in_the_periods_given_up(joined):
    parent, child = joined
    approved(child, "FY2025-Q1", "5")
    settled()
    revised(child, first_period=Period.parse("FY2025-Q2"))
    settled()
    assert Cell.objects.get(indicator=parent, period=Q1, basis="official").value is None
    assert not Cell.objects.filter(indicator=child, period=Q1).exists()


def test_widened_child_comes_back_with_its_figures(joined):
    parent, child = joined
    approved(child, "FY2025-Q1", "5")
    revised(child, first_period=Period.parse("FY2025-Q2"))
    settled()
    revised(child, first_period=Q1)
    settled()
    assert Cell.objects.get(indicator=parent, period=Q1, basis="official").value == 5


def test_far_last_period_needs_no_cell_beyond_the_horizon(joined):
    parent, _child = joined
    revised(parent, last_period=Period.parse("FY2040-Q4"))
    settled()
    drain.rebuild()
    settled()


def test_figure_beyond_the_horizon_moves_it(joined):
    parent, child = joined
    approved(child, "FY2031-Q2", "7")
    settled()
    assert Cell.objects.get(indicator=parent, period=Period.parse("FY2031-Q2"), basis="official").value == 7
    drain.rebuild()
    settled()


def test_new_fiscal_year_brings_its_cells_by_itself():
    with travel("2026-03-31T12:00:00+09:00", tick=False):
        card = make_scorecard()
        parent, child = make_rolled_up(card), make_indicator(card)
        contribute(child, parent)
        settled()
        before = Cell.objects.filter(indicator=parent).count()
    with travel("2026-04-01T12:00:00+09:00", tick=False):
        assert drain.has_work()
        settled()
    assert Cell.objects.filter(indicator=parent).count() == before + 8  # four quarters on two bases


def test_rebuild_brings_back_a_lost_measured_cell(joined):
    _parent, child = joined
    approved(child, "FY2025-Q1", "5")
    settled()
    Cell.objects.filter(indicator=child).delete()
    assert list(verify())
    drain.rebuild()
    settled()


def test_change_of_unit_within_the_family_keeps_the_figures():
    card = make_scorecard()
    indicator = make_indicator(card, unit="yen_thousand", scale="currency")
    approved(indicator, "FY2025-Q1", "1200")
    revised(indicator, unit="yen_million")
    settled()
    assert Cell.objects.get(indicator=indicator, basis="official").value == Decimal("1.2")


def test_negative_figure_shows_that_what_is_missing_cannot_be_foretold():
    indicator = make_indicator(make_scorecard())
    report(indicator, "FY2025-Q1", "-1")
    assert IndicatorSheet.objects.get(indicator=indicator, superseded_at=None).may_be_negative


# --- refusals --------------------------------------------------------------------------------------------------------


def refused(code: str, act, *arguments, **keywords) -> None:
    with pytest.raises(DomainError) as caught:
        act(*arguments, **keywords)
    assert caught.value.code == code
    assert caught.value.message.endswith("。")


def propose(parent, child, **fields) -> Contribution:
    return propose_contribution(actor=SYSTEM, parent=parent, child=child, **fields)


def test_measurement_on_a_rolled_up_indicator_is_refused(joined):
    refused("rolled_up", report, joined[0], "FY2025-Q1", "5")


def test_contribution_into_a_measured_indicator_is_refused(joined):
    refused("parent_measured", propose, joined[1], make_indicator(joined[0].scorecard))


def test_circle_is_refused_even_by_way_of_a_proposal(joined):
    parent, _child = joined
    above = make_rolled_up(parent.scorecard)
    propose(above, parent)
    refused("circle", propose, parent, above)


def test_coarser_child_is_refused(joined):
    yearly = make_indicator(joined[0].scorecard, grain=12, first_period=Period.parse("FY2025"))
    refused("grain", propose, joined[0], yearly)


def test_units_of_two_families_are_refused(joined):
    refused(
        "unit_family", propose, joined[0], make_indicator(joined[0].scorecard, unit="yen", scale="currency")
    )


def test_negative_weight_is_refused(joined):
    refused("weight", propose, joined[0], make_indicator(joined[0].scorecard), weight=Decimal(-1))


def test_contribution_period_of_another_grain_is_refused(joined):
    child = make_indicator(joined[0].scorecard)
    refused("period_grain", propose, joined[0], child, last_period=Period.parse("FY2025"))


def test_change_that_breaks_a_contribution_is_refused(joined):
    refused("unit_family", revised, joined[0], unit="yen", scale="currency")


def test_meaning_of_reported_figures_does_not_change(joined):
    report(joined[1], "FY2025-Q1", "5")
    refused("has_measurements", revised, joined[1], accrual="stock", time_rule="last")


def test_value_for_a_range_and_bounds_for_a_value_are_refused():
    card = make_scorecard()
    kept, plain = make_indicator(card, direction="keep"), make_indicator(card)
    year = Period.parse("FY2025")
    value, bounds = TargetInput(year, Decimal(5)), TargetInput(year, lower=Decimal(1), upper=Decimal(2))
    refused("target_kind", set_targets, actor=SYSTEM, indicator=kept, targets=[value])
    refused("target_kind", set_targets, actor=SYSTEM, indicator=plain, targets=[bounds])
    assert not Target.objects.exists()


def test_targets_of_two_grains_are_refused():
    indicator = make_indicator(make_scorecard())
    targets = [
        TargetInput(Period.parse("FY2025"), Decimal(5)),
        TargetInput(Period.parse("FY2026-H1"), Decimal(6)),
    ]
    refused("grains", set_targets, actor=SYSTEM, indicator=indicator, targets=targets)


def test_agreed_target_changes_only_by_decision():
    indicator = make_indicator(make_scorecard())
    target = [TargetInput(Period.parse("FY2025"), Decimal(5))]
    set_targets(actor=SYSTEM, indicator=indicator, targets=target)
    refused("decision_missing", set_targets, actor=SYSTEM, indicator=indicator, targets=target)


# --- who ------------------------------------------------------------------------------------------------------------


def test_whoever_enters_figures_does_not_create_indicators(people):
    sheet = {"definition": "定義", "unit": "count", "grain": 3, "first_period": Q1}
    people.scorecard.post = None
    people.scorecard.save()
    with pytest.raises(PermissionDenied):
        create_indicator(
            actor=people.actor("reporter"), scorecard=people.scorecard, sheet=sheet, code="X", name="新"
        )
    create_indicator(
        actor=people.actor("secretary"), scorecard=people.scorecard, sheet=sheet, code="X", name="新"
    )


def test_each_change_is_in_the_audit_trail(joined):
    revised(joined[1], definition="新しい定義")
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {
        "kpis.create_indicator", "kpis.revise_sheet", "kpis.propose_contribution", "kpis.accept_contribution"
    } <= actions  # fmt: skip


def test_horizon_is_the_end_of_next_fiscal_year():
    assert drain._ordinary(date(2026, 3, 31)) == Period.year(2026).last_month
    assert drain._ordinary(date(2026, 4, 1)) == Period.year(2027).last_month

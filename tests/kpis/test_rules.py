"""Which rules go together, and which indicators."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest

from kpis.joining import Rules, check_contribution
from kpis.periods import Grain
from kpis.rules import (
    ALLOWED,
    Accrual,
    AttainmentRule,
    Direction,
    Missing,
    Nature,
    RuleError,
    Scale,
    TimeRule,
    TreeRule,
    carries_parts,
    check_attainment_rule,
    check_rules,
    check_running_total,
    check_unit,
    default_attainment_rule,
    default_time_rule,
    markdown_table,
    only_adds,
    splits_add_up,
)
from kpis.units import unit_labelled

NUMBER = Rules(Scale.NUMBER, Accrual.FLOW, TimeRule.SUM, None, unit_labelled("件"), Grain.QUARTER)
PARENT = replace(NUMBER, tree_rule=TreeRule.SUM)
RATIO = Rules(Scale.RATIO, Accrual.FLOW, TimeRule.RATIO_OF_SUMS, None, unit_labelled("％"), Grain.QUARTER)
YES = Rules(Scale.YES_NO, Accrual.STOCK, TimeRule.LAST, None, unit_labelled("はい・いいえ"), Grain.QUARTER)
LEVEL = Rules(Scale.LEVEL, Accrual.STOCK, TimeRule.LAST, None, unit_labelled("段階"), Grain.QUARTER)


@pytest.mark.parametrize(
    ("scale", "accrual", "rule"),
    [
        (Scale.NUMBER, Accrual.FLOW, TimeRule.SUM),
        (Scale.CURRENCY, Accrual.STOCK, TimeRule.LAST),
        (Scale.PERCENT, Accrual.FLOW, TimeRule.MEAN),
        (Scale.PERCENT, Accrual.STOCK, TimeRule.MEAN),
        (Scale.RATIO, Accrual.STOCK, TimeRule.RATIO_OF_SUMS),
        (Scale.LEVEL, Accrual.FLOW, TimeRule.LAST),
        (Scale.YES_NO, Accrual.STOCK, TimeRule.LAST),
    ],
)
def test_the_time_rule_has_a_default_by_type(scale, accrual, rule):
    assert default_time_rule(scale, accrual) is rule


@pytest.mark.parametrize(("scale", "accrual"), product(Scale, Accrual))
def test_every_default_stands_in_the_table(scale, accrual):
    assert (scale, accrual, default_time_rule(scale, accrual), None) in ALLOWED


@pytest.mark.parametrize(
    ("scale", "accrual", "time", "tree"), product(Scale, Accrual, TimeRule, [None, *TreeRule])
)
def test_what_is_not_in_the_table_is_refused_in_words(scale, accrual, time, tree):
    if (scale, accrual, time, tree) in ALLOWED:
        check_rules(scale, accrual, time, tree)
        return
    with pytest.raises(RuleError, match="選んでください"):
        check_rules(scale, accrual, time, tree)


@pytest.mark.parametrize(
    ("scale", "accrual", "time", "tree", "code"),
    [
        (Scale.NUMBER, Accrual.STOCK, TimeRule.SUM, None, "time_rule"),
        (Scale.PERCENT, Accrual.FLOW, TimeRule.SUM, None, "time_rule"),
        (Scale.NUMBER, Accrual.FLOW, TimeRule.RATIO_OF_SUMS, None, "time_rule"),
        (Scale.LEVEL, Accrual.STOCK, TimeRule.MEAN, None, "time_rule"),
        (Scale.LEVEL, Accrual.STOCK, TimeRule.LAST, TreeRule.MEAN, "tree_rule"),
        (Scale.RATIO, Accrual.FLOW, TimeRule.LAST, TreeRule.SUM, "tree_rule"),
        (Scale.CURRENCY, Accrual.FLOW, TimeRule.SUM, TreeRule.COUNT_YES, "tree_rule"),
        (Scale.RATIO, Accrual.FLOW, TimeRule.RATIO_OF_SUMS, TreeRule.MEAN, "no_parts"),
    ],
)
def test_a_refusal_says_which_rule(scale, accrual, time, tree, code):
    with pytest.raises(RuleError) as refused:
        check_rules(scale, accrual, time, tree)
    assert refused.value.code == code


def test_the_table_is_printed_for_the_documentation():
    table = markdown_table()
    assert "| 数 | 期間値 | 合計 | 合計、平均、加重平均、最小、最大、最後の値、「はい」の数 |" in table
    assert (
        "| 比率（分子・分母） | 期間値 | 分子・分母の合計 | 分子・分母の合計、最後の値、「はい」の割合 |"
        in table
    )


@pytest.mark.parametrize(
    ("time", "tree", "carries"),
    [
        (TimeRule.RATIO_OF_SUMS, None, True),
        (TimeRule.LAST, None, True),
        (TimeRule.MEAN, None, False),
        (TimeRule.MIN, None, False),
        (TimeRule.LAST, TreeRule.SHARE_YES, True),
        (TimeRule.LAST, TreeRule.LAST, True),
        (TimeRule.LAST, TreeRule.MEAN, False),
        (TimeRule.LAST, TreeRule.WEIGHTED_MEAN, False),
    ],
)
def test_a_ratio_of_sums_asks_for_numerator_and_denominator(time, tree, carries):
    assert carries_parts(Scale.RATIO, time, tree) is carries
    child, parent = (
        replace(RATIO, time_rule=time, tree_rule=tree),
        replace(RATIO, tree_rule=TreeRule.RATIO_OF_SUMS),
    )
    if carries:
        check_contribution(parent, child)
        return
    with pytest.raises(RuleError) as refused:
        check_contribution(parent, child)
    assert refused.value.code == "no_parts"


@pytest.mark.parametrize(
    ("parent", "child", "factor", "weight", "code"),
    [
        (NUMBER, NUMBER, 1, 1, "no_tree_rule"),
        (PARENT, replace(NUMBER, grain=Grain.HALF), 1, 1, "grain"),
        (PARENT, NUMBER, 1, -1, "weight"),
        (PARENT, replace(NUMBER, unit=unit_labelled("人")), 1, 1, "unit_family"),
        (replace(PARENT, tree_rule=TreeRule.COUNT_YES), NUMBER, 1, 1, "not_yes_no"),
        (replace(PARENT, tree_rule=TreeRule.COUNT_YES), YES, 2, 1, "factor"),
        (PARENT, YES, 1, 1, "scale"),
        (replace(YES, tree_rule=TreeRule.MIN), LEVEL, 1, 1, "scale"),
        (replace(LEVEL, tree_rule=TreeRule.MIN), LEVEL, 2, 1, "factor"),
    ],
)
def test_what_cannot_be_joined_is_refused(parent, child, factor, weight, code):
    with pytest.raises(RuleError) as refused:
        check_contribution(parent, child, Decimal(factor), Decimal(weight))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("parent", "child", "factor"),
    [
        (PARENT, replace(NUMBER, grain=Grain.MONTH), "1"),
        (PARENT, NUMBER, "0"),
        (PARENT, NUMBER, "-0.5"),
        (replace(PARENT, tree_rule=TreeRule.COUNT_YES), YES, "1"),
        (replace(LEVEL, tree_rule=TreeRule.LAST), LEVEL, "1"),
    ],
)
def test_what_fits_is_joined(parent, child, factor):
    check_contribution(parent, child, Decimal(factor))


@pytest.mark.parametrize(
    ("direction", "has_baseline", "rule"),
    [
        (Direction.UP, True, AttainmentRule.RATIO_TO_TARGET),
        (Direction.DOWN, True, AttainmentRule.PROGRESS_FROM_BASELINE),
        (Direction.DOWN, False, AttainmentRule.INVERSE_RATIO),
        (Direction.KEEP, True, AttainmentRule.IN_RANGE),
    ],
)
def test_the_attainment_rule_has_a_default(direction, has_baseline, rule):
    assert default_attainment_rule(direction, has_baseline) is rule
    check_attainment_rule(direction, rule)


def test_a_ratio_to_target_is_refused_where_less_is_better():
    with pytest.raises(RuleError):
        check_attainment_rule(Direction.DOWN, AttainmentRule.RATIO_TO_TARGET)


@pytest.mark.parametrize(
    ("scale", "accrual", "time"),
    [
        (Scale.NUMBER, Accrual.STOCK, TimeRule.LAST),
        (Scale.RATIO, Accrual.FLOW, TimeRule.RATIO_OF_SUMS),
        (Scale.NUMBER, Accrual.FLOW, TimeRule.MEAN),
    ],
)
def test_only_flows_that_sum_have_a_running_total(scale, accrual, time):
    check_running_total(Scale.CURRENCY, Accrual.FLOW, TimeRule.SUM)
    with pytest.raises(RuleError):
        check_running_total(scale, accrual, time)


@pytest.mark.parametrize(
    ("scale", "label"),
    [(Scale.CURRENCY, "件"), (Scale.PERCENT, "件"), (Scale.RATIO, "件"), (Scale.NUMBER, "％")],
)
def test_a_scale_has_its_units(scale, label):
    with pytest.raises(RuleError) as refused:
        check_unit(scale, unit_labelled(label))
    assert refused.value.code == "unit"


def test_only_sums_can_only_grow():
    assert only_adds(TimeRule.SUM, TreeRule.SUM)
    assert not only_adds(TimeRule.SUM, TreeRule.MEAN)
    assert not only_adds(TimeRule.LAST, TreeRule.SUM)


def test_a_split_is_tested_where_parts_add_up():
    assert splits_add_up(Scale.NUMBER, TimeRule.LAST, TreeRule.SUM)
    assert splits_add_up(Scale.RATIO, TimeRule.RATIO_OF_SUMS)
    assert not splits_add_up(Scale.NUMBER, TimeRule.MEAN)
    assert not splits_add_up(Scale.NUMBER, TimeRule.SUM, TreeRule.MAX)
    assert not splits_add_up(Scale.PERCENT, TimeRule.LAST)


def test_every_choice_has_a_stable_code_and_a_japanese_label():
    assert Scale("number") is Scale.NUMBER
    assert Scale.NUMBER == "number"
    assert Nature.choices()[0] == ("outlook", "見込値")


def test_an_outlook_never_counts():
    assert [nature.counts for nature in Nature] == [False, True, True, True]


def test_missing_figures_have_their_signs_on_paper():
    assert [(kind.label, kind.on_paper) for kind in Missing] == [
        ("未報告", "…"),
        ("欠測", "…"),
        ("対象外", "－"),
        ("期限前", ""),
        ("秘匿", "x"),
    ]

"""Whether one indicator can feed another: grain, family of units, scale, factor, weight. Pure: no Django.

A circle, a contribution into a measured indicator with measurements and a measurement on a rolled-up one need the
graph and the ledger; they are refused by the services.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from kpis.periods import Grain
from kpis.rules import Accrual, RuleError, Scale, TimeRule, TreeRule, carries_parts
from kpis.units import Unit, UnitError, require_one_family

ORDERED = (Scale.LEVEL, Scale.YES_NO)


@dataclass(frozen=True)
class Rules:
    """What decides whether two indicators can be joined; `tree_rule` None: measured."""

    scale: Scale
    accrual: Accrual
    time_rule: TimeRule
    tree_rule: TreeRule | None
    unit: Unit
    grain: Grain

    @property
    def carries_parts(self) -> bool:
        return carries_parts(self.scale, self.time_rule, self.tree_rule)


def check_contribution(
    parent: Rules, child: Rules, factor: Decimal = Decimal(1), weight: Decimal = Decimal(1)
) -> None:
    """RuleError when the child cannot feed the parent: rule, family, grain, factor or weight."""
    if parent.tree_rule is None:
        raise RuleError("no_tree_rule", "親の指標に集計の規則がありません。先に集計の規則を選んでください。")
    if child.grain > parent.grain:
        raise RuleError(
            "grain",
            f"{child.grain.label}ごとの指標を、{parent.grain.label}ごとの指標に集計することはできません。",
        )
    if weight < 0:
        raise RuleError("weight", "重みに負の数は使えません。")
    if parent.tree_rule.asks_yes:
        _check_yes(child, factor)
    else:
        _check_figures(parent, child, factor)


def _check_yes(child: Rules, factor: Decimal) -> None:
    if child.scale is not Scale.YES_NO:
        raise RuleError(
            "not_yes_no", "「はい」を数える指標に集計できるのは、型が「はい・いいえ」の指標だけです。"
        )
    if factor != 1:
        raise RuleError("factor", "「はい・いいえ」の指標の係数は1だけです。")


def _check_figures(parent: Rules, child: Rules, factor: Decimal) -> None:
    ordered = [scale for scale in (parent.scale, child.scale) if scale in ORDERED]
    if ordered and parent.scale is not child.scale:
        raise RuleError(
            "scale", f"{child.scale.label}の指標を{parent.scale.label}の指標に集計することはできません。"
        )
    if ordered and factor != 1:
        raise RuleError("factor", f"{parent.scale.label}の指標の係数は1だけです。")
    try:
        require_one_family(child.unit, parent.unit)
    except UnitError as error:
        raise RuleError("unit_family", str(error)) from error
    if parent.tree_rule is TreeRule.RATIO_OF_SUMS and not child.carries_parts:
        raise RuleError(
            "no_parts", "子の指標に分子と分母が残らないため、「分子・分母の合計」では集計できません。"
        )

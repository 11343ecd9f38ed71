"""Indicators with their sheets, targets and contributions, on record from the days of the story."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from kpis.models import Contribution, Dimension, Indicator, IndicatorDimension, Part
from kpis.periods import Period
from kpis.services import contributions, sheets
from kpis.services.targets import TargetInput, set_targets
from kpis.units import unit_labelled
from portal.sample.tables import Row, flag, moment, number, period, period_or_none, split, table
from portal.sample.words import (
    ACCRUAL,
    ATTAINMENT_RULE,
    DIRECTION,
    GRAIN,
    LEVEL,
    SCALE,
    TIME_RULE,
    TREE_RULE,
    VALUE,
    VISIBILITY,
)
from portal.sample.world import World

FIRST_DECISION, STOP_DECISION = "D2-1", "D5-1"
KIND = {"集計": Indicator.Kind.ROLLED_UP, "直接入力": Indicator.Kind.MEASURED}


def load_indicators(world: World) -> None:
    for place, row in enumerate(table("indicators"), 1):
        _load_goal(world, row, place)
    for place, row in enumerate(table("child_indicators"), len(table("indicators")) + 1):
        _load_child(world, row, place)
    _load_targets(world)
    for row in table("contributions"):
        _load_contribution(world, row)
    _load_dimensions(world)


# --- sheets -----------------------------------------------------------------------------------------------------------


def _sheet(row: Row, **fields: Any) -> dict[str, Any]:
    """What both tables of indicators say about measuring; the time rule of a year alone is its default."""
    return {
        "definition": row["definition"],
        "data_source": row["data_source"],
        "unit": unit_labelled(row["unit"]).code,
        "scale": SCALE[row["scale"]],
        "direction": DIRECTION[row["direction"]],
        "accrual": ACCRUAL[row["accrual"]],
        "is_running_total": flag(row["running_total"]),
        "grain": GRAIN[row["grain"]],
        "time_rule": TIME_RULE[row["time_rule"]],
        "tree_rule": TREE_RULE[row["tree_rule"]],
        "decimals": int(row["decimals"]),
        "may_be_negative": flag(row["can_be_negative"]),
        "first_period": period(row["first_period"]),
        "last_period": period_or_none(row["last_period"]),
    } | fields


def _create(world: World, row: Row, card: str, place: int, sheet: dict[str, Any], at: datetime) -> Indicator:
    indicator = sheets.create_indicator(
        actor=world.actor,
        scorecard=world.cards[card],
        sheet=sheet,
        at=at,
        code=row["code"],
        name=row["name"],
        position=place,
        kind=KIND[row["entry"]],
        visibility=VISIBILITY[row["visibility"]],
        post=world.posts[row["keeper_post"]],
    )
    world.indicators[row["code"]] = indicator
    return indicator


def _load_goal(world: World, row: Row, place: int) -> None:
    """One of the vision's KPIs, agreed with the vision's first version."""
    baseline = next(
        each
        for each in table("baselines_targets")
        if each["indicator"] == row["code"] and each["kind"] == "基準値"
    )
    sheet = _sheet(
        row,
        formula=_formula(row, baseline),
        attainment_rule=ATTAINMENT_RULE[row["rate_rule"]],
        level=LEVEL[row["stage"]],
        value=VALUE[row["value_kind"]],
        sdgs=[int(goal) for goal in split(row["sdg"])],
        steps=[each["name"] for each in table("indicator_levels") if each["indicator"] == row["code"]],
        baseline_period=period_or_none(baseline["period"]),
        baseline_value=number(baseline["value"]),
        decision=world.decisions[FIRST_DECISION],
    )
    indicator = _create(world, row, row["vision"], place, sheet, world.decided_at(FIRST_DECISION))
    for theme in split(row["themes"]):
        world.themes[theme].indicators.add(indicator)


def _formula(row: Row, baseline: Row) -> str:
    """A ratio's baseline with what it was computed from: the sheet itself keeps the agreed figure alone."""
    if not baseline["numerator"]:
        return ""
    return f"基準値 {baseline['value']}{row['unit']} ＝ {baseline['numerator']} ÷ {baseline['denominator']} × 100"


def _load_child(world: World, row: Row, place: int) -> None:
    """An indicator beneath. Where its project was stopped, the last period is on record from that decision only."""
    at, last = _since(world, row["scorecard"]), period_or_none(row["last_period"])
    sheet = _sheet(row, attainment_rule="", last_period=None)
    indicator = _create(world, row, row["scorecard"], place, sheet, at)
    if last is not None:
        ended = sheet | {"last_period": last, "decision": world.decisions[STOP_DECISION]}
        sheets.revise_sheet(
            actor=world.actor, indicator=indicator, sheet=ended, at=world.decided_at(STOP_DECISION)
        )


def _since(world: World, card: str) -> datetime:
    """On record from the vision's first version; for projects that began later, from their first day."""
    agreed = world.decided_at(FIRST_DECISION)
    if card not in world.projects:
        return agreed
    return max(agreed, moment(world.projects[card].starts_on, 9))


# --- targets, contributions, dimensions -------------------------------------------------------------------------------


def _load_targets(world: World) -> None:
    """目標値 in the order in which they were decided; a later decision takes the place of an earlier one.

    A row without a figure says that none was set: 測定しない年度, 準備年度.
    """
    rows = [row for row in table("baselines_targets") if row["kind"] == "目標値"]
    for row in sorted(rows, key=lambda row: row["recorded_on"]):
        target = TargetInput(
            period(row["period"]), number(row["value"]), number(row["lower"]), number(row["upper"])
        )
        set_targets(
            actor=world.actor,
            indicator=world.indicators[row["indicator"]],
            targets=[target],
            decision=world.decisions[row["decision"]],
            at=world.decided_at(row["decision"]),
        )


def _load_contribution(world: World, row: Row) -> None:
    """Accepted as soon as both were there; a project's stop ends it and puts it on record with its last period."""
    at = _since(world, _card_of(row["child"]))
    link = _join(world, row, at, None)
    last = period_or_none(row["last_period"])
    if last is None:
        return
    stopped = world.decided_at(STOP_DECISION)
    reason = world.decisions[STOP_DECISION].text
    contributions.end_contribution(actor=world.actor, contribution=link, reason=reason, at=stopped)
    _join(world, row, stopped, last)


def _join(world: World, row: Row, at: datetime, last: Period | None) -> Contribution:
    link = contributions.propose_contribution(
        actor=world.actor,
        parent=world.indicators[row["parent"]],
        child=world.indicators[row["child"]],
        weight=Decimal(row["weight"]),
        factor=Decimal(row["factor"]),
        position=int(row["position"]),
        first_period=period(row["first_period"]),
        last_period=last,
        at=at,
    )
    if flag(row["accepted"]):
        contributions.accept_contribution(actor=world.actor, contribution=link, at=at)
    return link


def _card_of(indicator: str) -> str:
    return next(row["scorecard"] for row in table("child_indicators") if row["code"] == indicator)


def _load_dimensions(world: World) -> None:
    for row in table("child_indicators"):
        if row["dimension"]:
            dimension = Dimension.objects.create(forum=world.forum, name=row["dimension"])
            for place, name in enumerate(split(row["parts"]), 1):
                Part.objects.create(dimension=dimension, name=name, position=place)
            IndicatorDimension.objects.create(
                indicator=world.indicators[row["code"]],
                dimension=dimension,
                recorded_at=_first_split(row["code"]),
            )


def _first_split(indicator: str) -> datetime:
    """The first day of the first period that was reported with its parts."""
    periods = [period(row["period"]) for row in table("measurement_parts") if row["indicator"] == indicator]
    return moment(min(each.first_day for each in periods), 9)

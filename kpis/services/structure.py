"""Writing the structure beneath figures: sheets, targets, contributions. Each change stays on record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from ecosystems.models import Decision
from foundation import audit, clock, locks
from foundation.access import Actor, require
from foundation.errors import DomainError
from kpis.joining import Rules, check_contribution
from kpis.models import Cell, Contribution, Indicator, IndicatorSheet, Measurement, Scorecard, Target
from kpis.periods import Grain, Period
from kpis.rollup.drain import pairs_kept
from kpis.rules import (
    Accrual,
    AttainmentRule,
    Direction,
    RuleError,
    Scale,
    TimeRule,
    TreeRule,
    check_attainment_rule,
    check_rules,
    check_running_total,
    check_unit,
    default_attainment_rule,
    default_time_rule,
)
from kpis.services.ledger import begin, mark, touch
from kpis.units import UnitError, require_one_family, unit_of

STRUCTURE_LOCK = "kpis.structure"


# --- indicators and sheets ----------------------------------------------------------------------------------------


def create_indicator(
    *, actor: Actor, scorecard: Scorecard, sheet: dict[str, Any], at: datetime | None = None, **fields: Any
) -> Indicator:
    """A new indicator with the first version of its sheet. `fields` are the indicator's, `sheet` the sheet's."""
    require(actor, "enter", scorecard)
    with transaction.atomic():
        indicator = Indicator.objects.create(scorecard=scorecard, **fields)
        write_sheet(indicator, sheet, at=at)
        audit.record(
            actor, "kpis.create_indicator", indicator, after={"code": indicator.code, "name": indicator.name}
        )
        return indicator


def write_sheet(
    indicator: Indicator, fields: dict[str, Any], *, at: datetime | None = None
) -> IndicatorSheet:
    """Put a new version of the sheet on record, defaults filled in, rules checked, everything above marked stale."""
    moment = begin([indicator.pk], at)
    sheet = IndicatorSheet(indicator=indicator, recorded_at=moment, **fields)
    _fill_defaults(sheet)
    _check_sheet(sheet)
    current = IndicatorSheet.objects.filter(indicator=indicator, superseded_at=None).first()
    if current is not None:
        _check_change(current, sheet)
        IndicatorSheet.objects.filter(pk=current.pk).update(superseded_at=moment)
    sheet.version = current.version + 1 if current else 1
    sheet.save()
    if current is not None:
        _mark_all(indicator)
    return sheet


def _fill_defaults(sheet: IndicatorSheet) -> None:
    unit = unit_of(sheet.unit)
    sheet.unit_multiplier, sheet.is_percent = unit.multiplier, unit.is_percent
    sheet.time_rule = sheet.time_rule or default_time_rule(Scale(sheet.scale), Accrual(sheet.accrual))
    has_baseline = sheet.baseline_value is not None
    sheet.attainment_rule = sheet.attainment_rule or default_attainment_rule(
        Direction(sheet.direction), has_baseline
    )


def _check_sheet(sheet: IndicatorSheet) -> None:
    """Refuse a combination that the table of rules does not hold, and periods of another grain."""
    scale, accrual, time_rule = Scale(sheet.scale), Accrual(sheet.accrual), TimeRule(sheet.time_rule)
    try:
        check_rules(scale, accrual, time_rule, _tree_rule(sheet))
        check_unit(scale, unit_of(sheet.unit))
        check_attainment_rule(Direction(sheet.direction), AttainmentRule(sheet.attainment_rule))
        if sheet.is_running_total:
            check_running_total(scale, accrual, time_rule)
    except RuleError as error:
        raise DomainError("rules", str(error), field=error.code) from error
    if sheet.indicator.is_rolled_up and not sheet.tree_rule:
        raise DomainError(
            "tree_rule_missing", _("積上げのKPIには、集計の規則を選んでください。"), field="tree_rule"
        )
    if sheet.first_period.grain != sheet.grain or (
        sheet.last_period and sheet.last_period.grain != sheet.grain
    ):
        raise DomainError(
            "period_grain",
            _("最初と最後の期間は、測定の区切りと同じ区切りにしてください。"),
            field="first_period",
        )


def _tree_rule(sheet: IndicatorSheet) -> TreeRule | None:
    return TreeRule(sheet.tree_rule) if sheet.tree_rule else None


def _check_change(current: IndicatorSheet, new: IndicatorSheet) -> None:
    """With figures in the ledger, what they mean may not change beneath them."""
    if not Measurement.objects.filter(indicator_id=current.indicator_id).exists():
        return
    if (current.grain, current.scale, current.accrual) != (new.grain, new.scale, new.accrual):
        raise DomainError(
            "has_measurements",
            _("実績値があるため、測定の区切り・型・計上は変えられません。新しいKPIを作ってください。"),
            field="grain",
        )
    _one_family(current.unit, new.unit)


def _one_family(child: str, parent: str) -> None:
    try:
        require_one_family(unit_of(child), unit_of(parent))
    except UnitError as error:
        raise DomainError("unit_family", str(error), field="unit") from error


def _mark_all(indicator: Indicator) -> None:
    """Everything kept of the indicator, and its measured cells, is made anew."""
    if indicator.is_rolled_up:
        Cell.objects.filter(indicator=indicator).delete()
    else:
        rows = (
            Measurement.objects.filter(indicator=indicator).order_by().values_list("indicator_id", "period")
        )
        touch(set(rows.distinct()))
    mark(pairs_kept([indicator.pk]))


# --- targets --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TargetInput:
    """目標値 for a period: a value, or bounds; neither: it is agreed to set none."""

    period: Period
    value: Decimal | None = None
    lower: Decimal | None = None
    upper: Decimal | None = None


def set_targets(
    *,
    actor: Actor,
    indicator: Indicator,
    targets: Iterable[TargetInput],
    decision: Decision | None = None,
    at: datetime | None = None,
) -> list[Target]:
    """Put targets on record; a target that is already agreed changes only with the decision that says so."""
    require(actor, "change", indicator)
    with transaction.atomic():
        moment = begin([indicator.pk], at)
        return [_set_target(actor, indicator, target, decision, moment) for target in targets]


def _set_target(
    actor: Actor, indicator: Indicator, target: TargetInput, decision: Decision | None, at: datetime
) -> Target:
    current = Target.objects.filter(indicator=indicator, period=target.period, superseded_at=None).first()
    if current is not None and decision is None:
        raise DomainError(
            "decision_missing",
            _("合意した目標値を変えるには、もとになる決定事項を選んでください。"),
            field="decision",
        )
    _one_grain(indicator, target.period)
    if current is not None:
        Target.objects.filter(pk=current.pk).update(superseded_at=at)
    row = Target.objects.create(
        indicator=indicator,
        period=target.period,
        value=target.value,
        lower=target.lower,
        upper=target.upper,
        is_none=target.value is None and target.lower is None,
        decision=decision,
        recorded_at=at,
    )
    audit.record(
        actor,
        "kpis.set_target",
        indicator,
        before=None
        if current is None
        else {"value": current.value, "lower": current.lower, "upper": current.upper},
        after={
            "period": target.period.code,
            "value": target.value,
            "lower": target.lower,
            "upper": target.upper,
        },
    )
    return row


def _one_grain(indicator: Indicator, period: Period) -> None:
    """Baseline and targets share one grain, not finer than the indicator's (MEASURING 8)."""
    sheet = IndicatorSheet.objects.get(indicator=indicator, superseded_at=None)
    other = Target.objects.filter(indicator=indicator, superseded_at=None).first()
    grains = {p.grain for p in (sheet.baseline_period, other.period if other else None) if p is not None}
    if period.grain < Grain(sheet.grain) or (grains and grains != {period.grain}):
        raise DomainError(
            "target_grain",
            _("基準値と目標値の期間は同じ区切りにし、測定の区切りより細かくしないでください。"),
            field="period",
        )


# --- contributions --------------------------------------------------------------------------------------------------


def propose_contribution(
    *,
    actor: Actor,
    parent: Indicator,
    child: Indicator,
    weight: Decimal = Decimal(1),
    factor: Decimal = Decimal(1),
    position: int = 0,
    first_period: Period | None = None,
    last_period: Period | None = None,
    at: datetime | None = None,
) -> Contribution:
    """Ask that `child` feed `parent`. Refused at once where it could never be accepted."""
    require(actor, "enter", child)
    with transaction.atomic():
        link = Contribution(
            parent=parent,
            child=child,
            weight=weight,
            factor=factor,
            position=position,
            first_period=first_period,
            last_period=last_period,
            recorded_at=at or clock.database_now(),
        )
        _check_joinable(link)
        link.save()
        return link


def _check_joinable(link: Contribution) -> None:
    """The refusals of MEASURING 2, each with its reason."""
    parent, child = link.parent, link.child
    if not parent.is_rolled_up:
        raise DomainError(
            "parent_measured",
            _("上位のKPIは直接入力です。積上げのKPIにだけ、下位のKPIをつなげます。"),
            field="parent",
        )
    try:
        check_contribution(_rules(parent), _rules(child), link.factor, link.weight)
    except RuleError as error:
        raise DomainError(error.code, str(error), field="child") from error
    if parent.pk == child.pk or parent.pk in _descendants(child.pk):
        raise DomainError("circle", _("つなぐと輪になるため、つなげません。"), field="child")


def _rules(indicator: Indicator) -> Rules:
    sheet = IndicatorSheet.objects.get(indicator=indicator, superseded_at=None)
    return Rules(
        Scale(sheet.scale),
        Accrual(sheet.accrual),
        TimeRule(sheet.time_rule),
        _tree_rule(sheet),
        unit_of(sheet.unit),
        Grain(sheet.grain),
    )


def _descendants(indicator_id: int) -> set[int]:
    found: set[int] = set()
    wanted = {indicator_id}
    while wanted:
        links = Contribution.objects.filter(parent_id__in=wanted, superseded_at=None)
        wanted = set(links.values_list("child_id", flat=True)) - found
        found |= wanted
    return found


def accept_contribution(*, actor: Actor, contribution: Contribution, at: datetime | None = None) -> None:
    """The parent's keeper accepts: from now on the child counts."""
    require(actor, "kpis.accept_contribution", contribution)
    with transaction.atomic():
        locks.exclusive(STRUCTURE_LOCK)
        _check_joinable(contribution)
        moment = begin([contribution.parent_id, contribution.child_id], at)
        Contribution.objects.filter(pk=contribution.pk).update(
            state=Contribution.State.ACCEPTED, recorded_at=moment
        )
        _raise_heights({contribution.parent_id})
        mark(pairs_kept([contribution.parent_id]))
        audit.record(actor, "kpis.accept_contribution", contribution, after={"state": "accepted"})


def end_contribution(
    *, actor: Actor, contribution: Contribution, reason: str, at: datetime | None = None
) -> None:
    """Take a contribution off the record from now on; earlier moments still know it."""
    require(actor, "kpis.accept_contribution", contribution)
    with transaction.atomic():
        locks.exclusive(STRUCTURE_LOCK)
        moment = begin([contribution.parent_id, contribution.child_id], at)
        Contribution.objects.filter(pk=contribution.pk).update(superseded_at=moment)
        _raise_heights({contribution.parent_id})
        mark(pairs_kept([contribution.parent_id]))
        audit.record(
            actor, "kpis.end_contribution", contribution, after={"superseded_at": moment}, reason=reason
        )


def _raise_heights(indicator_ids: set[int]) -> None:
    """An indicator stands one above its highest child; go up until nothing changes."""
    wanted = indicator_ids
    while wanted:
        links = Contribution.objects.filter(
            parent_id__in=wanted, superseded_at=None, state=Contribution.State.ACCEPTED
        )
        highest = dict(links.order_by().values_list("parent_id").annotate(top=Max("child__height")))
        changed = set()
        for indicator in Indicator.objects.filter(pk__in=wanted):
            height = highest.get(indicator.pk, 0) + 1 if indicator.is_rolled_up else 0
            if height != indicator.height:
                Indicator.objects.filter(pk=indicator.pk).update(height=height)
                changed.add(indicator.pk)
        parents = Contribution.objects.filter(child_id__in=changed, superseded_at=None)
        wanted = set(parents.values_list("parent_id", flat=True))

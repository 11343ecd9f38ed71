"""Indicators and the versions of their sheets: written with their rules checked, and kept on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from foundation import audit, locks
from foundation.access import Actor, require
from foundation.errors import DomainError, LostEdit
from kpis.attainment import PlanError
from kpis.models import Cell, Indicator, IndicatorSheet, Measurement, Scorecard
from kpis.periods import Grain
from kpis.rollup.drain import LOCK as ROLLUP
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
from kpis.services.contributions import recheck_links
from kpis.services.ledger import begin, mark, touch
from kpis.services.targets import plan_of
from kpis.units import UnitError, require_one_family, unit_of


def create_indicator(
    *, actor: Actor, scorecard: Scorecard, sheet: dict[str, Any], at: datetime | None = None, **fields: Any
) -> Indicator:
    """A new indicator with the first version of its sheet. `fields` are the indicator's, `sheet` the sheet's."""
    require(actor, "change", scorecard)
    with transaction.atomic():
        indicator = Indicator(scorecard=scorecard, **fields)
        _refuse_taken(indicator)
        indicator.save()
        _write(indicator, sheet, at)
        audit.record(
            actor,
            "kpis.create_indicator",
            indicator,
            after={"code": indicator.code, "name": indicator.name, "sheet": _printed(sheet)},
        )
        return indicator


def revise_sheet(
    *, actor: Actor, indicator: Indicator, sheet: dict[str, Any], reason: str = "", at: datetime | None = None
) -> IndicatorSheet:
    """Put a new version of the sheet on record; all that depends on it is marked to be computed again."""
    require(actor, "change", indicator)
    with transaction.atomic():
        written = _write(indicator, sheet, at)
        audit.record(
            actor,
            "kpis.revise_sheet",
            indicator,
            after={"version": written.version, "sheet": _printed(sheet)},
            reason=reason,
        )
        return written


def _refuse_taken(indicator: Indicator) -> None:
    try:
        indicator.validate_constraints()
    except ValidationError as error:
        raise DomainError("taken", " ".join(error.messages), field="code") from error


def revise_indicator(
    *, actor: Actor, indicator: Indicator, own: dict[str, Any], sheet: dict[str, Any], version: int
) -> None:
    """Name, number, keeper and visibility, and a new version of the sheet where it differs, all or nothing.

    `version` is the one that the form showed; LostEdit where somebody else put another on record since.
    """
    require(actor, "change", indicator)
    with transaction.atomic():
        current = IndicatorSheet.objects.select_for_update().get(indicator=indicator, superseded_at=None)
        if current.version != version:
            raise LostEdit(
                "lost_edit",
                _("ほかの人が先に第%(version)s版を登録しました。今の版を確かめて、もう一度直してください。")
                % {"version": current.version},
            )
        before = {name: str(getattr(indicator, name) or "") for name in own}
        for name, value in own.items():
            setattr(indicator, name, value)
        _refuse_taken(indicator)
        indicator.save(update_fields=[*own, "updated_at"])
        audit.record(
            actor,
            "kpis.change_indicator",
            indicator,
            before=before,
            after={name: str(value or "") for name, value in own.items()},
        )
        if any(getattr(current, name) != value for name, value in sheet.items() if name != "decision"):
            revise_sheet(actor=actor, indicator=indicator, sheet=sheet)


def _printed(sheet: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in sheet.items() if value not in (None, "", [])}


def _write(indicator: Indicator, fields: dict[str, Any], at: datetime | None) -> IndicatorSheet:
    if indicator.is_rolled_up:
        locks.exclusive(ROLLUP)  # its cells are taken away below: a drain under way comes to its end first
    moment = begin([indicator.pk], at)
    sheet = IndicatorSheet(indicator=indicator, recorded_at=moment, version=1, **fields)
    _fill_defaults(sheet)
    _check(sheet)
    current = IndicatorSheet.objects.filter(indicator=indicator, superseded_at=None).first()
    if current is None:
        sheet.save()
        return sheet
    _check_change(current, sheet)
    sheet.version = current.version + 1
    IndicatorSheet.objects.filter(pk=current.pk).update(superseded_at=moment)
    sheet.save()
    _check_plan(sheet)
    recheck_links(indicator)
    _mark(indicator, current, sheet)
    return sheet


def _fill_defaults(sheet: IndicatorSheet) -> None:
    unit = unit_of(sheet.unit)
    sheet.unit_multiplier, sheet.is_percent = unit.multiplier, unit.is_percent
    sheet.time_rule = sheet.time_rule or default_time_rule(Scale(sheet.scale), Accrual(sheet.accrual))
    has_baseline = sheet.baseline_value is not None
    sheet.attainment_rule = sheet.attainment_rule or default_attainment_rule(
        Direction(sheet.direction), has_baseline
    )


def _check(sheet: IndicatorSheet) -> None:
    """Refuse a combination that the table of rules does not hold, and periods of another grain."""
    scale, accrual, time_rule = Scale(sheet.scale), Accrual(sheet.accrual), TimeRule(sheet.time_rule)
    try:
        check_rules(scale, accrual, time_rule, TreeRule(sheet.tree_rule) if sheet.tree_rule else None)
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
    _check_periods(sheet)


def _check_periods(sheet: IndicatorSheet) -> None:
    for field in ("first_period", "last_period"):
        period = getattr(sheet, field)
        if period is not None and period.grain != sheet.grain:
            raise DomainError(
                "period_grain", _("最初と最後の期間は、測定の区切りと同じ区切りにしてください。"), field=field
            )


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
    try:
        require_one_family(unit_of(current.unit), unit_of(new.unit))
    except UnitError as error:
        raise DomainError("unit_family", str(error), field="unit") from error


def _check_plan(sheet: IndicatorSheet) -> None:
    """The targets already agreed still go with the baseline and the direction."""
    try:
        plan_of(sheet).check(Grain(sheet.grain))
    except PlanError as error:
        raise DomainError(error.code, str(error), field="baseline_period") from error


def _mark(indicator: Indicator, old: IndicatorSheet, new: IndicatorSheet) -> None:
    """Whatever the old or the new version counts is made anew."""
    if indicator.is_rolled_up:
        Cell.objects.filter(indicator=indicator).delete()
    else:
        rows = Measurement.objects.filter(indicator=indicator).order_by()
        touch(set(rows.values_list("indicator_id", "period").distinct()))
    mark(pairs_kept([old, new]))

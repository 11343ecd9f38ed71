"""目標値: put on record together; an agreed one changes only with the decision that says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from ecosystems.models import Decision
from foundation import audit
from foundation.access import Actor, require
from foundation.errors import DomainError
from kpis.attainment import Baseline, Bounds, Milestone, Plan, PlanError
from kpis.models import Indicator, IndicatorSheet, Target
from kpis.periods import Grain, Period
from kpis.rules import AttainmentRule, Direction, Scale
from kpis.services.ledger import begin


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
    """Put targets on record, all or none, and refuse what does not go with the baseline and the direction."""
    require(actor, "change", indicator)
    with transaction.atomic():
        moment = begin([indicator.pk], at)
        rows = [_set(actor, indicator, target, decision, moment) for target in targets]
        sheet = IndicatorSheet.objects.get(indicator=indicator, superseded_at=None)
        try:
            plan_of(sheet).check(Grain(sheet.grain))
        except PlanError as error:
            raise DomainError(error.code, str(error), field="period") from error
        return rows


def _set(
    actor: Actor, indicator: Indicator, target: TargetInput, decision: Decision | None, at: datetime
) -> Target:
    current = Target.objects.filter(indicator=indicator, period=target.period, superseded_at=None).first()
    if current is not None and decision is None:
        raise DomainError(
            "decision_missing",
            _("合意した目標値を変えるには、もとになる決定事項を選んでください。"),
            field="decision",
        )
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
    before = None if current is None else _printed(current)
    audit.record(actor, "kpis.set_target", indicator, before=before, after=_printed(row))
    return row


def _printed(row: Target) -> dict[str, str]:
    found = {"period": row.period.code, "value": row.value, "lower": row.lower, "upper": row.upper}
    return {name: str(value) for name, value in found.items() if value is not None}


def plan_of(sheet: IndicatorSheet) -> Plan:
    """The baseline and the targets now on record, as the arithmetic reads them."""
    rows = Target.objects.filter(indicator_id=sheet.indicator_id, superseded_at=None)
    baseline = None
    if sheet.baseline_value is not None and sheet.baseline_period is not None:
        baseline = Baseline(sheet.baseline_value, sheet.baseline_period)
    return Plan(
        Direction(sheet.direction),
        AttainmentRule(sheet.attainment_rule),
        Scale(sheet.scale),
        baseline,
        tuple(Milestone(row.period, _figure(row)) for row in rows),
    )


def _figure(row: Target) -> Decimal | Bounds | None:
    if row.lower is not None and row.upper is not None:
        try:
            return Bounds(row.lower, row.upper)
        except PlanError as error:
            raise DomainError(error.code, str(error), field="lower") from error
    value: Decimal | None = row.value
    return value

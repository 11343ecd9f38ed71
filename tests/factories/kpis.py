"""Scorecards, indicators and figures, written through the services as the product does."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

from django.db import transaction

from ecosystems.models import Forum
from foundation.access import system_actor
from kpis.models import Contribution, Indicator, IndicatorSheet, Measurement, MeasurementEvent, Scorecard
from kpis.periods import Period
from kpis.rules import TreeRule
from kpis.services import contributions, ledger, sheets
from kpis.services.ledger import Entry, Signer
from tests.factories.ecosystems import make_forum

SYSTEM = system_actor("test")
_numbers = count(1)


def make_scorecard(forum: Forum | None = None, **fields: Any) -> Scorecard:
    fields.setdefault("name", "試験のKPI一覧")
    return Scorecard.objects.create(forum=forum or make_forum(), **fields)


def make_indicator(
    scorecard: Scorecard,
    *,
    kind: str = Indicator.Kind.MEASURED,
    fields: dict[str, Any] | None = None,
    **sheet: Any,
) -> Indicator:
    """A measured indicator (quarterly count from FY2025-Q1) unless told otherwise; keywords go to the sheet."""
    number = next(_numbers)
    sheet.setdefault("unit", "count")
    sheet.setdefault("grain", 3)
    sheet.setdefault("first_period", Period.parse("FY2025-Q1"))
    sheet.setdefault("definition", "試験")
    if kind == Indicator.Kind.ROLLED_UP:
        sheet.setdefault("tree_rule", TreeRule.SUM)
    own = {
        "code": f"K{number:03}",
        "name": f"指標{number}",
        "kind": kind,
        "position": number,
        **(fields or {}),
    }
    return sheets.create_indicator(actor=SYSTEM, scorecard=scorecard, sheet=sheet, **own)


def make_rolled_up(scorecard: Scorecard, **sheet: Any) -> Indicator:
    return make_indicator(scorecard, kind=Indicator.Kind.ROLLED_UP, **sheet)


def contribute(child: Indicator, parent: Indicator, **fields: Any) -> Contribution:
    link = contributions.propose_contribution(actor=SYSTEM, parent=parent, child=child, **fields)
    contributions.accept_contribution(actor=SYSTEM, contribution=link)
    return link


def report(
    indicator: Indicator,
    period: str,
    value: str | None = None,
    *,
    ratio: tuple[str, str] | None = None,
    signer: Signer | None = None,
    **fields: Any,
) -> Measurement:
    """A submitted measurement; the figure is given as text."""
    sheet = IndicatorSheet.objects.get(indicator=indicator, superseded_at=None)
    entry = Entry(
        indicator=indicator,
        period=Period.parse(period),
        unit=sheet.unit,
        value=None if value is None else Decimal(value),
        numerator=Decimal(ratio[0]) if ratio else None,
        denominator=Decimal(ratio[1]) if ratio else None,
        **fields,
    )
    with transaction.atomic():
        at = ledger.begin([indicator.pk])
        return ledger.record([entry], signer or Signer(name="試験"), None, at)[0]


def event(row: Measurement, kind: str, note: str = "") -> None:
    with transaction.atomic():
        at = ledger.begin([row.indicator_id])
        ledger.write_events([row], kind, Signer(name="確認者"), at, note)


def approve(*rows: Measurement) -> None:
    for row in rows:
        event(row, MeasurementEvent.Kind.APPROVED)


def approved(indicator: Indicator, period: str, value: str | None = None, **fields: Any) -> Measurement:
    row = report(indicator, period, value, **fields)
    approve(row)
    return row

"""What lies beneath some indicators: every contribution in force, at any depth, in a fixed number of queries.

`CleanLedger.load` asks once per level; a page that must keep a query budget asks here: one recursive subquery names
all contributions beneath, whatever the depth.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, cast

from django.db.models import F, FilteredRelation, Q
from django.db.models.expressions import RawSQL

from kpis.models import Contribution, Indicator, IndicatorSheet, Measurement
from kpis.periods import Period
from kpis.rollup.clean import CleanLedger
from kpis.rules import Basis

_IN_FORCE = {
    False: "link.superseded_at IS NULL",
    True: """link.recorded_at <= %s
    AND (link.superseded_at IS NULL OR link.superseded_at > %s)""",
}
_STATEMENT = """
WITH RECURSIVE beneath(link_id, child_id) AS (
    SELECT link.id, link.child_id FROM kpis_contribution link
    WHERE link.parent_id IN ({roots}) AND link.state = 'accepted' AND {in_force}
    UNION
    SELECT link.id, link.child_id FROM kpis_contribution link
    JOIN beneath ON link.parent_id = beneath.child_id
    WHERE link.state = 'accepted' AND {in_force}
)
SELECT link_id FROM beneath
"""


def in_force(path: str, as_of: datetime | None) -> Q:
    """What stood on record at the moment, reached by `path`; now when `as_of` is None."""
    if as_of is None:
        return Q(**{f"{path}__superseded_at": None})
    later = Q(**{f"{path}__superseded_at": None}) | Q(**{f"{path}__superseded_at__gt": as_of})
    return later & Q(**{f"{path}__recorded_at__lte": as_of})


SHEET_FIELDS = (
    "unit", "is_percent", "scale", "accrual", "grain", "time_rule", "tree_rule", "may_be_negative", "is_running_total",
    "first_period", "last_period",
)  # fmt: skip


def links_beneath(roots: Collection[int], as_of: datetime | None = None) -> Any:
    """The accepted contributions beneath these indicators, as they were in force."""
    if not roots:
        return Contribution.objects.none()
    ids = list(roots)
    moments = [] if as_of is None else [as_of, as_of]
    statement = _STATEMENT.format(roots=", ".join(["%s"] * len(ids)), in_force=_IN_FORCE[as_of is not None])
    beneath = RawSQL(statement, [*ids, *moments, *moments])  # noqa: S611 (the statement is fixed, values are bound)
    return Contribution.objects.filter(pk__in=beneath).order_by("position", "id")


def load_clean(
    roots: Collection[int], basis: str, as_of: datetime | None = None, within: Period | None = None
) -> CleanLedger:
    """A `CleanLedger` of the indicators and all beneath them in 4 queries, whatever the depth and the width."""
    ledger = CleanLedger(basis, as_of)
    ledger.add_links(links_beneath(roots, as_of))
    ids = set(roots) | {link.child_id for links in ledger.links.values() for link in links}
    ledger.read_indicators(ids, "scorecard", "post__organization")
    for parent, links in ledger.links.items():  # what had no sheet yet could not be counted
        ledger.links[parent] = [link for link in links if link.child_id in ledger.sheets]
    ledger.read_rows(within)
    return ledger


class Counted(NamedTuple):
    """What the arithmetic asks of a measurement, and no more: a forum has tens of thousands."""

    indicator_id: int
    period: Period
    unit: str
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    missing: str
    nature: str


def with_figures(rules: CleanLedger, basis: str) -> CleanLedger:
    """The same indicators with the figures that count on the basis, in one query."""
    ledger = replace(rules, basis=basis, rows={}, known={})
    measured = [pk for pk, indicator in ledger.indicators.items() if not indicator.is_rolled_up]
    rows = Measurement.objects.filter(indicator_id__in=measured).valid(basis, ledger.as_of).order_by("id")
    for row in rows.values_list(*Counted._fields):
        counted = Counted._make(row)
        ledger.rows[counted.indicator_id, counted.period] = cast(Measurement, counted)
    return ledger


def load_rules(
    roots: Collection[int],
    sheets: dict[int, IndicatorSheet],
    kinds: dict[int, bool],
    as_of: datetime | None = None,
) -> CleanLedger:
    """Contributions and rules beneath cards, without figures, in one query; `kinds` tells which roots are rolled up."""
    ledger = CleanLedger(Basis.OFFICIAL, as_of, sheets=dict(sheets))
    # The arithmetic asks an indicator one thing: whether it is rolled up. Two stand for all of them.
    rolled_up, measured = Indicator(kind=Indicator.Kind.ROLLED_UP), Indicator(kind=Indicator.Kind.MEASURED)
    rows = (
        links_beneath([pk for pk in roots if kinds[pk]], as_of)
        .annotate(sheet=FilteredRelation("child__sheets", condition=in_force("child__sheets", as_of)))
        .values_list(
            "parent_id", "child_id", "position", "weight", "factor", "first_period", "last_period",
            F("child__kind"), *(f"sheet__{name}" for name in SHEET_FIELDS),
        )
    )  # fmt: skip
    for pk in roots:
        ledger.indicators[pk] = rolled_up if kinds[pk] else measured
    for parent, child, position, weight, factor, first, last, kind, *sheet in rows:
        if sheet[0] is None:  # what had no sheet yet could not be counted
            continue
        link = Contribution(
            parent_id=parent, child_id=child, position=position, weight=weight, factor=factor,
            first_period=first, last_period=last, state=Contribution.State.ACCEPTED,
        )  # fmt: skip
        ledger.add_links([link])
        if child not in ledger.indicators:
            ledger.indicators[child] = rolled_up if kind == Indicator.Kind.ROLLED_UP else measured
            ledger.sheets[child] = IndicatorSheet(
                indicator_id=child, **dict(zip(SHEET_FIELDS, sheet, strict=True))
            )
    return ledger


def leaves(ledger: CleanLedger, indicator_id: int) -> set[int]:
    """The measured indicators beneath an indicator, itself if it is measured."""
    if not ledger.indicators[indicator_id].is_rolled_up:
        return {indicator_id}
    found: set[int] = set()
    for link in ledger.links.get(indicator_id, []):
        found |= leaves(ledger, link.child_id)
    return found

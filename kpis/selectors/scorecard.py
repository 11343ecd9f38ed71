"""A scorecard as it is read: its indicators with rules and targets, and their figures on both bases.

The queries, whatever the number of indicators and periods: the card with its forum and scheme; indicators, sheets,
keepers and targets; the contributions beneath; the cells; one per filled slot. As of an earlier moment the cells are
computed from the ledger instead, in a fixed number of queries too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import (
    ExpressionWrapper,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)

from foundation.access import Actor
from kpis.arithmetic import CellFigure
from kpis.attainment import Plan
from kpis.models import Cell, GradeScheme, Indicator, IndicatorSheet, MeasurementEvent, Scorecard
from kpis.models.cell import TOTAL
from kpis.periods import Grain, Period
from kpis.rollup.clean import CleanLedger, on_record
from kpis.rules import Basis
from kpis.selectors.beneath import in_force, leaves, load_rules, with_figures
from kpis.selectors.judging import Judging, plan_of, scheme_of
from kpis.selectors.series import Own, Series, from_clean
from kpis.selectors.wording import AsOf, keeper_text

YEARS_BEFORE = 3  # two years are shown; the third is what a gap in the first is compared with
ANNUAL_YEARS_BEFORE = 9

_SHEET = (
    "version", "definition", "unit", "unit_multiplier", "is_percent", "scale", "direction", "accrual",
    "is_running_total", "grain", "time_rule", "tree_rule", "attainment_rule", "decimals", "may_be_negative", "value",
    "first_period", "last_period", "baseline_period", "baseline_value", "level",
)  # fmt: skip
_OWN = (
    "pk", "scorecard_id", "public_id", "code", "name", "kind", "post__public_id", "post__section", "post__name",
    "post__organization__short_name", "post__organization__name",
)  # fmt: skip
_TARGET = ("period", "value", "lower", "upper")


# --- the card --------------------------------------------------------------------------------------------------------


def card_rows(actor: Actor, as_of: datetime | None = None) -> QuerySet[Any, Any]:
    """The scorecards the actor may see, each with its forum, grade scheme, newest 記録番号 and newest figure."""
    schemes = on_record(GradeScheme.objects.filter(forum_id=OuterRef("forum_id")), as_of).order_by("-id")
    events = MeasurementEvent.objects.order_by("-id")
    if as_of is not None:
        events = events.filter(at__lte=as_of)
    newest = Cell.objects.filter(
        indicator__scorecard_id=OuterRef("pk"), basis=Basis.OFFICIAL, part_id=TOTAL, reported__gt=0
    )
    rows: QuerySet[Any, Any] = (
        Scorecard.objects.visible_to(actor)
        .select_related("forum")
        .with_can(actor, "enter", "change", "view_provisional")
        .annotate(
            scheme_definition=Subquery(schemes.values("definition")[:1]),
            record_number=Subquery(events.values("id")[:1]),
            newest_period=Subquery(newest.order_by("-period").values("period")[:1]),
        )
    )
    return rows


# --- its indicators --------------------------------------------------------------------------------------------------


@dataclass
class Entry:
    """One indicator of the card with the rules and targets in force."""

    pk: int
    public_id: Any
    code: str
    name: str
    is_rolled_up: bool
    keeper_id: Any
    keeper: str
    sheet: IndicatorSheet
    targets: list[tuple[Period, Decimal | None, Decimal | None, Decimal | None]] = field(default_factory=list)
    scorecard_id: int = 0

    @cached_property
    def plan(self) -> Plan:
        return plan_of(self.sheet, self.targets)


def entries_of(actor: Actor, card: Scorecard, as_of: datetime | None = None) -> list[Entry]:
    """The indicators of the card that the actor may see, in order, in one query."""
    return entries_among(Indicator.objects.visible_to(actor).filter(scorecard=card), as_of)


def entries_on(actor: Actor, cards: Iterable[Scorecard], as_of: datetime | None = None) -> list[Entry]:
    """The indicators of several cards that the actor may see, card by card and in order, in one query."""
    return entries_among(Indicator.objects.visible_to(actor).filter(scorecard__in=cards), as_of)


def entries_among(indicators: QuerySet[Any, Any], as_of: datetime | None = None) -> list[Entry]:
    """These indicators, of one card or of many, each with what was in force, in one query."""
    rows = (
        indicators.annotate(
            sheet=FilteredRelation("sheets", condition=in_force("sheets", as_of)),
            target=FilteredRelation("targets", condition=in_force("targets", as_of)),
        )
        .order_by("scorecard_id", "position", "pk", "target__period")
        .values_list(*_OWN, *(f"sheet__{name}" for name in _SHEET), *(f"target__{name}" for name in _TARGET))
    )
    found: dict[int, Entry] = {}
    for row in rows:
        own, sheet, target = row[: len(_OWN)], row[len(_OWN) : -len(_TARGET)], row[-len(_TARGET) :]
        if sheet[0] is None:
            continue
        entry = found.get(own[0]) or found.setdefault(own[0], _entry(own, sheet))
        if target[0] is not None:
            entry.targets.append(target)
    return list(found.values())


def _entry(own: tuple[Any, ...], sheet: tuple[Any, ...]) -> Entry:
    pk, scorecard_id, public_id, code, name, kind, keeper_id, section, post, short, organization = own
    return Entry(
        pk,
        public_id,
        code,
        name,
        kind == Indicator.Kind.ROLLED_UP,
        keeper_id,
        keeper_text(section or "", post or "", short or organization or ""),
        IndicatorSheet(indicator_id=pk, **dict(zip(_SHEET, sheet, strict=True))),
        scorecard_id=scorecard_id,
    )


# --- its figures -----------------------------------------------------------------------------------------------------


@dataclass
class Figures:
    """Series of every indicator per basis, and what a judgement needs to know of what lies beneath."""

    series: dict[str, dict[int, Series]]
    judging: Judging
    feeds: set[int]  # indicators of the card that contribute to another one of the card

    def of(self, entry: Entry, basis: str) -> Series:
        found = self.series[basis].get(entry.pk)
        return found if found is not None else Series(entry.sheet)


def figures_of(
    card: Any, entries: list[Entry], year: Period, as_of: AsOf, bases: Iterable[str], *, whole: bool = False
) -> Figures:
    """The figures around a fiscal year (`whole`: all up to its end): stored ones, or as of an earlier moment."""
    if as_of.moment is None:
        ledger, series = _stored(entries, year, tuple(bases), whole)
    else:
        ledger, series = _clean(entries, year, as_of.moment, tuple(bases))
    ids = {entry.pk for entry in entries}
    feeds = {link.child_id for pk in ids for link in ledger.links.get(pk, []) if link.child_id in ids}
    scheme = scheme_of(card.scheme_definition)
    return Figures(series, Judging(scheme, ledger, series.pop("leaves")), feeds)


Loaded = tuple[CleanLedger, dict[str, dict[int, Series]]]


def _stored(entries: list[Entry], year: Period, bases: tuple[str, ...], whole: bool) -> Loaded:
    """From the cells: one query for the contributions beneath, one for all cells."""
    sheets = {entry.pk: entry.sheet for entry in entries}
    ledger = load_rules(list(sheets), sheets, {entry.pk: entry.is_rolled_up for entry in entries})
    ends = {pk for entry in entries for pk in leaves(ledger, entry.pk)}
    series: dict[str, dict[int, Series]] = {basis: {} for basis in (*bases, "leaves")}
    for basis in bases:
        series[basis] = {entry.pk: Series(entry.sheet) for entry in entries}
    series["leaves"] = {pk: series[Basis.OFFICIAL].get(pk) or Series(ledger.sheets[pk]) for pk in ends}
    for pk, basis, key, missing, nature, *numbers in _cells(sheets, ends, year, bases, whole):
        first, months = divmod(key, 100)
        value, numerator, denominator, reported, expected, present, children = numbers
        newest = None if value is None else first + months - 1
        figure = CellFigure(value, numerator, denominator, reported, expected, newest, present, children)
        owner = series[basis].get(pk)
        if owner is None:
            owner = series["leaves"][pk]
        owner.cells[first] = Own(figure, missing, "" if missing else nature or "")
    return ledger, series


def _cells(
    sheets: dict[int, IndicatorSheet], ends: set[int], year: Period, bases: tuple[str, ...], whole: bool
) -> QuerySet[Any, Any]:
    """Own cells on the bases asked for, and the official cells of measured indicators beneath."""
    start = 0 if whole else (year.first - 12 * YEARS_BEFORE) * 100
    own = Q(indicator_id__in=list(sheets), basis__in=bases)
    beneath = Q(indicator_id__in=[pk for pk in ends if pk not in sheets], basis=Basis.OFFICIAL)
    span = Q(key__gte=start)
    totals = [pk for pk, sheet in sheets.items() if sheet.is_running_total]
    if totals:
        span |= Q(indicator_id__in=totals)
    annual = [pk for pk, sheet in sheets.items() if sheet.grain == Grain.YEAR]
    if annual:
        span |= Q(indicator_id__in=annual, key__gte=(year.first - 12 * ANNUAL_YEARS_BEFORE) * 100)
    return (
        Cell.objects.annotate(key=ExpressionWrapper(F("period"), output_field=IntegerField()))
        .filter(own | beneath, span, part_id=TOTAL, key__lte=year.last_month * 100 + 99)
        .values_list(
            "indicator_id", "basis", "key", "missing", "measurement__nature", "handed", "numerator", "denominator",
            "reported", "expected", "present", "children",
        )
    )  # fmt: skip


def _clean(entries: list[Entry], year: Period, as_of: datetime | None, bases: tuple[str, ...]) -> Loaded:
    """From the ledger as of the moment: one query for what lies beneath, one for each basis."""
    roots = [entry.pk for entry in entries]
    sheets = {entry.pk: entry.sheet for entry in entries}
    rules = load_rules(roots, sheets, {entry.pk: entry.is_rolled_up for entry in entries}, as_of)
    first = with_figures(rules, Basis.OFFICIAL)
    span = [
        Period.year(number) for number in range(year.fiscal_year - ANNUAL_YEARS_BEFORE, year.fiscal_year + 1)
    ]
    series: dict[str, dict[int, Series]] = {}
    for basis in bases:
        ledger = first if basis == Basis.OFFICIAL else with_figures(rules, basis)
        series[basis] = {pk: from_clean(ledger, pk, _span(ledger.sheets[pk], span)) for pk in roots}
    ends = {pk for root in roots for pk in leaves(first, root) if pk in first.sheets}
    series["leaves"] = {pk: series[Basis.OFFICIAL].get(pk) or from_clean(first, pk, span) for pk in ends}
    return first, series


def _span(sheet: IndicatorSheet, span: list[Period]) -> list[Period]:
    """A running total needs every year from its base."""
    base = sheet.first_period.fiscal_year
    if not sheet.is_running_total or base >= span[0].fiscal_year:
        return span
    return [Period.year(number) for number in range(base, span[-1].fiscal_year + 1)]


def natures_beneath(figures: Figures, entry: Entry, period: Period) -> set[str]:
    """The kinds of the measured figures behind a period."""
    if not entry.is_rolled_up:
        return figures.of(entry, Basis.OFFICIAL).natures(period)
    found: set[str] = set()
    for pk in leaves(figures.judging.ledger, entry.pk):
        if pk in figures.judging.leaves:
            found |= figures.judging.leaves[pk].natures(period)
    return found

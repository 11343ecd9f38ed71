"""What waits for somebody among the figures: drafts, returned ones, ones to review, ones that nobody entered yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db.models import CharField as Text
from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    F,
    FilteredRelation,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from foundation.access import Actor
from foundation.waiting import Waiting, source
from kpis.access import reviews_somewhere
from kpis.models import Indicator, Measurement, MeasurementEvent, Submission
from kpis.periods import Period, periods_between
from kpis.rules import Nature

Kind = MeasurementEvent.Kind


# --- drafts, returned figures, figures to review: one query -----------------------------------------------------------


@source("kpis.figures", "自機関の下書きと差戻し、自分が確認する実績値")
def figures_in_hand(actor: Actor, today: date) -> Iterator[Waiting]:
    branches = [*_own_figures(actor), *_figures_to_review(actor)]
    if not branches:
        return
    first, *rest = branches
    for state, card, name, forum, count, since in first.union(*rest, all=True):
        kind, url = _task(state, card)
        yield Waiting(
            kind=kind,
            title=name,
            url=url,
            since_on=timezone.localdate(since),
            place=forum,
            note=_("%(count)s件") % {"count": count},
        )


def _task(state: str, scorecard_id: Any) -> tuple[str, str]:
    if state == "review":
        return _("実績値の確認"), reverse("kpis:review_queue")
    label = _("差戻しへの対応") if state == "returned" else _("下書きの提出")
    return label, reverse("kpis:entry", args=[scorecard_id])


def _row(state: str, card: str, count: Any, since: Any) -> tuple[Any, ...]:
    """(state, scorecard, its name, its forum, how many, since when): the columns of every branch."""
    return (
        Value(state, output_field=Text()),
        f"{card}__public_id",
        f"{card}__name",
        f"{card}__forum__name",
        count,
        since,
    )


def _own_figures(actor: Actor) -> list[QuerySet[Any, Any]]:
    if actor.organization_id is None:
        return []
    drafts = (
        Submission.objects.visible_to(actor)
        .filter(organization_id=actor.organization_id, state__in=("draft", "in_house"))
        .order_by()
        .values_list(*_row("draft", "scorecard", Count("entries"), F("created_at")))
    )
    returned = Measurement.objects.visible_to(actor).filter(
        ~_happened(Kind.WITHDRAWN), ~_replaced(), organization_id=actor.organization_id
    )
    return [drafts, _per_scorecard(returned, "returned", Kind.RETURNED)]


def _figures_to_review(actor: Actor) -> list[QuerySet[Any, Any]]:
    if not reviews_somewhere(actor):
        return []
    settled = _happened(Kind.APPROVED, Kind.RETURNED, Kind.WITHDRAWN)
    one_by_one = Q(submission=None) | Q(submission__bundle="")
    submitted = Measurement.objects.allowed(actor, "approve").filter(~settled, one_by_one)
    return [_per_scorecard(submitted, "review", Kind.SUBMITTED)]


def _happened(*kinds: str) -> Exists:
    return Exists(MeasurementEvent.objects.filter(measurement=OuterRef("pk"), kind__in=kinds))


def _replaced() -> Exists:
    later = Measurement.objects.filter(
        indicator=OuterRef("indicator"), period=OuterRef("period"), pk__gt=OuterRef("pk")
    )
    return Exists(later)


def _per_scorecard(rows: Any, state: str, event: str) -> QuerySet[Any, Any]:
    """How many of the rows that saw the event (each at most once), and since when the oldest waits, per scorecard."""
    grouped: QuerySet[Any, Any] = (
        rows.filter(events__kind=event)
        .order_by()
        .values("indicator__scorecard_id")
        .annotate(found=Count("pk"), since=Min("events__at", output_field=DateTimeField()))
        .values_list(*_row(state, "indicator__scorecard", F("found"), F("since")))
    )
    return grouped


# --- figures that nobody entered: one query ---------------------------------------------------------------------------


@source("kpis.missing", "自分の担当ポストが所管するKPIの、まだ入力のない期間")
def figures_not_entered(actor: Actor, today: date) -> Iterator[Waiting]:
    """One item per indicator: the earliest ended period without a figure, and how many more there are."""
    if not actor.post_ids:
        return
    for indicator, periods in _gaps(actor, today):
        yield Waiting(
            kind=_("実績値の入力"),
            title=f"{indicator['code']} {indicator['name']}",
            url=reverse("kpis:entry", args=[indicator["scorecard__public_id"]]),
            since_on=periods[0].last_day + timedelta(days=1),
            place=indicator["scorecard__forum__name"],
            note=_gap_words(periods),
        )


def _gap_words(periods: list[Period]) -> str:
    if len(periods) == 1:
        return periods[0].label
    return _("%(period)s ほか%(count)s期") % {"period": periods[0].label, "count": len(periods) - 1}


def _gaps(actor: Actor, today: date) -> Iterable[tuple[dict[str, Any], list[Period]]]:
    """Measured indicators kept by the actor's posts, each with its ended periods that have no figure in the ledger."""
    found: dict[int, tuple[dict[str, Any], set[Period]]] = {}
    for row in _kept(actor):
        _indicator, entered = found.setdefault(row["pk"], (row, set()))
        if row["entry__period"] is not None and row["withdrawal__pk"] is None:
            entered.add(row["entry__period"])
    for indicator, entered in found.values():
        periods = [period for period in _ended_periods(indicator, today) if period not in entered]
        if periods:
            yield indicator, periods


def _kept(actor: Actor) -> QuerySet[Any, Any]:
    """One row per kept indicator and measurement, one with nothing where there is none; 見込値 are no entries."""
    in_posts = Q(post_id__in=actor.post_ids) | Q(deputy_post_id__in=actor.post_ids)
    figures = ~Q(measurements__nature=Nature.OUTLOOK)
    withdrawn = Q(entry__events__kind=Kind.WITHDRAWN)
    rows = Indicator.objects.visible_to(actor).filter(in_posts, kind=Indicator.Kind.MEASURED)
    return (
        rows.annotate(
            sheet=FilteredRelation("sheets", condition=Q(sheets__superseded_at=None)),
            entry=FilteredRelation("measurements", condition=figures),
            withdrawal=FilteredRelation("entry__events", condition=withdrawn),
        )
        .filter(sheet__isnull=False)
        .order_by("scorecard_id", "position", "id")
        .values(
            "pk", "code", "name", "scorecard__public_id", "scorecard__forum__name",
            "sheet__grain", "sheet__first_period", "sheet__last_period", "entry__period", "withdrawal__pk",
        )
    )  # fmt: skip


def _ended_periods(indicator: dict[str, Any], today: date) -> list[Period]:
    """From the sheet's first period to its last, as far as they have ended."""
    ended = Period.of(today, indicator["sheet__grain"]).previous()
    last = indicator["sheet__last_period"]
    return periods_between(indicator["sheet__first_period"], min(last, ended) if last else ended)

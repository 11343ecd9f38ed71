"""Which indicator feeds which: proposed by the child's side, counted once the parent's keeper accepted.

A declined proposal stays on record with its reason and never counted; the same two may be proposed again.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from foundation import audit, clock, locks, outbox
from foundation.access import Actor, require
from foundation.errors import DomainError, StateError
from kpis.joining import Rules, check_contribution
from kpis.models import Contribution, Indicator, IndicatorSheet
from kpis.periods import Grain, Period
from kpis.rollup.drain import pairs_kept
from kpis.rules import Accrual, RuleError, Scale, TimeRule, TreeRule
from kpis.services.ledger import begin, mark
from kpis.units import unit_of

LOCK = "kpis.structure"
PROPOSED, DECIDED = "kpis.contribution_proposed", "kpis.contribution_decided"
MAX_REASON = 2000
State = Contribution.State


def propose_contribution(
    *,
    actor: Actor,
    parent: Indicator,
    child: Indicator,
    weight: Decimal = Decimal(1),
    factor: Decimal = Decimal(1),
    position: int | None = None,
    first_period: Period | None = None,
    last_period: Period | None = None,
    at: datetime | None = None,
) -> Contribution:
    """Ask that `child` feed `parent`; without a position it comes last. Refused where it could never be accepted."""
    require(actor, "enter", child)
    with transaction.atomic():
        locks.exclusive(LOCK)
        link = Contribution(
            parent=parent,
            child=child,
            weight=weight,
            factor=factor,
            position=_next_position(parent) if position is None else position,
            first_period=first_period,
            last_period=last_period,
            recorded_at=at or clock.database_now(),
            proposed_by_id=actor.user_id,
        )
        _check(link)
        _refuse_twice(link)
        link.save()
        audit.record(
            actor,
            "kpis.propose_contribution",
            link,
            after={"parent": str(parent), "child": str(child), "weight": str(weight), "factor": str(factor)},
        )
        if not actor.is_system:
            outbox.emit(PROPOSED, {"contribution": link.pk, "by": _by(actor)})
        return link


def _by(actor: Actor) -> str:
    return f"{actor.organization_name}　{actor.display_name}".strip()


def _next_position(parent: Indicator) -> int:
    taken = Contribution.objects.filter(parent=parent, superseded_at=None)
    last: int | None = taken.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def accept_contribution(*, actor: Actor, contribution: Contribution, at: datetime | None = None) -> None:
    """The parent's keeper accepts: from now on the child counts. Refused where somebody decided before (409)."""
    require(actor, "kpis.accept_contribution", contribution)
    with transaction.atomic():
        link = _still_proposed(contribution)
        _check(link)
        moment = begin([link.parent_id, link.child_id], at)
        Contribution.objects.filter(pk=link.pk).update(state=State.ACCEPTED, recorded_at=moment)
        _changed(link)
        audit.record(actor, "kpis.accept_contribution", link, after={"state": "accepted"})
        _tell(actor, link)


def decline_contribution(
    *, actor: Actor, contribution: Contribution, reason: str, at: datetime | None = None
) -> None:
    """The parent's keeper does not take the child in, and says why. Nothing was counted, nothing changes."""
    require(actor, "kpis.accept_contribution", contribution)
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        message = _("見送る理由を%(most)s字以内で入れてください。申請した担当に伝わります。")
        raise DomainError("reason_missing", message % {"most": MAX_REASON}, field="reason")
    with transaction.atomic():
        link = _still_proposed(contribution)
        Contribution.objects.filter(pk=link.pk).update(
            state=State.DECLINED, reason=reason, superseded_at=at or clock.database_now()
        )
        audit.record(actor, "kpis.decline_contribution", link, after={"state": "declined"}, reason=reason)
        _tell(actor, link)


def _still_proposed(contribution: Contribution) -> Contribution:
    """The link, locked with the whole structure; refused once it was accepted, declined or taken back."""
    locks.exclusive(LOCK)
    link = Contribution.objects.select_for_update(of=("self",)).select_related("parent", "child")
    found = link.get(pk=contribution.pk)
    if found.state != State.PROPOSED or found.superseded_at is not None:
        raise StateError(
            "already_decided",
            _("このつながりは、ほかの担当がすでに「%(state)s」にしています。")
            % {"state": found.get_state_display()},
        )
    return found


def _tell(actor: Actor, link: Contribution) -> None:
    if not actor.is_system:
        outbox.emit(DECIDED, {"contribution": link.pk, "by": _by(actor), "user": actor.user_id})


def end_contribution(
    *, actor: Actor, contribution: Contribution, reason: str, at: datetime | None = None
) -> None:
    """Take a contribution off the record from now on; earlier moments still know it."""
    require(actor, "kpis.accept_contribution", contribution)
    with transaction.atomic():
        locks.exclusive(LOCK)
        moment = begin([contribution.parent_id, contribution.child_id], at)
        Contribution.objects.filter(pk=contribution.pk).update(superseded_at=moment)
        _changed(contribution)
        audit.record(
            actor, "kpis.end_contribution", contribution, after={"superseded_at": moment}, reason=reason
        )


def _changed(link: Contribution) -> None:
    _raise_heights({link.parent_id})
    mark(pairs_kept(IndicatorSheet.objects.filter(indicator_id=link.parent_id, superseded_at=None)))


# --- what may be joined ---------------------------------------------------------------------------------------------


def recheck_links(indicator: Indicator) -> None:
    """After a change of its sheet: every contribution in and out must still be possible."""
    current = Contribution.objects.filter(superseded_at=None).exclude(state=State.DECLINED)
    links = current.filter(parent=indicator) | current.filter(child=indicator)
    for link in links.select_related("parent", "child"):
        _check_rules(link)


def _check(link: Contribution) -> None:
    """The refusals of MEASURING 2, each with its reason."""
    parent, child = link.parent, link.child
    if not parent.is_rolled_up:
        raise DomainError(
            "parent_measured",
            _("上位のKPIは直接入力です。積上げのKPIにだけ、下位のKPIをつなげます。"),
            field="parent",
        )
    _check_rules(link)
    if parent.pk == child.pk or parent.pk in _descendants(child.pk):
        raise DomainError("circle", _("つなぐと輪になるため、つなげません。"), field="child")


def _refuse_twice(link: Contribution) -> None:
    if Contribution.objects.filter(parent=link.parent, child=link.child, superseded_at=None).exists():
        raise DomainError(
            "contribution_once", _("この2つのKPIは、すでにつながっているか、申請中です。"), field="child"
        )


def _check_rules(link: Contribution) -> None:
    parent, child = _rules(link.parent), _rules(link.child)
    try:
        check_contribution(parent, child, link.factor, link.weight)
    except RuleError as error:
        raise DomainError(error.code, str(error), field="child") from error
    for field in ("first_period", "last_period"):
        period = getattr(link, field)
        if period is not None and period.grain != child.grain:
            raise DomainError(
                "period_grain",
                _("つながりの最初と最後の期間は、下位のKPIの測定の区切りにしてください。"),
                field=field,
            )


def _rules(indicator: Indicator) -> Rules:
    sheet = IndicatorSheet.objects.get(indicator=indicator, superseded_at=None)
    return Rules(
        Scale(sheet.scale),
        Accrual(sheet.accrual),
        TimeRule(sheet.time_rule),
        TreeRule(sheet.tree_rule) if sheet.tree_rule else None,
        unit_of(sheet.unit),
        Grain(sheet.grain),
    )


def _descendants(indicator_id: int) -> set[int]:
    """Everything beneath, proposed contributions included: two proposals must not make a circle either."""
    found: set[int] = set()
    wanted = {indicator_id}
    while wanted:
        links = Contribution.objects.filter(parent_id__in=wanted, superseded_at=None)
        wanted = set(links.values_list("child_id", flat=True)) - found
        found |= wanted
    return found


def _raise_heights(indicator_ids: set[int]) -> None:
    """An indicator stands one above its highest child; go up until nothing changes."""
    wanted = indicator_ids
    while wanted:
        links = Contribution.objects.filter(parent_id__in=wanted, superseded_at=None, state=State.ACCEPTED)
        highest = dict(links.order_by().values_list("parent_id").annotate(top=Max("child__height")))
        changed = set()
        for indicator in Indicator.objects.filter(pk__in=wanted):
            height = highest.get(indicator.pk, 0) + 1 if indicator.is_rolled_up else 0
            if height != indicator.height:
                Indicator.objects.filter(pk=indicator.pk).update(height=height)
                changed.add(indicator.pk)
        parents = Contribution.objects.filter(child_id__in=changed, superseded_at=None)
        wanted = set(parents.values_list("parent_id", flat=True))

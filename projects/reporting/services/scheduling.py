"""A round's dates while it is open: later only, with a reason; and its end, which comes by itself."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from foundation import audit, lanes, outbox
from foundation.access import Actor, require, system_actor
from foundation.errors import DomainError, StateError
from projects.reporting.models import ReportingRound
from projects.reporting.services.rounds import check_whole, close_round, held

LANE = "rounds"
SYSTEM = "報告依頼の自動処理"


def postpone(
    *, actor: Actor, round_: ReportingRound, revision: int, due_on: date, closes_on: date, reason: str
) -> ReportingRound:
    """Put 提出期限 and 受付終了日 off while reports are taken in; those who have not submitted yet are told."""
    require(actor, "change", round_)
    if not reason.strip():
        raise DomainError("reason_missing", _("日付を変える理由を書いてください。"), field="reason")
    with transaction.atomic():
        current = held(round_, revision)
        _check_postponed(current, due_on, closes_on)
        before = {"due_on": current.due_on, "closes_on": current.closes_on}
        current.due_on, current.closes_on = due_on, closes_on
        current.revision += 1
        check_whole(current)
        current.save()
        audit.record(
            actor,
            "projects.postpone_round",
            current,
            before=before,
            after={"due_on": due_on, "closes_on": closes_on},
            reason=reason.strip(),
        )
        outbox.emit("projects.round_postponed", {"round": current.pk, "reason": reason.strip()})
        return current


def _check_postponed(round_: ReportingRound, due_on: date, closes_on: date) -> None:
    if round_.state != ReportingRound.State.OPEN:
        raise StateError("not_open", _("受付中の報告依頼だけ、日付を延ばせます。"))
    for field, old, new in (("due_on", round_.due_on, due_on), ("closes_on", round_.closes_on, closes_on)):
        if new < old:
            raise DomainError("earlier", _("受付中は、今の日付より早めることはできません。"), field=field)
    if closes_on < due_on:
        raise DomainError("order", _("受付終了日は提出期限以後の日にしてください。"), field="closes_on")
    if (due_on, closes_on) == (round_.due_on, round_.closes_on):
        raise DomainError("same", _("今と違う日付を入れてください。"), field="due_on")


def _over() -> QuerySet[ReportingRound]:
    """Open rounds whose 受付終了日 has passed in Tokyo."""
    rows: QuerySet[ReportingRound] = ReportingRound.objects.filter(
        state=ReportingRound.State.OPEN, closes_on__lt=timezone.localdate()
    )
    return rows


def has_over() -> bool:
    return _over().exists()


def close_over() -> int:
    """Close one round whose last day has passed; 1 if there was one. Somebody quicker leaves nothing to do."""
    with transaction.atomic():
        round_ = _over().order_by("closes_on", "id").first()
        if round_ is None:
            return 0
        try:
            close_round(actor=system_actor(SYSTEM), round_=round_)
        except StateError:
            return 0
        return 1


lanes.register(LANE, pending=has_over, work=close_over)

"""Answering those who want to hear more: steps towards an outcome, each with who, when, why and what was said.

Every step is an event beside the interest. Whoever answers while a colleague did is told, and overwrites nothing. What
nobody answered in time goes to the forum's coordinator by itself (`go_round`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from actors.models import Post
from ecosystems.models import ForumDuty
from foundation import audit, lanes, outbox
from foundation.access import Actor, require, system_actor
from foundation.errors import DomainError, LostEdit, StateError
from foundation.text import clean_line, clean_pasted
from projects.partnering.models import Interest, InterestEvent, Opportunity
from projects.partnering.services.applying import forget_unproved, unproved

MOVED, EXPIRED = "projects.interest_moved", "projects.interest_expired"
LANE = "interests"
AT_ONCE = 100
MAX_WORDS = 2000
State = Interest.State
# In order: whoever answers goes on, or jumps ahead, but never back.
ROAD = (State.APPLIED, State.RECEIVED, State.MEETING, State.NEGOTIATING)
ENDS = (State.AGREED, State.DECLINED)


@dataclass(frozen=True)
class Answer:
    """What somebody who answers writes. `state` None: a note or a message alone."""

    state: str | None = None
    message: str = ""
    note: str = ""
    reason: str = ""
    outcome: str = ""
    outcome_note: str = ""

    def cleaned(self) -> Answer:
        words = (clean_pasted(each).strip() for each in (self.message, self.note, self.reason))
        message, note, reason = words
        outcome_note = clean_line(self.outcome_note)
        for name, text, most in (
            ("message", message, MAX_WORDS), ("note", note, MAX_WORDS), ("reason", reason, MAX_WORDS),
            ("outcome_note", outcome_note, 200),
        ):  # fmt: skip
            if len(text) > most:
                said = _("%(most)s字までにしてください。") % {"most": most}
                raise DomainError("too_long", said, field=name)
        return Answer(self.state, message, note, reason, self.outcome, outcome_note)


def next_states(interest: Interest) -> list[State]:
    """Where an answer may lead from here, in order."""
    if not interest.is_open:
        return []
    here = State(interest.state)
    passed = 0 if here == State.EXPIRED else ROAD.index(here)
    return [*ROAD[passed + 1 :], *ENDS]


def answer_interest(
    *, actor: Actor, interest: Interest, answer: Answer, revision: int | None = None
) -> Interest:
    """Go a step on, or only leave a note or a message. The reason of 見送り is told to the applicant."""
    require(actor, "answer", interest)
    answer = answer.cleaned()
    _check_words(answer)
    return _move(actor, interest, answer, revision)


def withdraw_interest(
    *, actor: Actor, interest: Interest, reason: str = "", revision: int | None = None
) -> Interest:
    """The applicant takes it back; whoever answers is told."""
    require(actor, "withdraw", interest)
    answer = Answer(State.WITHDRAWN, reason=reason).cleaned()
    return _move(actor, interest, answer, revision, by_applicant=True)


def _check_words(answer: Answer) -> None:
    if answer.state is None and not (answer.message or answer.note):
        said = _("進める段階を選ぶか、連絡かメモを書いてください。")
        raise DomainError("nothing_said", said, field="state")
    if answer.state == State.DECLINED and not answer.reason:
        said = _("見送りの理由を書いてください。申し込んだ方に伝わります。")
        raise DomainError("reason_missing", said, field="reason")
    if answer.state == State.AGREED and answer.outcome not in Interest.Outcome.values:
        raise DomainError("outcome_missing", _("成立の中身を選んでください。"), field="outcome")


def _move(
    actor: Actor, interest: Interest, answer: Answer, revision: int | None, *, by_applicant: bool = False
) -> Interest:
    with transaction.atomic():
        current = _locked(interest, revision)
        before = current.state
        _check_step(current, answer.state, by_applicant=by_applicant)
        if answer.state is not None:
            current.state = answer.state
            current.reason = answer.reason
        if answer.state == State.AGREED:
            current.outcome, current.outcome_note = answer.outcome, answer.outcome_note
        current.revision += 1
        current.save()
        event = write_event(actor, current, before, note=answer.note, message=answer.message)
        audit.record(
            actor,
            "projects.withdraw_interest" if answer.state == State.WITHDRAWN else "projects.answer_interest",
            current,
            before={"state": before},
            after={"state": current.state, "outcome": current.outcome},
            reason=answer.reason,
        )
        outbox.emit(MOVED, {"event": event.pk}, key=f"{MOVED}:{event.pk}")
    return current


def _check_step(interest: Interest, state: str | None, *, by_applicant: bool) -> None:
    """Taking back is the applicant's step, all others are of those who answer."""
    if state is None:
        return
    allowed = ([State.WITHDRAWN] if interest.is_open else []) if by_applicant else next_states(interest)
    if state not in allowed:
        raise StateError(
            "wrong_state",
            _("今の状態（%(state)s）からは、この段階に進められません。")
            % {"state": interest.get_state_display()},
        )


def _locked(interest: Interest, revision: int | None) -> Interest:
    current: Interest = (
        Interest.objects.select_for_update(of=("self",)).select_related("opportunity").get(pk=interest.pk)
    )
    if revision is not None and revision != current.revision:
        raise LostEdit(
            "lost_edit",
            _(
                "このページを開いたあとに、ほかの人が返答しました。下の経過を確かめて、必要ならもう一度送ってください。"
            ),
            details={"revision": current.revision, "state": current.state},
        )
    return current


def write_event(
    actor: Actor,
    interest: Interest,
    before: str,
    *,
    note: str = "",
    message: str = "",
    at: datetime | None = None,
) -> InterestEvent:
    return InterestEvent.objects.create(
        interest=interest,
        at=at or timezone.now(),
        from_state=before,
        to_state=interest.state,
        note=note,
        message=message,
        user=None if actor.user is None else actor.user,  # type: ignore[misc]  # the project's own user
        user_name=actor.label,
        organization_id=actor.organization_id,
    )


# --- what nobody answered --------------------------------------------------------------------------------------------


def go_round(today: date | None = None) -> int:
    """Turn unanswered interests past their day into 期限切れ, close what has run out, forget what nobody proved.

    Returns how many.
    Repeating it, or two at once, changes nothing more: each row is looked at again under its lock.
    """
    today = today or timezone.localdate()
    keys = list(
        Interest.objects.overdue(today).order_by("reply_due_on", "pk").values_list("pk", flat=True)[:AT_ONCE]
    )
    done = sum(_expire(pk, today) for pk in keys)
    rows = Opportunity.objects.filter(state=Opportunity.State.OPEN, closes_on__lt=today)
    done += sum(_close(pk) for pk in list(rows.values_list("pk", flat=True)[:AT_ONCE]))
    return done + forget_unproved()


def _expire(pk: int, today: date) -> bool:
    actor = system_actor(_("返事の期限の見回り"))
    with transaction.atomic():
        interest = Interest.objects.select_for_update(of=("self",)).select_related("opportunity").get(pk=pk)
        if not Interest.objects.overdue(today).filter(pk=pk).exists():
            return False
        interest.state = State.EXPIRED
        interest.handed_to = coordinator_of(interest.opportunity.forum_id, today)
        interest.revision += 1
        interest.save()
        event = write_event(actor, interest, State.APPLIED, note=_("返事がないまま期限を過ぎました。"))
        audit.record(
            actor,
            "projects.expire_interest",
            interest,
            before={"state": State.APPLIED},
            after={"state": State.EXPIRED},
        )
        outbox.emit(EXPIRED, {"event": event.pk}, key=f"{EXPIRED}:{event.pk}")
    return True


def _close(pk: int) -> bool:
    actor = system_actor(_("募集期限の見回り"))
    with transaction.atomic():
        opportunity = Opportunity.objects.select_for_update().get(pk=pk)
        if opportunity.state != Opportunity.State.OPEN:
            return False
        opportunity.state = Opportunity.State.CLOSED
        opportunity.revision += 1
        opportunity.save(update_fields=["state", "revision", "updated_at"])
        audit.record(
            actor,
            "projects.close_opportunity",
            opportunity,
            before={"state": "open"},
            after={"state": "closed"},
        )
    return True


def coordinator_of(forum_id: int, today: date) -> Post | None:
    """The post with the duty コーディネーター in the forum today; the longest-serving where there are several."""
    duties: Any = ForumDuty.objects.filter(
        forum_id=forum_id, duty=ForumDuty.Duty.COORDINATOR, from_on__lte=today, post__closed_on=None
    )
    duty = duties.exclude(to_on__lt=today).select_related("post").order_by("from_on", "id").first()
    return duty.post if duty else None


def has_work() -> bool:
    today = timezone.localdate()
    return (
        Interest.objects.overdue(today).exists()
        or unproved().exists()
        or Opportunity.objects.filter(state=Opportunity.State.OPEN, closes_on__lt=today).exists()
    )


lanes.register(LANE, pending=has_work, work=go_round)

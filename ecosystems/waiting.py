"""What waits for somebody in the forums: decisions that their posts carry out, questions of residents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from ecosystems.access import Duty, duty_forums
from ecosystems.models import Decision, Voice
from ecosystems.selectors import OPEN_STATES
from ecosystems.voice_selectors import OPEN as OPEN_VOICES
from foundation.access import Actor
from foundation.waiting import Waiting, source


@source("ecosystems.decisions", "自分の担当ポストが実施する決定事項と、事務局をする場の期限を過ぎた決定事項")
def decisions_to_carry_out(actor: Actor, today: date) -> Iterator[Waiting]:
    if not actor.post_ids:
        return
    owned = Q(post_id__in=actor.post_ids) | Q(deputy_post_id__in=actor.post_ids)
    watched = Q(forum_id__in=duty_forums(actor, Duty.SECRETARIAT), due_on__lt=today)
    rows = Decision.objects.visible_to(actor).filter(owned | watched, state__in=OPEN_STATES)
    for decision in rows.select_related("forum").order_by("due_on", "code"):
        is_own = bool({decision.post_id, decision.deputy_post_id} & actor.post_ids)
        yield Waiting(
            kind=_("決定事項の実施") if is_own else _("決定事項の期限超過"),
            title=decision.text,
            url=f"{reverse('ecosystems:decision_list', args=[decision.forum.public_id])}#{decision.public_id}",
            due_on=decision.due_on,
            since_on=decision.decided_on,
            place=decision.forum.name,
            note=decision.code,
        )


@source("ecosystems.voices", "自分が担当を決める、回答する、回答案を確認するご意見・ご質問")
def voices_in_hand(actor: Actor, today: date) -> Iterator[Waiting]:
    """Each at the step that this actor can take: the secretariat assigns and checks, the posts answer."""
    if not actor.post_ids:
        return
    forums = duty_forums(actor, Duty.SECRETARIAT)
    rows = Voice.objects.allowed(actor, "handle").filter(state__in=OPEN_VOICES).with_can(actor, "release")
    for voice in rows.select_related("forum").order_by("due_on", "id"):
        kind = _voice_task(actor, voice, forums)
        if kind:
            yield Waiting(
                kind=kind,
                title=voice.about_label or voice.body[:60],
                url=reverse("ecosystems:voice_work", args=[voice.public_id]),
                due_on=voice.due_on,
                since_on=voice.received_on,
                place=voice.forum.name,
                note=voice.code,
            )


def _voice_task(actor: Actor, voice: Any, forums: frozenset[int]) -> str:
    """What the actor has to do now; "" where somebody else has."""
    if voice.state == Voice.State.RECEIVED:
        return _("ご意見・ご質問の担当を決める") if voice.forum_id in forums else ""
    if voice.state == Voice.State.CHECKING:
        return _("回答案の確認") if voice.can_release and voice.written_by_id != actor.user_id else ""
    is_own = bool({voice.post_id, voice.deputy_post_id} & actor.post_ids)
    return _("ご意見・ご質問への回答") if is_own else ""

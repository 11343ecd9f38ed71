"""What waits for somebody in the forums: decisions that their posts carry out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from ecosystems.access import Duty, duty_forums
from ecosystems.models import Decision
from ecosystems.selectors import OPEN_STATES
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

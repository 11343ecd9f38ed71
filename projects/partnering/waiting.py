"""What waits for somebody among the interests: answers that their posts owe, and what nobody answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ecosystems.access import Duty, duty_forums
from foundation.access import Actor
from foundation.waiting import Waiting, source
from projects.partnering.models import Interest


@source(
    "projects.interests", "自分の担当ポストが返答する申込みと、コーディネーターとして引き継ぐ期限切れの申込み"
)
def interests_to_answer(actor: Actor, today: date) -> Iterator[Waiting]:
    if not actor.post_ids:
        return
    mine = Q(post_id__in=actor.post_ids) | Q(deputy_post_id__in=actor.post_ids)
    handed = Q(handed_to_id__in=actor.post_ids) | Q(
        opportunity__forum_id__in=duty_forums(actor, Duty.COORDINATOR)
    )
    rows = Interest.objects.visible_to(actor).filter(
        Q(mine, state__in=("applied", "expired")) | Q(handed, state="expired")
    )
    for interest in rows.select_related("opportunity__forum").order_by("reply_due_on", "id"):
        is_expired = interest.state == Interest.State.EXPIRED
        yield Waiting(
            kind=_("期限切れの申込み") if is_expired else _("申込みへの返答"),
            title=interest.opportunity.title,
            url=reverse("projects:interest_detail", args=[interest.public_id]),
            due_on=interest.reply_due_on,
            since_on=interest.confirmed_at and timezone.localdate(interest.confirmed_at),
            place=interest.opportunity.forum.name,
            note=interest.name,
        )

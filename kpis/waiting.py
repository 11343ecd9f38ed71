"""What waits for somebody in the KPI core: contributions to accept or to decline."""

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
from kpis.selectors.contributions import waiting_rows


@source(
    "kpis.contributions", "自分の担当ポストが所管するKPIへの、つながりの申請（所管のないKPIは場の事務局へ）"
)
def contributions_to_decide(actor: Actor, today: date) -> Iterator[Waiting]:
    if not actor.post_ids:
        return
    kept = Q(parent__post_id__in=actor.post_ids) | Q(parent__deputy_post_id__in=actor.post_ids)
    forums = duty_forums(actor, Duty.SECRETARIAT)
    unkept = Q(parent__post=None, parent__scorecard__forum_id__in=forums)
    for link in waiting_rows(actor).filter(kept | unkept):
        yield Waiting(
            kind=_("つながりの承認"),
            title=f"{link.child.name} → {link.parent}",
            url=reverse("kpis:contribution", args=[link.public_id]),
            since_on=timezone.localdate(link.recorded_at),
            place=link.parent.scorecard.forum.name,
            note=link.child.scorecard.name,
        )

"""What waits for a secretariat: rounds that end soon with reports missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from ecosystems.access import Duty, duty_forums
from foundation.access import Actor
from foundation.waiting import Waiting, source
from projects.reporting.models import ReportingRound
from projects.reporting.selectors.board import overview

AHEAD = timedelta(days=14)


@source("projects.rounds_closing", "受付終了が近い報告依頼")
def rounds_closing(actor: Actor, today: date) -> Iterable[Waiting]:
    """Open rounds of the actor's forums that end within two weeks, with how many reports are missing."""
    forums = duty_forums(actor, Duty.SECRETARIAT)
    if not forums:
        return []
    rows = ReportingRound.objects.filter(
        forum_id__in=forums, state=ReportingRound.State.OPEN, closes_on__lte=today + AHEAD
    )
    return [
        Waiting(
            kind=_("受付終了が近い報告依頼"),
            title=each.name,
            url=reverse("projects:round", args=[each.public_id]),
            due_on=each.closes_on,
            place=each.forum.name,
            note=_("未提出 %(missing)s／%(asked)s件")
            % {"missing": each.missing_count, "asked": each.asked_count},
        )
        for each in overview(rows.select_related("forum")).filter(missing_count__gt=0)
    ]

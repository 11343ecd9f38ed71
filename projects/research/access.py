"""Who may see and change projects."""

from __future__ import annotations

from django.db.models import Q

from actors.access import ADMINISTRATOR, own_organization
from ecosystems.access import Duty, forum_duty, forum_member, public_rows
from foundation.access import NOBODY, Actor, Ground, declare
from projects.research.models import Participation, Project


def _participating(actor: Actor) -> Q:
    if not actor.organization_id:
        return NOBODY
    joined = Participation.objects.filter(organization_id=actor.organization_id).values("project_id")
    return Q(pk__in=joined)


PARTICIPANT = Ground("参加機関", _participating)
REVIEWERS = forum_duty("forum_id", Duty.SECRETARIAT, Duty.MUNICIPAL_REVIEWER, Duty.UNIVERSITY_REVIEWER)

declare(
    "projects.view_project",
    Project,
    "プロジェクトを見る",
    [
        public_rows(),
        forum_member("forum_id"),
        own_organization("lead_id"),
        PARTICIPANT,
        REVIEWERS,
        ADMINISTRATOR,
    ],
)
declare(
    "projects.change_project",
    Project,
    "プロジェクトを変更する",
    [own_organization("lead_id"), forum_duty("forum_id", Duty.SECRETARIAT), ADMINISTRATOR],
)

"""Places on the pages of forums that upper apps fill, and what forums put on the pages below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import combinations, groupby
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from actors import slots as below
from actors.models import Organization
from ecosystems.models import Membership
from foundation import slots
from foundation.access import Actor

VISIONS = "ecosystems.forum.visions"
SCORECARDS = "ecosystems.forum.scorecards"
ACTIONS = "ecosystems.forum.actions"
EFFECTS = "ecosystems.decision.effects"

slots.declare(VISIONS, "場のページと一覧の「ビジョン」: name, url, target_year, version, scorecard_url")
slots.declare(
    SCORECARDS, "場のページの「場のKPI一覧」（ビジョンにもプロジェクトにも属さないもの）: name, url"
)
slots.declare(ACTIONS, "場のページの見出しの入口: label, url")
slots.declare(EFFECTS, "決定事項の「この決定で変わったもの」: label, url")


def memberships_of(
    rows: Sequence[Organization], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, Any]]]:
    """The forums to which the organisations belong or belonged, current ones first."""
    found: dict[int, list[dict[str, Any]]] = {}
    memberships = (
        Membership.objects.visible_to(actor)
        .filter(organization__in=rows)
        .select_related("forum")
        .order_by("left_on", "joined_on", "id")
    )
    for membership in memberships:
        found.setdefault(membership.organization_id, []).append(
            {
                "name": membership.forum.name,
                "url": reverse("ecosystems:forum_detail", args=[membership.forum.public_id]),
                "role": membership.role_note or membership.get_role_display(),
                "sector": membership.get_sector_display(),
                "since": membership.joined_on,
                "until": membership.left_on,
            }
        )
    for items in found.values():
        items.sort(key=lambda item: item["until"] is not None)
    return found


def ties_of(
    rows: Sequence[Organization], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, Any]]]:
    """Which of the organisations sit in the same forum, or sat there at the same time; in one query."""
    today = timezone.localdate()
    memberships = (
        Membership.objects.visible_to(actor)
        .filter(organization__in=rows, joined_on__lte=today)
        .select_related("forum")
        .order_by("forum_id", "organization_id", "id")
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for _forum, of_forum in groupby(memberships, key=lambda each: each.forum_id):
        for one, other in combinations(of_forum, 2):
            since = max(one.joined_on, other.joined_on)
            until = min((each.left_on for each in (one, other) if each.left_on), default=None)
            if one.organization_id == other.organization_id or (until and until < since):
                continue
            found.setdefault(one.organization_id, []).append(
                {
                    "other": other.organization_id,
                    "kind": _("地域共創の場"),
                    "name": one.forum.name,
                    "url": reverse("ecosystems:forum_detail", args=[one.forum.public_id]),
                    "since": since,
                    "until": until,
                    "is_past": until is not None and until < today,
                    "is_work": False,
                }
            )
    return found


slots.fill(below.MEMBERSHIPS, memberships_of)
slots.fill(below.TIES, ties_of)

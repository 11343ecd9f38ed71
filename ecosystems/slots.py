"""Places on the pages of forums that upper apps fill, and what forums put on the pages below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from actors import slots as below
from actors.models import Organization
from ecosystems.models import Membership
from foundation import slots
from foundation.access import Actor

VISIONS = "ecosystems.forum.visions"
SCORECARDS = "ecosystems.forum.scorecards"
EFFECTS = "ecosystems.decision.effects"

slots.declare(VISIONS, "場のページと一覧の「ビジョン」: name, url, target_year, version, scorecard_url")
slots.declare(
    SCORECARDS, "場のページの「場のKPI一覧」（ビジョンにもプロジェクトにも属さないもの）: name, url"
)
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


slots.fill(below.MEMBERSHIPS, memberships_of)

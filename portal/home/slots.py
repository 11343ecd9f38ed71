"""What only the roof can put on a forum's page: the scorecards that hang on neither a vision nor a project."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from ecosystems.models import Forum
from ecosystems.slots import SCORECARDS
from foundation import slots
from foundation.access import Actor
from kpis.models import Scorecard


def scorecards_of(
    rows: Sequence[Forum], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, Any]]]:
    """The own scorecards of all forums of the page, in one query."""
    found: dict[int, list[dict[str, Any]]] = {}
    cards = Scorecard.objects.visible_to(actor).filter(forum__in=rows, vision=None, project=None)
    for card in cards.order_by("forum_id", "id"):
        url = reverse("kpis:scorecard", args=[card.public_id])
        found.setdefault(card.forum_id, []).append({"name": card.name, "url": url})
    return found


slots.fill(SCORECARDS, scorecards_of)

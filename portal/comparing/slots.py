"""The way from a forum's page to comparing it with another one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from ecosystems.models import Forum
from ecosystems.slots import ACTIONS
from foundation import slots
from foundation.access import Actor


def compare_actions(
    rows: Sequence[Forum], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, Any]]]:
    page = reverse("comparing:forums")
    return {
        forum.pk: [{"url": f"{page}?a={forum.public_id}", "label": _("他の場と比べる")}] for forum in rows
    }


slots.fill(ACTIONS, compare_actions)

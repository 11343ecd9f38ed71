"""The place on a vision's page that projects fill, and what visions put on the pages of forums and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from ecosystems import slots as below
from ecosystems.models import Decision, Forum
from foundation import slots
from foundation.access import Actor
from visions.models import Vision, VisionVersion
from visions.selectors import with_scorecard

PROJECTS = "visions.theme.projects"
FOR_RESIDENTS = "visions.theme.for_residents"

slots.declare(
    PROJECTS, "ビジョンのページの「テーマに位置付けたプロジェクト」: name, url, lead, kind, state, tone"
)
slots.declare(
    FOR_RESIDENTS,
    "住民向けのビジョンのページの「取り組んでいること」: key, name, url, summary, state, is_stopped, "
    "use_text, use_phone, use_hours",
)


def visions_of(
    rows: Sequence[Forum], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, Any]]]:
    """The visions of all forums of the page, in one query."""
    found: dict[int, list[dict[str, Any]]] = {}
    visions = with_scorecard(Vision.objects.visible_to(actor).filter(forum__in=rows), actor)
    for vision in visions.order_by("forum_id", "code", "id"):
        found.setdefault(vision.forum_id, []).append(
            {
                "name": vision.name,
                "url": reverse("visions:vision_detail", args=[vision.public_id]),
                "target_year": vision.target_year,
                "scorecard_url": scorecard_url(vision),
            }
        )
    return found


def scorecard_url(vision: Any) -> str:
    """Where the KPIs of a vision stand; "" for who may not open them."""
    return reverse("kpis:scorecard", args=[vision.scorecard.public_id]) if vision.opens_scorecard else ""


def versions_decided(
    rows: Sequence[Decision], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, str]]]:
    """The versions of visions that a decision brought about."""
    found: dict[int, list[dict[str, str]]] = {}
    versions = VisionVersion.objects.visible_to(actor).filter(decision__in=rows).select_related("vision")
    for version in versions.order_by("id"):
        label = _("%(vision)s 第%(number)s版") % {"vision": version.vision.name, "number": version.number}
        url = reverse("visions:vision_detail", args=[version.vision.public_id])
        found.setdefault(version.decision_id or 0, []).append({"label": label, "url": url})
    return found


slots.fill(below.VISIONS, visions_of)
slots.fill(below.EFFECTS, versions_decided)

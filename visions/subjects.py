"""Visions and themes as things that residents ask about."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ecosystems.subjects import Kind, key_of, register
from foundation.access import Actor
from visions.models import Theme, Vision

VISION, THEME = "visions.vision", "visions.theme"


def _visions(actor: Actor) -> QuerySet[Any]:
    return Vision.objects.visible_to(actor).filter(forum__is_public_record=False)


def _vision(vision: Vision) -> tuple[str, str, int, int | None]:
    url = reverse("visions:vision_detail", args=[vision.public_id])
    return vision.name, url, vision.forum_id, vision.post_id


def _themes(actor: Actor) -> QuerySet[Any]:
    rows = Theme.objects.visible_to(actor).filter(vision__forum__is_public_record=False)
    return rows.select_related("vision")


def _theme(theme: Theme) -> tuple[str, str, int, int | None]:
    url = reverse("visions:vision_detail", args=[theme.vision.public_id])
    return theme.name, f"{url}#{theme.public_id}", theme.vision.forum_id, theme.post_id


def keys_of(vision: Vision, themes: list[Theme]) -> list[str]:
    """The vision and its themes, as questions point at them."""
    return [key_of(VISION, vision.public_id), *(key_of(THEME, theme.public_id) for theme in themes)]


register(Kind(VISION, _("地域ビジョン"), _visions, "forum_id", _vision))
register(Kind(THEME, _("テーマ"), _themes, "vision__forum_id", _theme))

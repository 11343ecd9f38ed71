"""`{% load report %}`: what the pages of reports look up."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def at_key(texts: Mapping[str, str] | None, key: str) -> str:
    """{{ typed|at_key:place.place }}: the text kept under a key, otherwise nothing."""
    return (texts or {}).get(key, "")

"""The page bases of everything that both visitors and signed-in people open."""

from __future__ import annotations

from typing import Any

from django.views.generic.base import ContextMixin

from foundation.pages import PublicPage

Crumb = dict[str, str]


class OpenPage(PublicPage, ContextMixin):
    """For everybody: dense in the working layout for signed-in people, large and plain for visitors.

    The template extends `layout`. `crumbs()` is the way down to the page, itself included.
    """

    def crumbs(self) -> list[Crumb]:
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        layout = "layouts/site.html" if self.actor.is_authenticated else "layouts/public.html"
        context = super().get_context_data(layout=layout, **kwargs)
        return {**context, "crumbs": self.crumbs()}


def crumb(label: object, url: str = "") -> Crumb:
    return {"label": str(label), "url": url}

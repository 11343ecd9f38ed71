"""The page bases of everything that both visitors and signed-in people open."""

from __future__ import annotations

from typing import Any

from django.views.generic.base import ContextMixin

from foundation.pages import PublicPage

Crumb = dict[str, str]


class OpenPage(PublicPage, ContextMixin):
    """For everybody: dense in the working layout for people who work here, large and plain for everybody else.

    Somebody who came by themselves has an account and no post; they keep the plain layout.

    The template extends `layout`. `crumbs()` is the way down to the page, itself included.
    """

    def crumbs(self) -> list[Crumb]:
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        works_here = self.actor.organization_id is not None or self.actor.is_administrator
        layout = "layouts/site.html" if works_here else "layouts/public.html"
        context = super().get_context_data(layout=layout, **kwargs)
        return {**context, "crumbs": self.crumbs()}


def crumb(label: object, url: str = "") -> Crumb:
    return {"label": str(label), "url": url}

"""Pages of visions: the list, and one with its words, its way back from the target year, its KPIs and its projects.

At a vision's address residents read its plain page, and who is signed in the dense one. `plain/` is the plain page for
everybody, so that staff see what residents see.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.pages import Crumb, OpenPage, crumb
from ecosystems.selectors import is_insider
from ecosystems.views.voices import ask_url
from foundation import slots
from foundation.pages import ListPage, ObjectPage, PublicPage
from visions import slots as places
from visions.filters import VisionFilter
from visions.models import Vision, VisionVersion
from visions.plain import plain_page
from visions.selectors import (
    answers_by_organization,
    backcast,
    themes_of,
    versions_of,
    visions_for_list,
    with_scorecard,
)


class VisionListPage(OpenPage, ListPage):
    model = Vision
    filterset_class = VisionFilter
    template_name = "visions/vision_list.html"
    section = "visions"
    title = gettext_lazy("地域ビジョン")

    def scoped(self) -> QuerySet[Any]:
        return visions_for_list(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        for vision in context["page_obj"]:
            vision.version = vision.current[0] if vision.current else None
            vision.scorecard_url = places.scorecard_url(vision)
        return context


class AnyVisionPage(ObjectPage):
    """One vision among those the reader may see, with whether its list of KPIs opens for them."""

    model = Vision
    section = "visions"

    def scoped(self) -> QuerySet[Any]:
        return with_scorecard(super().scoped().select_related("forum", "post__organization"), self.actor)


class PlainVisionPage(PublicPage, AnyVisionPage):
    """What residents read of a vision: large, plain, without a script, and good on paper."""

    template_name = "visions/vision_plain.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**plain_context(self.object, self.actor), **kwargs)


def plain_context(vision: Vision, actor: Any) -> dict[str, Any]:
    page = plain_page(vision, actor, timezone.localdate())
    return {"plain": page, "ask_url": ask_url(page.key)}


class VisionPage(OpenPage, AnyVisionPage):
    """One vision: the plain page for visitors, the dense one for who is signed in.

    What each organisation answered is for members of its forum.
    """

    def get_template_names(self) -> list[str]:
        return ["visions/vision_detail.html" if self.is_dense else PlainVisionPage.template_name]

    @cached_property
    def is_dense(self) -> bool:
        return self.actor.is_authenticated

    def crumbs(self) -> list[Crumb]:
        return [crumb(_("地域ビジョン"), reverse("visions:vision_list")), crumb(self.object.name)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        more = self._dense() if self.is_dense else plain_context(self.object, self.actor)
        return super().get_context_data(**more, **kwargs)

    def _dense(self) -> dict[str, Any]:
        vision: Vision = self.object
        inside = is_insider(self.actor, vision.forum)
        versions = versions_of(vision, self.actor, with_answers=inside)
        themes = themes_of(vision, self.actor)
        projects = slots.collect(places.PROJECTS, themes, self.actor)
        return {
            "versions": versions,
            "version": current_of(versions),
            "answers": answers_by_organization(versions) if inside else [],
            "themes": [(theme, projects.get(theme.pk, [])) for theme in themes],
            "backcast": backcast(themes),
            "scorecard_url": places.scorecard_url(vision),
            "inside": inside,
        }


def current_of(versions: list[VisionVersion]) -> VisionVersion | None:
    """The version in force; before any is, the newest draft."""
    return next((each for each in versions if each.is_current), versions[0] if versions else None)

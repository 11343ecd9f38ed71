"""Pages of visions: the list, and one with its words, its way back from the target year, its KPIs and its projects."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.pages import Crumb, OpenPage, crumb
from ecosystems.selectors import is_insider
from foundation import slots
from foundation.pages import ListPage, ObjectPage
from visions import slots as places
from visions.filters import VisionFilter
from visions.models import Vision, VisionVersion
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


class VisionPage(OpenPage, ObjectPage):
    """One vision. What each organisation answered is for members of its forum."""

    model = Vision
    template_name = "visions/vision_detail.html"
    section = "visions"

    def scoped(self) -> QuerySet[Any]:
        return with_scorecard(super().scoped().select_related("forum", "post__organization"), self.actor)

    def crumbs(self) -> list[Crumb]:
        return [crumb(_("地域ビジョン"), reverse("visions:vision_list")), crumb(self.object.name)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        vision: Vision = self.object
        inside = is_insider(self.actor, vision.forum)
        versions = versions_of(vision, self.actor, with_answers=inside)
        themes = themes_of(vision, self.actor)
        projects = slots.collect(places.PROJECTS, themes, self.actor)
        return super().get_context_data(
            versions=versions,
            version=current_of(versions),
            answers=answers_by_organization(versions) if inside else [],
            themes=[(theme, projects.get(theme.pk, [])) for theme in themes],
            backcast=backcast(themes),
            scorecard_url=places.scorecard_url(vision),
            inside=inside,
            **kwargs,
        )


def current_of(versions: list[VisionVersion]) -> VisionVersion | None:
    """The version in force; before any is, the newest draft."""
    return next((each for each in versions if each.is_current), versions[0] if versions else None)

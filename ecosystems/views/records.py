"""Public record to learn from: cases, and roadmaps in the shape in which they were published."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from actors.pages import Crumb, OpenPage, crumb
from ecosystems.filters import CaseFilter
from ecosystems.models import Case
from ecosystems.selectors import cases_for_list, forums_with_roadmap, roadmap_sections
from ecosystems.views.forums import ForumPart
from foundation.pages import ListPage, ObjectPage, SectionMixin


class CaseListPage(OpenPage, ListPage):
    """公開記録: cases, and the way to the roadmaps."""

    model = Case
    filterset_class = CaseFilter
    template_name = "ecosystems/case_list.html"
    section = "cases"
    title = gettext_lazy("公開記録（事例・工程表）")

    def scoped(self) -> QuerySet[Any]:
        return cases_for_list(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(roadmaps=forums_with_roadmap(self.actor), **kwargs)


def records_crumb() -> Crumb:
    return crumb(_("公開記録（事例・工程表）"), reverse("ecosystems:case_list"))


class CasePage(OpenPage, ObjectPage):
    """One case: 特徴／成果／課題／要因／やり直すなら, with its source."""

    model = Case
    template_name = "ecosystems/case_detail.html"
    section = "cases"

    def scoped(self) -> QuerySet[Any]:
        return cases_for_list(self.actor).prefetch_related("organizations")

    def crumbs(self) -> list[Crumb]:
        return [records_crumb(), crumb(self.object.title)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(chapters=chapters(self.object), **kwargs)


def chapters(case: Case) -> list[tuple[str, str]]:
    """The headings of a case with their words; what nobody wrote is left out, 特徴 never."""
    found = [
        (_("特徴"), case.features),
        (_("成果"), case.results),
        (_("課題"), case.problems),
        (_("要因"), case.factors),
        (_("やり直すなら"), case.next_time),
    ]
    return [(label, text) for label, text in found if text]


class RoadmapPage(OpenPage, ForumPart, SectionMixin, TemplateView):
    """工程表 in its own columns; prints on A4 landscape. A forum without one has no such page."""

    template_name = "ecosystems/roadmap.html"
    section = "cases"
    title = gettext_lazy("工程表")

    def crumbs(self) -> list[Crumb]:
        return [records_crumb(), crumb(_("%(forum)s 工程表") % {"forum": self.forum.name})]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sections = roadmap_sections(self.forum, self.actor)
        if not sections:
            raise Http404
        sources = {item.source for section in sections for item in section.items if item.source}
        return super().get_context_data(
            sections=sections, sources=sorted(sources, key=lambda source: source.code), **kwargs
        )

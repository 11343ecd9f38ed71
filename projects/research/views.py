"""Pages of projects: the list, and one with who does it, for which theme, judged by which KPIs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.pages import Crumb, OpenPage, crumb
from foundation.pages import ListPage, ObjectPage
from projects.research.filters import ProjectFilter
from projects.research.models import Project
from projects.research.selectors import indicators_of, projects_for_detail, projects_for_list, tone_of


class ProjectListPage(OpenPage, ListPage):
    model = Project
    filterset_class = ProjectFilter
    template_name = "projects/project_list.html"
    section = "projects"
    title = gettext_lazy("産学官プロジェクト")

    def scoped(self) -> QuerySet[Any]:
        return projects_for_list(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        for project in context["page_obj"]:
            project.tone = tone_of(project)
        return context


class ProjectPage(OpenPage, ObjectPage):
    model = Project
    template_name = "projects/project_detail.html"
    section = "projects"

    def scoped(self) -> QuerySet[Any]:
        return projects_for_detail(self.actor)

    def crumbs(self) -> list[Crumb]:
        return [crumb(_("産学官プロジェクト"), reverse("projects:project_list")), crumb(self.object.name)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        project = self.object
        opens = project.scorecard is not None and project.opens_scorecard
        return super().get_context_data(
            tone=tone_of(project),
            indicators=indicators_of(project, self.actor),
            scorecard_url=reverse("kpis:scorecard", args=[project.scorecard.public_id]) if opens else "",
            **kwargs,
        )

"""Pages of projects: the list, and one with who does it, with what money, judged by which KPIs, how corrected."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.pages import Crumb, OpenPage, crumb
from ecosystems.access import member_forums
from ecosystems.models import Membership
from ecosystems.subjects import key_of
from ecosystems.views.voices import ask_url
from foundation import slots
from foundation.pages import ListPage, ObjectPage
from projects.research.filters import ProjectPageFilter
from projects.research.models import Project
from projects.research.places import SECTIONS
from projects.research.residents import PROJECT
from projects.research.selectors import (
    corrections_shown,
    indicator_rows,
    money_shown,
    partners_shown,
    projects_for_detail,
    projects_for_list,
    team_shown,
    tone_of,
)


class ProjectListPage(OpenPage, ListPage):
    model = Project
    filterset_class = ProjectPageFilter
    template_name = "projects/project_list.html"
    section = "projects"
    title = gettext_lazy("産学官プロジェクト")

    def scoped(self) -> QuerySet[Any]:
        return projects_for_list(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        for project in context["page_obj"]:
            project.tone = tone_of(project)
        return {**context, "actions": self._actions()}

    def _actions(self) -> list[dict[str, Any]]:
        if not member_forums(self.actor, Membership.Role.OWNER, Membership.Role.MEMBER):
            return []
        url = reverse("projects:project_register")
        return [{"label": _("プロジェクトを登録する"), "url": url, "kind": "primary"}]


class ProjectPage(OpenPage, ObjectPage):
    model = Project
    template_name = "projects/project_detail.html"
    section = "projects"

    def scoped(self) -> QuerySet[Any]:
        rows: Any = projects_for_detail(self.actor)
        return rows.with_can(self.actor, "change")

    def crumbs(self) -> list[Crumb]:
        return [crumb(_("産学官プロジェクト"), reverse("projects:project_list")), crumb(self.object.name)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        project = self.object
        opens = project.scorecard is not None and project.opens_scorecard
        money, total = money_shown(project)
        return super().get_context_data(
            tone=tone_of(project),
            partners=partners_shown(project),
            money=money,
            total=total,
            team=team_shown(project),
            rows=indicator_rows(project, self.actor),
            corrections=corrections_shown(project, self.actor),
            sections=slots.collect(SECTIONS, [project], self.actor).get(project.pk, []),
            scorecard_url=reverse("kpis:scorecard", args=[project.scorecard.public_id]) if opens else "",
            ask_url=ask_url(key_of(PROJECT, project.public_id)),
            **kwargs,
        )

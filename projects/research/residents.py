"""What residents get to see of projects: on the plain page of a vision, and as things to ask about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ecosystems.subjects import Kind, key_of, register
from foundation import slots
from foundation.access import Actor
from projects.research.models import Project
from visions import slots as visions
from visions.models import Theme

PROJECT = "projects.project"


def for_residents(
    rows: Sequence[Theme], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, Any]]]:
    """The projects under all themes of the page, with how one uses what they offer; in one query over their links."""
    found: dict[int, list[dict[str, Any]]] = {}
    projects = Project.objects.visible_to(actor).filter(themes__in=rows)
    for project in projects.annotate(theme_id=F("themes")).order_by("code", "id"):
        found.setdefault(project.theme_id, []).append(
            {
                "key": key_of(PROJECT, project.public_id),
                "name": project.name,
                "url": _url(project),
                "summary": project.summary,
                "state": project.get_state_display(),
                "is_stopped": project.state == Project.State.STOPPED,
                "use_text": project.use_text,
                "use_phone": project.use_phone,
                "use_hours": project.use_hours,
            }
        )
    return found


def _url(project: Project) -> str:
    return reverse("projects:project_detail", args=[project.public_id])


def _projects(actor: Actor) -> QuerySet[Any]:
    rows: QuerySet[Any] = Project.objects.visible_to(actor)
    return rows


def _project(project: Project) -> tuple[str, str, int, int | None]:
    return project.name, _url(project), project.forum_id, project.post_id


slots.fill(visions.FOR_RESIDENTS, for_residents)
register(Kind(PROJECT, _("プロジェクト"), _projects, "forum_id", _project))

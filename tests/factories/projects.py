"""Projects, with who takes part in them."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from actors.models import Organization
from ecosystems.models import Forum
from projects.models import Participation, Project
from tests.factories.actors import make_organization
from visions.models import Theme

_numbers = count(1)


def make_project(
    forum: Forum,
    *,
    themes: list[Theme] | None = None,
    partners: list[Organization] | None = None,
    **fields: Any,
) -> Project:
    fields.setdefault("name", f"試験のプロジェクト{next(_numbers)}（架空）")
    fields.setdefault("kind", Project.Kind.JOINT_RESEARCH)
    fields.setdefault("state", Project.State.RUNNING)
    fields.setdefault("starts_on", date(2024, 10, 1))
    fields.setdefault("visibility", "public")
    if "lead" not in fields:
        fields["lead"] = make_organization()
    project = Project.objects.create(forum=forum, **fields)
    project.themes.set(themes or [])
    for organization in partners or []:
        Participation.objects.create(project=project, organization=organization)
    return project

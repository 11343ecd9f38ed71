"""What projects put on the pages below: under the themes of a vision, and on the pages of organisations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from actors import slots as organizations
from actors.models import Organization
from foundation import slots
from foundation.access import Actor
from projects.research.models import Participation, Project
from projects.research.selectors import tone_of
from visions import slots as visions
from visions.models import Theme


def _item(project: Project) -> dict[str, Any]:
    return {
        "name": project.name,
        "url": reverse("projects:project_detail", args=[project.public_id]),
        "kind": project.get_kind_display(),
        "state": project.get_state_display(),
        "tone": tone_of(project),
    }


def projects_of_themes(
    rows: Sequence[Theme], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, Any]]]:
    """The projects under all themes of the page, in one query over their links."""
    found: dict[int, list[dict[str, Any]]] = {}
    projects = Project.objects.visible_to(actor).filter(themes__in=rows).select_related("lead")
    for project in projects.annotate(theme_id=F("themes")).order_by("code", "id"):
        found.setdefault(project.theme_id, []).append({**_item(project), "lead": project.lead.display_name})
    return found


def projects_of_organizations(
    rows: Sequence[Organization], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, Any]]]:
    """The projects that the organisations lead or take part in, in one query."""
    wanted = {organization.pk for organization in rows}
    found: dict[int, list[dict[str, Any]]] = {}
    projects = Project.objects.visible_to(actor).filter(
        Q(lead__in=wanted)
        | Q(pk__in=Participation.objects.filter(organization__in=wanted).values("project_id"))
    )
    for project in projects.order_by("code", "id").prefetch_related("participations"):
        roles = {part.organization_id: part.get_role_display() for part in project.participations.all()}
        for pk in wanted & {project.lead_id, *roles}:
            role = _("代表") if pk == project.lead_id else roles[pk]
            found.setdefault(pk, []).append({**_item(project), "role": role})
    return found


slots.fill(visions.PROJECTS, projects_of_themes)
slots.fill(organizations.PROJECTS, projects_of_organizations)

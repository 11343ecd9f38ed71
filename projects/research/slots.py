"""What projects put on the pages below: under themes, on organisations and charts, under decisions, between members."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import combinations
from typing import Any

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from actors import slots as organizations
from actors.models import Organization
from ecosystems import slots as forums
from ecosystems.models import Decision
from foundation import slots
from foundation.access import Actor, condition
from kpis import selectors as kpi_pages  # noqa: F401 (declares the slots of the KPI pages)
from projects.research.models import Correction, Participation, Project
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
    """The projects that the organisations lead, or take part in where that may be read."""
    wanted = {organization.pk for organization in rows}
    found: dict[int, list[dict[str, Any]]] = {}
    for project in _joined_by(wanted, actor).order_by("code", "id"):
        roles = _roles(project)
        for pk in wanted & {project.lead_id, *roles}:
            role = _("代表") if pk == project.lead_id else roles[pk]
            found.setdefault(pk, []).append({**_item(project), "role": role})
    return found


# --- corrections ------------------------------------------------------------------------------------------------------


def marks_of_indicators(
    rows: Sequence[Any], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, Any]]]:
    """The corrections that touch the indicators, each on the day on which it was decided. One query."""
    found: dict[int, list[dict[str, Any]]] = {}
    touched = Correction.objects.visible_to(actor).filter(indicators__in=[row.pk for row in rows])
    annotated = touched.annotate(indicator_id=F("indicators")).select_related("project")
    for correction in annotated.order_by("decided_on", "code"):
        found.setdefault(correction.indicator_id, []).append(
            {
                "on": correction.decided_on,
                "code": correction.code,
                "label": _("軌道修正"),
                "text": _told(correction),
                "url": _place(correction),
            }
        )
    return found


def _told(correction: Correction) -> str:
    """「中止：海藻由来フィルム…」, or what changes where it is about no project."""
    about = correction.project.name if correction.project else correction.change
    return f"{correction.get_kind_display()}：{about}"


def _place(correction: Correction) -> str:
    if correction.project is None:
        return ""
    return f"{reverse('projects:project_detail', args=[correction.project.public_id])}#{correction.public_id}"


def corrections_decided(
    rows: Sequence[Decision], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, str]]]:
    """The corrections that a decision brought about."""
    found: dict[int, list[dict[str, str]]] = {}
    corrections = Correction.objects.visible_to(actor).filter(decision__in=rows).select_related("project")
    for correction in corrections.order_by("code"):
        label = _("軌道修正 %(code)s（%(told)s）") % {"code": correction.code, "told": _told(correction)}
        found.setdefault(correction.decision_id, []).append({"label": label, "url": _place(correction)})
    return found


slots.fill("kpis.series.marks", marks_of_indicators)
slots.fill(forums.EFFECTS, corrections_decided)


# --- ties between the members of a community -------------------------------------------------------------------------


def ties_of(
    rows: Sequence[Organization], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, Any]]]:
    """Which of the organisations work, or worked, in the same project; two queries."""
    today = timezone.localdate()
    wanted = {organization.pk for organization in rows}
    found: dict[int, list[dict[str, Any]]] = {}
    for project in _joined_by(wanted, actor).filter(starts_on__lte=today).order_by("starts_on", "id"):
        for one, other in combinations(sorted(wanted & {project.lead_id, *_roles(project)}), 2):
            found.setdefault(one, []).append({"other": other, **_tie(project, today)})
    return found


def _joined_by(organizations: set[int], actor: Actor) -> QuerySet[Project]:
    """Projects that one of them leads, or takes part in where that may be read; with `can_view_partners`."""
    joined = Participation.objects.filter(organization__in=organizations).values("project_id")
    named = Q(pk__in=joined) & condition(actor, "projects.view_partners_project")
    rows: QuerySet[Project] = Project.objects.visible_to(actor).with_can(actor, "view_partners")
    return rows.filter(Q(lead__in=organizations) | named).prefetch_related("participations")


def _roles(project: Any) -> dict[int, str]:
    """{organisation: its role} of those who take part, as far as the reader may know."""
    parts = project.participations.all() if project.can_view_partners else ()
    return {
        part.organization_id: part.get_role_display() for part in parts if part.organization_id is not None
    }


def _tie(project: Project, today: date) -> dict[str, Any]:
    """A project that was stopped or has finished ties nobody any longer, whatever its plan said."""
    has_ended = project.state in (Project.State.FINISHED, Project.State.STOPPED)
    is_past = has_ended or (project.ends_on is not None and project.ends_on < today)
    return {
        "kind": project.get_kind_display(),
        "name": project.name,
        "url": reverse("projects:project_detail", args=[project.public_id]),
        "since": project.starts_on,
        "until": project.ends_on if is_past else None,
        "is_past": is_past,
        "is_work": True,
    }


slots.fill(visions.PROJECTS, projects_of_themes)
slots.fill(organizations.TIES, ties_of)
slots.fill(organizations.PROJECTS, projects_of_organizations)

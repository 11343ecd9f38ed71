"""What reporting puts on the page of a project: its reports, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from foundation import slots
from foundation.access import Actor
from projects.reporting.selectors.report import STATE_TONES, reports_for_list
from projects.reporting.views.base import due_of
from projects.research.models import Project
from projects.research.places import SECTIONS

MOST = 8


def reports_of_projects(
    rows: Sequence[Project], actor: Actor, as_of: datetime | None
) -> dict[int, list[dict[str, Any]]]:
    """{project: its section}: the reports that the actor may see; one query. Nothing where there is none."""
    if not actor.is_authenticated:
        return {}
    found: dict[int, list[dict[str, Any]]] = {}
    today = timezone.localdate()
    for report in reports_for_list(actor).filter(project__in=rows):
        line = {"report": report, "tone": STATE_TONES[report.state], "due": due_of(report, today)}
        found.setdefault(report.project_id, []).append(line)
    return {
        pk: [{"template": "projects/_report_section.html", "lines": lines[:MOST]}]
        for pk, lines in found.items()
    }


slots.fill(SECTIONS, reports_of_projects)

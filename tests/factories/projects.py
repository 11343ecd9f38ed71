"""Projects, with who takes part in them."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from actors.models import Organization
from ecosystems.models import Forum
from projects.models import Correction, FundingAmount, FundingSource, Participation, Project
from projects.research.services.corrections import record_correction
from tests.factories.actors import make_organization
from tests.factories.ecosystems import decide
from tests.factories.kpis import SYSTEM
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


def fund(
    project: Project, amounts: dict[int, int], *, nature: str = "actual", **fields: Any
) -> FundingSource:
    """A source with its amounts in yen by fiscal year."""
    fields.setdefault("name", f"財源{next(_numbers)}")
    fields.setdefault("kind", FundingSource.Kind.COMPANY)
    source = FundingSource.objects.create(project=project, **fields)
    for year, amount in amounts.items():
        FundingAmount.objects.create(source=source, fiscal_year=year, nature=nature, amount=amount)
    return source


def correct(forum: Forum, project: Project | None = None, **fields: Any) -> Correction:
    """A correction that rests on a decision of its own."""
    number = next(_numbers)
    fields.setdefault("kind", Correction.Kind.REVISED)
    fields.setdefault("trigger", "試験のきっかけ")
    fields.setdefault("change", f"変えること{number}")
    fields.setdefault("effective_on", date(2026, 10, 1))
    fields.setdefault("decision", decide(forum, f"D-{number}"))
    return record_correction(actor=SYSTEM, forum=forum, project=project, **fields)

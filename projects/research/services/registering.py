"""Registering a project in one step, and changing what its first section says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecosystems.models import Forum
from foundation import audit, locks
from foundation.access import Actor, require
from foundation.errors import DomainError, MultipleErrors, StateError
from kpis.models import Scorecard
from projects.research.models import Participation, Project
from projects.research.services.partners import Found, find_partner, follow
from projects.research.services.sections import (
    OVERVIEW,
    lock,
    overview_lines,
    refuse_lost_edit,
    stored_overview,
    touch,
)
from visions.models import Theme

Kind, Contract, State = Project.Kind, Project.ContractKind, Project.State
CONTRACT_OF = {
    Kind.JOINT_RESEARCH: Contract.JOINT_RESEARCH,
    Kind.COMMISSIONED: Contract.COMMISSIONED,
    Kind.ACADEMIC_ADVICE: Contract.ACADEMIC_ADVICE,
    Kind.RESEARCH_COURSE: Contract.RESEARCH_COURSE,
}
_NUMBERED = re.compile(r"P(\d{1,6})")


class Duplicate(StateError):
    """One like it exists; `projects` are those, and `details["projects"]` names them to a machine."""

    def __init__(self, projects: Sequence[Project]) -> None:
        self.projects = list(projects)
        super().__init__(
            "duplicate",
            _(
                "同じものかもしれないプロジェクトがあります。別のものなら、そのことを確かめて登録してください。"
            ),
            details={"projects": [str(project.public_id) for project in self.projects]},
        )


@dataclass(frozen=True)
class Registration:
    """The seven things that are asked first. `partner_name` or `corporate_number` may be blank, or both."""

    name: str
    kind: str
    starts_on: date
    ends_on: date | None = None
    contract_number: str = ""
    department: str = ""
    partner_name: str = ""
    corporate_number: str = ""
    partner_department: str = ""
    themes: Sequence[Theme] = field(default_factory=list)


def duplicates(actor: Actor, forum: Forum, lead_id: int | None, name: str, contract_number: str) -> Any:
    """Projects that may be the same one: the lead's with this 契約番号, and those of the forum with this name."""
    same = Q(forum=forum, name=name.strip())
    if contract_number.strip():
        same |= Q(lead_id=lead_id, contract_number=contract_number.strip())
    return Project.objects.visible_to(actor).filter(same).order_by("id")


def register_project(*, actor: Actor, forum: Forum, given: Registration, confirmed: bool = False) -> Project:
    """A project led by the actor's organisation, kept by the actor's post, with a scorecard of its own.

    Refused where one like it exists (`Duplicate`), unless `confirmed`.
    """
    require(actor, "projects.register_project_forum", forum)
    partner = _checked(actor, forum, given)
    with transaction.atomic():
        locks.exclusive(f"projects.register:{forum.pk}")
        if not confirmed:
            _refuse_duplicates(actor, forum, given)
        project = _create(actor, forum, given)
        project.themes.set(given.themes)
        if partner:
            Participation.objects.create(
                project=project,
                organization=partner.organization,
                given_name=partner.given_name,
                corporate_number=partner.corporate_number,
                department=given.partner_department.strip(),
                position=1,
            )
        follow(project)
        audit.record(
            actor, "projects.register_project_forum", project, after=dict(stored_overview(project, actor))
        )
        return project


def _checked(actor: Actor, forum: Forum, given: Registration) -> Found | None:
    """Everything that can be wrong with the input, told at once; who the partner is."""
    errors: list[DomainError] = []
    partner = None
    if given.partner_name.strip() or given.corporate_number.strip():
        try:
            partner = find_partner(given.partner_name, given.corporate_number)
        except DomainError as error:
            errors.append(error)
    if partner and partner.organization and partner.organization.pk == actor.organization_id:
        message = _("相手方に、代表機関と同じ機関は選べません。")
        errors.append(DomainError("lead_again", message, field="partner_name"))
    if given.ends_on and given.ends_on < given.starts_on:
        message = _("終了日は開始日以後の日にしてください。")
        errors.append(DomainError("period", message, field="ends_on"))
    if any(theme.vision.forum_id != forum.pk for theme in given.themes):
        message = _("選んだ場のビジョンのテーマを選んでください。")
        errors.append(DomainError("theme_of_other_forum", message, field="themes"))
    if errors:
        raise MultipleErrors("invalid", _("入力内容を確かめてください。"), errors)
    return partner


def _refuse_duplicates(actor: Actor, forum: Forum, given: Registration) -> None:
    found = duplicates(actor, forum, actor.organization_id, given.name, given.contract_number)[:5]
    if found:
        raise Duplicate(found)


def _create(actor: Actor, forum: Forum, given: Registration) -> Project:
    post = _post_of(actor)
    visibility = Project.Visibility.MEMBERS
    card = Scorecard.objects.create(forum=forum, name=given.name.strip(), visibility=visibility, post_id=post)
    project = Project(
        forum=forum,
        code=_next_code(forum),
        name=given.name.strip(),
        kind=given.kind,
        state=_state_of(given),
        contract_number=given.contract_number.strip(),
        contract_title=given.name.strip() if given.kind in CONTRACT_OF else "",
        contract_kind=CONTRACT_OF.get(Kind(given.kind), ""),
        lead_id=actor.organization_id,  # type: ignore[misc]  # a member acts for one
        department=given.department.strip(),
        scorecard=card,
        starts_on=given.starts_on,
        planned_ends_on=given.ends_on,
        ends_on=given.ends_on,
        visibility=visibility,
        post_id=post,
    )
    _clean(project)
    project.save()
    return project


def _state_of(given: Registration) -> Project.State:
    """By its period: still to begin, over, or under way."""
    today = timezone.localdate()
    if given.starts_on > today:
        return State.PREPARING
    return State.FINISHED if given.ends_on and given.ends_on < today else State.RUNNING


def _post_of(actor: Actor) -> int | None:
    """The actor's post in the organisation acted for: one held as 主担当 before one held as 副担当."""
    held = [fact for fact in actor.of_kind("post") if fact.b == actor.organization_id]
    held.sort(key=lambda fact: (fact.c != "main", fact.a or 0))
    return held[0].a if held else None


def _next_code(forum: Forum) -> str:
    """P1, P2, …: one after the highest of the forum; the caller holds the forum's lock."""
    codes = Project.objects.filter(forum=forum, code__startswith="P").values_list("code", flat=True)
    taken = [int(found[1]) for code in codes if (found := _NUMBERED.fullmatch(code))]
    return f"P{max(taken, default=0) + 1}"


def _clean(project: Project) -> None:
    """The model's own rules, as refusals beside their fields."""
    try:
        project.full_clean(exclude=["scorecard", "lead", "forum", "post"])
    except ValidationError as error:
        errors = [
            DomainError("invalid", message, field=None if name == "__all__" else name)
            for name, messages in error.message_dict.items()
            for message in messages
        ]
        raise MultipleErrors("invalid", _("入力内容を確かめてください。"), errors) from error


def revise_project(
    *,
    actor: Actor,
    project: Project,
    values: dict[str, Any],
    themes: Sequence[Theme],
    seen: str = "",
) -> None:
    """Write 概要と契約. `values` holds the fields of `sections.OVERVIEW`; `seen` is the mark of what was opened.

    中止 is written by the correction that brings it, with its decision.
    """
    require(actor, "change", project)
    with transaction.atomic():
        project = lock(project)
        stored = stored_overview(project, actor)
        values = {name: values.get(name, getattr(project, name)) for name in OVERVIEW}
        mine = overview_lines(values, themes)
        refuse_lost_edit(project, seen, stored, mine)
        if values["state"] == State.STOPPED and project.state != State.STOPPED:
            message = _("中止は、決定事項とともに「軌道修正」に登録してください。")
            raise DomainError("needs_correction", message, field="state")
        if any(theme.vision.forum_id != project.forum_id for theme in themes):
            message = _("この場のビジョンのテーマを選んでください。")
            raise DomainError("theme_of_other_forum", message, field="themes")
        for name, value in values.items():
            setattr(project, name, value)
        _clean(project)
        project.save(update_fields=[*OVERVIEW, "updated_at"])
        project.themes.set([*themes, *_hidden_themes(actor, project)])
        follow(project)
        touch(project)
        audit.record(
            actor,
            "projects.revise_project",
            project,
            before={label: text for label, text in stored.items() if mine.get(label) != text},
            after={label: text for label, text in mine.items() if stored.get(label) != text},
        )


def _hidden_themes(actor: Actor, project: Project) -> list[Theme]:
    """Themes of the project that the actor may not see stay as they are."""
    seen = Theme.objects.visible_to(actor).values("pk")
    return list(project.themes.exclude(pk__in=seen))

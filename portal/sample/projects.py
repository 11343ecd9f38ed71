"""The projects with who takes part, their money, their teams, and how they were corrected."""

from __future__ import annotations

from actors.models import Post
from kpis.models import Scorecard
from portal.sample.tables import Row, day, period, split, table
from portal.sample.words import (
    AMOUNT_DISCLOSURE,
    CONTRACT_KIND,
    CORRECTION_KIND,
    DISCLOSURE,
    FUNDING_KIND,
    FUNDING_KIND_OF,
    FUNDING_NATURE,
    PROJECT_KIND,
    PROJECT_STAGE,
    PROJECT_STATE,
    TEAM_ROLE,
    TEAM_STATE,
)
from portal.sample.world import World
from projects.models import FundingAmount, FundingSource, Participation, Project, TeamRole
from projects.research.services.corrections import record_correction

THOUSAND = 1000
INDIRECT_RATE = 30


def load_projects(world: World) -> None:
    for row in table("projects"):
        world.projects[row["id"]] = _project(world, row)
    for row in table("project_team"):
        TeamRole.objects.create(
            project=world.projects[row["project"]],
            role=TEAM_ROLE[row["role"]],
            state=TEAM_STATE[row["state"]],
            who=row["filled_by"],
            note=row["note"].strip("（）"),
        )
    for row in table("project_funding"):
        _load_amount(world, row)
    for row in table("project_funding_steps"):
        source = FundingSource.objects.get(project=world.projects[row["project"]], name=row["source"])
        _amount(source, row, row["note"])


def _project(world: World, row: Row) -> Project:
    lead = world.organizations[row["lead_organization"]]
    partners = [world.organizations[pk] for pk in split(row["partner_organizations"])]
    post, deputy = _keepers(world, row["id"])
    card = Scorecard.objects.create(
        forum=world.forum,
        name=row["name"],
        visibility=Scorecard.Visibility.PUBLIC,
        post=post,
        deputy_post=deputy,
    )
    card.participants.set([lead, *partners])
    project = Project.objects.create(
        forum=world.forum,
        code=row["id"],
        name=row["name"],
        summary=row["summary"],
        kind=PROJECT_KIND[row["kind"]],
        state=PROJECT_STATE[row["state"]],
        stage=PROJECT_STAGE[row["stage"].strip("—")],
        contract_number=row["contract_no"],
        contract_kind=CONTRACT_KIND[row["kind"], row["contract_kind"]],
        lead=lead,
        department=post.section if post.organization_id == lead.pk else "",
        scorecard=card,
        starts_on=day(row["current_from"]),
        planned_ends_on=day(row["planned_to"]),
        ends_on=day(row["current_to"]),
        visibility=Project.Visibility.PUBLIC,
        discloses_partner=DISCLOSURE[row["disclose_partner"]],
        discloses_title=DISCLOSURE[row["disclose_title"]],
        discloses_amount=AMOUNT_DISCLOSURE[row["disclose_amount"]],
        post=post,
        deputy_post=deputy,
    )
    project.themes.set(world.themes[theme] for theme in split(row["themes"]))
    _load_participations(world, project, row)
    world.cards[row["id"]] = card
    return project


def _load_participations(world: World, project: Project, row: Row) -> None:
    """With the office of the post that is named for the project on that side, where one is."""
    columns = (
        ("partner_organizations", Participation.Role.PARTNER),
        ("cooperating_organizations", Participation.Role.SUPPORTER),
    )
    named = _named(row["id"])
    posts = {world.posts[post].organization_id: world.posts[post] for post in named.values()}
    members = [(pk, role) for column, role in columns for pk in split(row[column])]
    for place, (pk, role) in enumerate(members, 1):
        organization = world.organizations[pk]
        post = posts.get(organization.pk)
        Participation.objects.create(
            project=project,
            organization=organization,
            department=(post.section or post.name) if post else "",
            role=role,
            position=place,
        )


def _named(project: str) -> dict[str, str]:
    """{duty: post} of those who are named for the project."""
    return {row["duty"]: row["post"] for row in table("duties") if row["scope_id"] == project}


def _keepers(world: World, project: str) -> tuple[Post, Post | None]:
    """(主担当, 副担当) of a project: 研究代表者 and 担当者 where they are named, else its figures' keeper."""
    named = _named(project)
    keeper = next(row["keeper_post"] for row in table("child_indicators") if row["scorecard"] == project)
    posts = [named[duty] for duty in ("研究代表者", "担当者") if duty in named] or [keeper]
    return world.posts[posts[0]], world.posts[posts[1]] if len(posts) > 1 else None


# --- money ------------------------------------------------------------------------------------------------------------


def _load_amount(world: World, row: Row) -> None:
    source = _source(world, row)
    note = row["status"] if row["status"] == "予算要求中" else ""
    parts = {
        name: int(row[column]) * THOUSAND
        for name, column in (("direct", "direct_cost"), ("indirect", "indirect_cost"))
        if row[column]
    }
    _amount(source, row, note, **parts)


def _amount(source: FundingSource, row: Row, note: str, **parts: int) -> None:
    FundingAmount.objects.create(
        source=source,
        fiscal_year=period(row["fiscal_year"]).fiscal_year,
        nature=FUNDING_NATURE[row["status"]],
        amount=int(row["amount"]) * THOUSAND,
        note=note,
        **parts,
    )


def _source(world: World, row: Row) -> FundingSource:
    """The source of the row, made when it is met first."""
    project = world.projects[row["project"]]
    organization = world.organizations.get(row["organization"])
    kind = FUNDING_KIND.get(row["source_kind"])
    if kind is None:
        kind = FUNDING_KIND_OF.get(str(organization and organization.kind), FundingSource.Kind.OWN)
    source, _is_new = FundingSource.objects.get_or_create(
        project=project,
        name=row["source"],
        defaults={
            "kind": kind,
            "organization": organization,
            "indirect_rate": INDIRECT_RATE if kind == FundingSource.Kind.COMPANY else None,
            "note": row["source_note"],
            "position": project.funding_sources.count() + 1,
        },
    )
    return source


# --- corrections ------------------------------------------------------------------------------------------------------


def load_corrections(world: World) -> None:
    """軌道修正, once their KPIs are there. What stopped a project touched the KPI that it fed as well."""
    for row in table("corrections"):
        record_correction(
            actor=world.actor,
            forum=world.forum,
            project=world.projects.get(row["project"]),
            code=row["id"],
            kind=CORRECTION_KIND[row["kind"]],
            trigger=row["trigger"],
            change=row["change"],
            decision=world.decisions[row["decision"]],
            effective_on=day(row["effective_on"]),
            procedure=row["procedure"],
            course=row["afterwards"],
            indicators=[world.indicators[code] for code in _touched(row)],
        )


def _touched(row: Row) -> list[str]:
    own = [each["code"] for each in table("child_indicators") if each["scorecard"] == row["project"]]
    return [row["indicator"], *own]

"""The fictitious forum: members, duties, meetings with their agenda, decisions with every organisation's answer."""

from __future__ import annotations

import re
from typing import Any

from ecosystems.models import (
    AgendaItem,
    Case,
    Decision,
    DecisionStance,
    Forum,
    ForumDuty,
    Meeting,
    Membership,
)
from ecosystems.models.forum import Visibility
from kpis.models import GradeScheme
from kpis.schemes import PRESETS
from portal.sample.tables import Row, day, day_or_none, document, moment, split, table
from portal.sample.words import (
    AGENDA_KIND,
    DECISION_STATE,
    DUTY,
    MEETING_METHOD,
    MEETING_STATE,
    ROLE,
    SECTOR,
    STANCE,
)
from portal.sample.world import DECIDED_AT, World

GRADE_PRESET = {"三段階": "three_step"}


def load_forum(world: World) -> None:
    data = document("forum")
    world.forum = Forum.objects.create(
        code=data["id"],
        name=data["name"],
        is_fictitious=True,
        core_body=world.organizations[data["core_organization"]],
        summary=_summary(data),
        strengths="\n".join(data["strengths"]),
        issues="\n".join(f"{issue['text']}（{issue['field']}）" for issue in data["issues"]),
        founded_on=day(data["established_on"]),
        visibility=Visibility.PUBLIC,
        chair_post=world.posts[data["chair_post"]],
        allows_same_organization_approval=data["self_approval"]["same_organization"].startswith("認め"),
    )
    scheme = PRESETS[GRADE_PRESET[data["grade_preset"]]]
    GradeScheme.objects.create(
        forum=world.forum,
        name=scheme.name,
        definition=scheme.to_dict(),
        recorded_at=moment(data["established_on"], DECIDED_AT),
    )
    _load_memberships(world)
    _load_duties(world)
    _load_meetings(world)
    _load_decisions(world)
    _load_agenda(world)


def _summary(data: dict[str, Any]) -> str:
    lines = (
        ("事務局", data["secretariat"]),
        ("定例会議", data["regular_meetings"]["text"]),
        ("報告", data["reporting"]["text"]),
        ("公表", data["publication"]["text"]),
    )
    return "\n".join(f"{name}：{text}" for name, text in lines)


def _load_memberships(world: World) -> None:
    for row in table("memberships"):
        organization = world.organizations[row["organization"]]
        Membership.objects.create(
            forum=world.forum,
            organization=organization,
            role=ROLE[row["role"]],
            sector=SECTOR[organization.kind],
            is_local=_area(row["organization"]) == "内",
            role_note=row["role_words"],
            reason=row["reason"],
            joined_on=day(row["joined_on"]),
            left_on=day_or_none(row["left_on"]),
        )


def _area(organization: str) -> str:
    return next(row["area"] for row in table("organizations") if row["id"] == organization)


def _load_duties(world: World) -> None:
    """Duties in the forum. Those of an organisation, a project or the whole portal stand elsewhere, and
    所管課 is whoever an indicator names as its keeper."""
    founded_on = day(document("forum")["established_on"])
    for row in table("duties"):
        if row["scope"] == "場" and row["duty"] in DUTY:
            ForumDuty.objects.create(
                forum=world.forum,
                post=world.posts[row["post"]],
                duty=DUTY[row["duty"]],
                from_on=founded_on,
            )


def _load_meetings(world: World) -> None:
    for row in table("meetings"):
        world.meetings[row["id"]] = Meeting.objects.create(
            forum=world.forum,
            code=row["id"],
            name=row["name"],
            starts_at=_hour(row, "starts_at"),
            ends_at=_hour(row, "ends_at"),
            method=MEETING_METHOD[row["method"]],
            place=row["place"],
            attendance=_attendance(row),
            state=MEETING_STATE[row["state"]],
        )


def _hour(row: Row, column: str) -> Any:
    hour, minute = row[column].split(":")
    return moment(row["held_on"], int(hour), int(minute))


def _attendance(row: Row) -> str:
    columns = (
        ("executives", "首長・経営層"),
        ("managers", "管理職"),
        ("key_persons", "キーパーソン"),
        ("staff", "実務担当"),
        ("proxies", "代理"),
        ("absentees", "欠席"),
    )
    return "、".join(f"{name} {row[column]}" for column, name in columns if row[column])


def _load_decisions(world: World) -> None:
    for row in table("decisions"):
        meeting = world.meetings[row["meeting"]]
        posts = [world.posts[post] for post in split(row["owner_posts"])]
        world.decisions[row["id"]] = Decision.objects.create(
            forum=world.forum,
            meeting=meeting,
            code=row["id"],
            text=row["text"],
            decided_on=day(_meeting(row["meeting"])["held_on"]),
            responsible=_with_sections(world, row["owner"]),
            post=posts[0],
            deputy_post=posts[1] if len(posts) > 1 else None,
            due_on=day_or_none(row["due_on"]),
            policy_reflection=row["policy_reflection"],
            state=DECISION_STATE[row["state"]],
            state_note=row["state_note"],
        )
    for row in table("decision_stances"):
        _decision_stance(world, row)


def _with_sections(world: World, words: str) -> str:
    """The table's own numbers of posts, as the sections that people know."""
    return re.sub(r"A\d+", lambda found: world.posts[found[0]].section or world.posts[found[0]].name, words)


def _meeting(code: str) -> Row:
    return next(row for row in table("meetings") if row["id"] == code)


def _decision_stance(world: World, row: Row) -> None:
    """Answers were given in the meeting itself, except those that were not given."""
    decision, stance = world.decisions[row["decision"]], STANCE[row["stance"]]
    DecisionStance.objects.create(
        decision=decision,
        organization=world.organizations[row["organization"]],
        stance=stance,
        condition=row["condition"],
        answered_on=None if stance == DecisionStance.Stance.UNANSWERED else decision.decided_on,
    )


def _load_agenda(world: World) -> None:
    for row in table("agenda_items"):
        AgendaItem.objects.create(
            forum=world.forum,
            meeting=world.meetings[row["meeting"]],
            position=int(row["position"]),
            kind=AGENDA_KIND[row["kind"]],
            title=row["title"],
            proposer=row["proposer"],
            source_label=row["origin"],
        )


def load_case(world: World) -> None:
    """The case of what did not work; its organisations are those of its project."""
    data = document("case")
    project = next(row for row in table("projects") if row["id"] == data["project"])
    case = Case.objects.create(
        forum=world.forum,
        code=data["id"],
        title=data["name"],
        outcome=Case.Outcome.FAILURE,
        features=data["features"],
        results=data["results"],
        problems=data["issues"],
        factors="\n".join(f"{place} {text}" for place, text in enumerate(data["factors"], 1)),
        next_time=data["next_time"],
    )
    members = [project["lead_organization"], *split(project["partner_organizations"])]
    case.organizations.set(world.organizations[organization] for organization in members)

"""Forums, memberships and duties; what they decide and record."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from actors.models import Organization, Post
from ecosystems.models import Case, Decision, DecisionStance, Forum, ForumDuty, Meeting, Membership
from tests.factories.actors import make_organization

START = date(2023, 4, 1)


def make_forum(core_body: Organization | None = None, **fields: Any) -> Forum:
    fields.setdefault("name", "試験の場（架空）")
    return Forum.objects.create(core_body=core_body or make_organization(), **fields)


def join(forum: Forum, organization: Organization, role: str = Membership.Role.MEMBER) -> Membership:
    return Membership.objects.create(forum=forum, organization=organization, role=role, joined_on=START)


def give_duty(forum: Forum, post: Post, duty: str) -> ForumDuty:
    return ForumDuty.objects.create(forum=forum, post=post, duty=duty, from_on=START)


def hold_meeting(forum: Forum, **fields: Any) -> Meeting:
    fields.setdefault("name", "試験の会議")
    fields.setdefault("starts_at", datetime(2025, 8, 28, 4, 30, tzinfo=UTC))
    return Meeting.objects.create(forum=forum, **fields)


def decide(forum: Forum, code: str = "D1", **fields: Any) -> Decision:
    fields.setdefault("text", f"{code}を決めた")
    fields.setdefault("decided_on", date(2025, 8, 28))
    return Decision.objects.create(forum=forum, code=code, **fields)


def answer(decision: Decision, organization: Organization, stance: str, **fields: Any) -> DecisionStance:
    return DecisionStance.objects.create(
        decision=decision, organization=organization, stance=stance, **fields
    )


def write_case(title: str = "試験の事例", **fields: Any) -> Case:
    fields.setdefault("features", "試験の特徴")
    return Case.objects.create(title=title, **fields)

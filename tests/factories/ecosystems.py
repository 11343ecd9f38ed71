"""Forums, memberships and duties."""

from __future__ import annotations

from datetime import date
from typing import Any

from actors.models import Organization, Post
from ecosystems.models import Forum, ForumDuty, Membership
from tests.factories.actors import make_organization

START = date(2023, 4, 1)


def make_forum(core_body: Organization | None = None, **fields: Any) -> Forum:
    fields.setdefault("name", "試験の場（架空）")
    return Forum.objects.create(core_body=core_body or make_organization(), **fields)


def join(forum: Forum, organization: Organization, role: str = Membership.Role.MEMBER) -> Membership:
    return Membership.objects.create(forum=forum, organization=organization, role=role, joined_on=START)


def give_duty(forum: Forum, post: Post, duty: str) -> ForumDuty:
    return ForumDuty.objects.create(forum=forum, post=post, duty=duty, from_on=START)

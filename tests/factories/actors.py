"""Organisations, people, posts and communities."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from actors.facts import build_actor
from actors.models import Assignment, Community, CommunityMember, Organization, Person, Post, User
from foundation.access import Actor

PASSWORD = "a long enough phrase"
_numbers = count(1)


def make_organization(name: str = "", **fields: Any) -> Organization:
    number = next(_numbers)
    fields.setdefault("kind", Organization.Kind.MUNICIPALITY)
    return Organization.objects.create(name=name or f"試験市{number}（架空）", **fields)


def make_post(organization: Organization | None = None, **fields: Any) -> Post:
    fields.setdefault("name", f"担当{next(_numbers)}")
    return Post.objects.create(organization=organization or make_organization(), **fields)


def make_user(email: str = "", **fields: Any) -> User:
    return User.objects.create_user(email or f"user{next(_numbers)}@example.jp", PASSWORD, **fields)


def make_holder(post: Post, name: str = "", *, email: str = "", to_on: date | None = None) -> User:
    """A signed-in person who holds the post."""
    user = make_user(email)
    person = Person.objects.create(name=name or f"試験 太郎{user.pk}（架空）", user=user)
    Assignment.objects.create(post=post, person=person, from_on=date(2023, 4, 1), to_on=to_on)
    return user


def make_person(name: str = "", **fields: Any) -> Person:
    return Person.objects.create(name=name or f"試験 花子{next(_numbers)}（架空）", **fields)


def make_community(name: str = "", **fields: Any) -> Community:
    """A community that only its members and its keeper see, unless told otherwise."""
    fields.setdefault("value", Community.Value.SOCIAL)
    return Community.objects.create(name=name or f"試験コミュニティ{next(_numbers)}（架空）", **fields)


def make_member(
    community: Community, organization: Organization | None = None, **fields: Any
) -> CommunityMember:
    fields.setdefault("since_on", date(2023, 4, 1))
    return CommunityMember.objects.create(community=community, organization=organization, **fields)


def actor_of(user: User) -> Actor:
    return build_actor(user, None)

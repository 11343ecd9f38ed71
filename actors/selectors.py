"""Reads for the pages of organisations and communities."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from actors.models import Assignment, Community, CommunityMember, Organization, Person, Post, User
from foundation.access import Actor
from foundation.text import search_key


def posts_of(organization: Organization, actor: Actor, today: date) -> list[Post]:
    """The open posts of an organisation that the actor may see, each with `holders`: today's assignments, main before
    deputy, as far as the actor may see them (an announced change stays secret until its day). Two queries."""
    holders: QuerySet[Assignment] = (
        Assignment.objects.visible_to(actor).active_on(today).select_related("person").order_by("-role", "id")
    )
    posts = Post.objects.visible_to(actor).filter(organization=organization, closed_on=None)
    return list(posts.prefetch_related(Prefetch("assignments", holders, to_attr="holders")))


def organizations_acted_for(actor: Actor) -> QuerySet[Organization]:
    """The organisations that the person may act for."""
    rows: QuerySet[Organization] = Organization.objects.filter(
        pk__in=[pk for pk, _name in actor.organizations]
    )
    return rows


def holders_of(post_ids: Iterable[int | None], today: date) -> QuerySet[User]:
    """The accounts of the people who hold the posts that day, main and deputy. One query."""
    held = Assignment.objects.active_on(today).filter(
        post_id__in=[pk for pk in post_ids if pk], post__closed_on=None
    )
    return User.objects.filter(pk__in=held.values("person__user_id"), is_active=True)


# --- communities ------------------------------------------------------------------------------------------------------


def members_for_page(actor: Actor) -> QuerySet[CommunityMember]:
    """The members the actor may see, with their organisation and, where the actor may see people, their `person`."""
    persons = Prefetch("person", Person.objects.visible_to(actor))
    rows: QuerySet[CommunityMember] = CommunityMember.objects.visible_to(actor)
    return (
        rows.select_related("organization")
        .prefetch_related(persons)
        .order_by("organization__name_kana", "organization__name", "pk")
    )


def communities_for_list(actor: Actor) -> QuerySet[Community]:
    """Communities with `seen_members`, by name. Three queries."""
    rows: QuerySet[Community] = Community.objects.visible_to(actor).order_by("name", "pk")
    return rows.prefetch_related(Prefetch("members", members_for_page(actor), to_attr="seen_members"))


def communities_of_organizations(
    organizations: Iterable[int] | QuerySet[Any, Any], actor: Actor, today: date
) -> list[tuple[Community, list[CommunityMember]]]:
    """The communities to which the organisations (their keys, or a query of them) belong today, each with those
    memberships. Two queries."""
    active = Q(until_on__isnull=True) | Q(until_on__gte=today)
    members = (
        CommunityMember.objects.visible_to(actor)
        .filter(active, since_on__lte=today, organization__in=organizations)
        .order_by("since_on", "pk")
    )
    rows = Community.objects.visible_to(actor).filter(Exists(members.filter(community=OuterRef("pk"))))
    found = rows.prefetch_related(Prefetch("members", members, to_attr="found"))
    return [(each, each.found) for each in found.order_by("name", "pk")]


def members_to_choose(words: str, actor: Actor, limit: int = 20) -> tuple[list[Organization], list[Person]]:
    """Organisations and people whose name or reading holds every word. Two queries."""
    organizations: QuerySet[Organization] = Organization.objects.visible_to(actor).filter(valid_to=None)
    persons: QuerySet[Person] = Person.objects.visible_to(actor)
    for word in words.split():
        named = Q(name__icontains=word) | Q(name_kana__icontains=search_key(word))
        organizations = organizations.filter(named | Q(short_name__icontains=word))
        persons = persons.filter(named)
    return list(organizations[:limit]), list(persons[:limit])

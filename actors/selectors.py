"""Reads for the pages of organisations."""

from __future__ import annotations

from datetime import date

from django.db.models import Prefetch, QuerySet

from actors.models import Assignment, Organization, Post
from foundation.access import Actor


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

"""What a person is in the forums, through their posts and their organisations; part of the one query a request."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value

from ecosystems.models import ForumDuty, Membership
from foundation.access import fact_source


def _held_today(prefix: str, user_id: int, today: date) -> Q:
    """An assignment of the user in force today, reached by `prefix`."""
    assignment = f"{prefix}assignments__"
    return Q(
        Q(**{f"{assignment}to_on__isnull": True}) | Q(**{f"{assignment}to_on__gte": today}),
        **{f"{assignment}person__user_id": user_id, f"{assignment}from_on__lte": today},
    )


@fact_source
def forum_duties(user_id: int, today: date) -> QuerySet[Any, Any]:
    """("duty", forum, post, duty)"""
    rows = ForumDuty.objects.filter(
        _held_today("post__", user_id, today),
        Q(to_on__isnull=True) | Q(to_on__gte=today),
        from_on__lte=today,
        post__closed_on__isnull=True,
    ).order_by()
    label = Value("duty", output_field=CharField())
    return rows.values_list(label, F("forum_id"), F("post_id"), F("duty"))


@fact_source
def forum_memberships(user_id: int, today: date) -> QuerySet[Any, Any]:
    """("member", forum, organisation, role); an organisation with several posts of the user gives several rows"""
    rows = Membership.objects.filter(
        _held_today("organization__posts__", user_id, today),
        Q(left_on__isnull=True) | Q(left_on__gte=today),
        joined_on__lte=today,
    ).order_by()
    label = Value("member", output_field=CharField())
    return rows.values_list(label, F("forum_id"), F("organization_id"), F("role"))

"""From a user to an actor: the posts held today, and the organisations one may act for. One query a request."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import BigIntegerField, CharField, F, QuerySet, Value
from django.utils import timezone

from actors.models import Assignment, Person, User
from foundation.access import ANONYMOUS, Actor, actor_loader, fact_source, load_facts


def _active(user_id: int, today: date) -> Any:
    return Assignment.objects.active_on(today).filter(
        person__user_id=user_id, post__closed_on__isnull=True, post__organization__valid_to__isnull=True
    )


def _text(value: str) -> Value:
    return Value(value, output_field=CharField())


@fact_source
def posts_held(user_id: int, today: date) -> QuerySet[Any, Any]:
    """("post", post, organisation, main or deputy)"""
    rows = _active(user_id, today).order_by()
    return rows.values_list(_text("post"), F("post_id"), F("post__organization_id"), F("role"))


@fact_source
def organizations_acted_for(user_id: int, today: date) -> QuerySet[Any, Any]:
    """("organization", organisation, None, name)"""
    rows = _active(user_id, today).order_by()
    nothing = Value(None, output_field=BigIntegerField())
    return rows.values_list(
        _text("organization"), F("post__organization_id"), nothing, F("post__organization__name")
    )


@fact_source
def posts_administered(user_id: int, today: date) -> QuerySet[Any, Any]:
    """("organization_admin", organisation, None, "")"""
    rows = _active(user_id, today).filter(post__is_organization_admin=True).order_by()
    nothing = Value(None, output_field=BigIntegerField())
    return rows.values_list(_text("organization_admin"), F("post__organization_id"), nothing, _text(""))


@fact_source
def person_behind(user_id: int, today: date) -> QuerySet[Any, Any]:
    """("person", person, None, name)"""
    nothing = Value(None, output_field=BigIntegerField())
    return (
        Person.objects.filter(user_id=user_id)
        .order_by()
        .values_list(_text("person"), F("pk"), nothing, F("name"))
    )


def build_actor(user: User, on_behalf_of_id: int | None) -> Actor:
    """The actor of a signed-in user, acting for the wished organisation if they may, otherwise for their first."""
    facts = tuple(load_facts(user.pk, timezone.localdate()))
    names = {f.a: f.c for f in facts if f.kind == "organization"}
    chosen = on_behalf_of_id if on_behalf_of_id in names else min(names, default=None, key=lambda pk: pk or 0)
    return Actor(
        user=user,
        facts=facts,
        organization_id=chosen,
        organization_name=names.get(chosen, ""),
        label=next((f.c for f in facts if f.kind == "person"), user.email),
    )


@actor_loader
def load(user_id: int, on_behalf_of_id: int | None) -> Actor:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return ANONYMOUS if user is None else build_actor(user, on_behalf_of_id)

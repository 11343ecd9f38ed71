"""Communities: their description, and who belongs to them in which role from when to when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from actors.models import Community, CommunityMember, Organization, Person, Post
from foundation import audit
from foundation.access import Actor, require
from foundation.errors import DomainError, LostEdit

DESCRIPTION = ("name", "value", "summary", "reason", "area_name", "is_public", "post", "deputy_post")
PART = ("is_leader", "leads", "is_local", "role_note", "since_on", "until_on")

Row = TypeVar("Row", Community, CommunityMember)


def found_community(*, actor: Actor, post: Post, **fields: Any) -> Community:
    """A new community, kept by one of the actor's own posts."""
    if not (actor.is_system or post.pk in actor.post_ids):
        raise PermissionDenied
    with transaction.atomic():
        community = Community(**{**fields, "post": post})
        _check(community)
        community.save()
        audit.record(actor, "actors.found_community", community, after=_plain(community, DESCRIPTION))
    return community


def change_community(*, actor: Actor, community: Community, seen: int, **fields: Any) -> Community:
    """Change the description. `seen`: the revision that the form showed; LostEdit if somebody saved since."""
    require(actor, "change", community)
    with transaction.atomic():
        current = _locked(community, seen)
        _write(actor, "actors.change_community", current, DESCRIPTION, fields)
        if not actor.is_system:
            require(actor, "change", current)  # nobody hands it out of their own reach
    return current


def add_member(
    *,
    actor: Actor,
    community: Community,
    organization: Organization | None = None,
    person: Person | None = None,
    since_on: date,
    **fields: Any,
) -> CommunityMember:
    """An organisation, a person, or a person for an organisation joins."""
    require(actor, "change", community)
    with transaction.atomic():
        _locked(community)
        member = CommunityMember(
            community=community, organization=organization, person=person, since_on=since_on, **fields
        )
        _check(member)
        member.save()
        audit.record(
            actor,
            "actors.add_community_member",
            member,
            after={"community": str(community), **_plain(member, PART)},
        )
    return member


def change_member(*, actor: Actor, member: CommunityMember, seen: int, **fields: Any) -> CommunityMember:
    """Change role and period; a last day ends the membership and keeps it on record."""
    require(actor, "change", member)
    with transaction.atomic():
        _locked(member.community)
        current = _locked(member, seen)
        _write(actor, "actors.change_community_member", current, PART, fields)
    return current


def strike_member(*, actor: Actor, member: CommunityMember) -> None:
    """Take back an entry made by mistake; who left is given a last day instead. The audit trail keeps it."""
    require(actor, "change", member)
    with transaction.atomic():
        current = _locked(member)
        audit.record(
            actor,
            "actors.strike_community_member",
            current,
            before={"community": str(current.community), **_plain(current, PART)},
        )
        current.delete()


def _locked(row: Row, seen: int | None = None) -> Row:
    """The row as it is now, held until the end."""
    rows: Any = type(row)._default_manager.select_for_update()
    current: Row | None = rows.filter(pk=row.pk).first()
    if current is None:
        raise LostEdit("gone", _("この登録は、ほかの人が取り消しました。一覧に戻って確かめてください。"))
    if seen is not None and current.revision != seen:
        raise LostEdit(
            "lost_edit",
            _("編集を始めたあとに、別の保存がありました。見比べて、残す内容を決めてください。"),
            details={"current": current},
        )
    return current


def _write(actor: Actor, action: str, row: Row, names: tuple[str, ...], fields: Mapping[str, Any]) -> None:
    before = _plain(row, names)
    for name, value in fields.items():
        setattr(row, name, value)
    row.revision += 1
    _check(row)
    row.save()
    after = _plain(row, names)
    changed = [name for name in names if before[name] != after[name]]
    audit.record(
        actor,
        action,
        row,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )


def _plain(row: models.Model, names: tuple[str, ...]) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in names}
    return {name: str(value) if isinstance(value, models.Model) else value for name, value in found.items()}


def _check(row: models.Model) -> None:
    """What the constraints of the table say, in their own words and beside their field."""
    try:
        row.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise DomainError("invalid", messages[0], field=None if field == "__all__" else field) from error

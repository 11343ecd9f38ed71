"""Who may see and change organisations, people, posts and assignments."""

from __future__ import annotations

from django.db.models import Q

from actors.models import Assignment, Organization, Person, Post
from foundation.access import EVERYBODY, NOBODY, Actor, Ground, declare


def administered(actor: Actor) -> frozenset[int]:
    """The organisation acted for, if one of the actor's posts there is 機関管理者."""
    ids = {f.a for f in actor.of_kind("organization_admin")}
    own = actor.organization_id
    return frozenset({own}) if own is not None and own in ids else frozenset()


ADMINISTRATOR = Ground("システム管理者", lambda actor: EVERYBODY if actor.is_administrator else NOBODY)
SIGNED_IN = Ground("サインインした利用者", lambda actor: EVERYBODY if actor.is_authenticated else NOBODY)
ANYBODY = Ground("だれでも", lambda actor: EVERYBODY)


def own_organization(path: str) -> Ground:
    def condition(actor: Actor) -> Q:
        return Q(**{path: actor.organization_id}) if actor.organization_id else NOBODY

    return Ground("自機関の利用者", condition)


def organization_admin(path: str) -> Ground:
    def condition(actor: Actor) -> Q:
        ids = administered(actor)
        return Q(**{f"{path}__in": ids}) if ids else NOBODY

    return Ground("機関管理者", condition)


declare("actors.view_organization", Organization, "機関を見る", [ANYBODY])
declare(
    "actors.change_organization", Organization, "機関を変更する", [organization_admin("pk"), ADMINISTRATOR]
)
declare("actors.view_post", Post, "担当ポストを見る", [SIGNED_IN])
declare(
    "actors.change_post", Post, "担当ポストを変更する", [organization_admin("organization_id"), ADMINISTRATOR]
)
declare("actors.view_person", Person, "人を見る", [SIGNED_IN])
declare(
    "actors.view_assignment",
    Assignment,
    "担当を見る",
    [own_organization("post__organization_id"), ADMINISTRATOR],
)

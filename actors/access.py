"""Who may see and change organisations, people, posts and assignments."""

from __future__ import annotations

from django.db.models import Q

from actors.models import Assignment, Community, CommunityMember, Organization, Person, Post
from foundation.access import EVERYBODY, NOBODY, Actor, Ground, declare


def administered(actor: Actor) -> frozenset[int]:
    """The organisation acted for, if one of the actor's posts there is 機関管理者."""
    ids = {f.a for f in actor.of_kind("organization_admin")}
    own = actor.organization_id
    return frozenset({own}) if own is not None and own in ids else frozenset()


ADMINISTRATOR = Ground("システム管理者", lambda actor: EVERYBODY if actor.is_administrator else NOBODY)


def _works_here(actor: Actor) -> Q:
    """An account alone is no reason: anybody who proves an address may have one."""
    return EVERYBODY if actor.organization_id is not None or actor.is_administrator else NOBODY


COLLEAGUES = Ground("いずれかの機関の担当", _works_here)
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
declare("actors.view_post", Post, "担当ポストを見る", [COLLEAGUES])
declare(
    "actors.change_post", Post, "担当ポストを変更する", [organization_admin("organization_id"), ADMINISTRATOR]
)
declare("actors.view_person", Person, "人を見る", [COLLEAGUES])
declare(
    "actors.view_assignment",
    Assignment,
    "担当を見る",
    [own_organization("post__organization_id"), ADMINISTRATOR],
)


# --- communities ------------------------------------------------------------------------------------------------------


def _public_community(path: str) -> Ground:
    return Ground("だれでも（公開のもの）", lambda actor: Q(**{f"{path}is_public": True}))


def _takes_part(path: str) -> Ground:
    """The people of an organisation that belongs to the community, now or once."""

    def condition(actor: Actor) -> Q:
        if not actor.organization_id:
            return NOBODY
        joined = CommunityMember.objects.filter(organization_id=actor.organization_id)
        return Q(**{f"{path}in": joined.values("community_id")})

    return Ground("メンバーの機関の利用者", condition)


def _keeps(path: str) -> Ground:
    """The people of the organisation whose post, or deputy post, keeps the community."""

    def condition(actor: Actor) -> Q:
        if not actor.organization_id:
            return NOBODY
        own = actor.organization_id
        return Q(**{f"{path}post__organization_id": own}) | Q(**{f"{path}deputy_post__organization_id": own})

    return Ground("所管する機関の利用者", condition)


def _visible_member(ground: Ground) -> Ground:
    """Of a visible community a visitor sees the organisations; that a person belongs to it is told after sign-in."""

    def condition(actor: Actor) -> Q:
        rows = ground.condition(actor)
        if rows is NOBODY or actor.is_authenticated:
            return rows
        return rows & Q(organization__isnull=False)

    return Ground(ground.name, condition)


declare(
    "actors.view_community",
    Community,
    "コミュニティを見る",
    [_public_community(""), _takes_part("pk__"), _keeps(""), ADMINISTRATOR],
)
declare(
    "actors.change_community",
    Community,
    "コミュニティを編集し、メンバーを登録する",
    [_keeps(""), ADMINISTRATOR],
)
declare(
    "actors.view_communitymember",
    CommunityMember,
    "コミュニティのメンバーを見る",
    [
        _visible_member(_public_community("community__")),
        _takes_part("community_id__"),
        _keeps("community__"),
        ADMINISTRATOR,
    ],
)
declare(
    "actors.change_communitymember",
    CommunityMember,
    "コミュニティのメンバーの役割・期間を変更する",
    [_keeps("community__"), ADMINISTRATOR],
)

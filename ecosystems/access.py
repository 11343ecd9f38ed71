"""Who may see and change forums and what belongs to them; the grounds that upper floors build on."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q

from actors.access import ADMINISTRATOR
from ecosystems.models import AgendaItem, Case, Decision, Forum, ForumDuty, Meeting, Membership, RoadmapItem
from foundation.access import NOBODY, Actor, Ground, declare

Duty = ForumDuty.Duty


def duty_forums(actor: Actor, *duties: str) -> frozenset[int]:
    """The forums in which a post of the organisation acted for has one of the duties today."""
    return frozenset(
        f.a for f in actor.of_kind("duty") if f.a is not None and f.b in actor.post_ids and f.c in duties
    )


def member_forums(actor: Actor, *roles: str) -> frozenset[int]:
    """The forums to which the organisation acted for belongs today (in one of the roles, if any are given)."""
    return frozenset(
        f.a
        for f in actor.of_kind("member")
        if f.a is not None and f.b == actor.organization_id and (not roles or f.c in roles)
    )


def in_forums(path: str, ids: frozenset[int]) -> Q:
    return Q(**{f"{path}__in": ids}) if ids else NOBODY


# --- grounds; `path` leads from the row to its forum's id -----------------------------------------------------------


def public_rows(path: str = "visibility") -> Ground:
    return Ground("だれでも（公開のもの）", lambda actor: Q(**{path: "public"}))


def signed_in(condition: Callable[[Actor], Q], name: str) -> Ground:
    return Ground(name, lambda actor: condition(actor) if actor.is_authenticated else NOBODY)


def forum_duty(path: str, *duties: str) -> Ground:
    name = "・".join(str(Duty(duty).label) for duty in duties)
    return Ground(name, lambda actor: in_forums(path, duty_forums(actor, *duties)))


def forum_member(path: str, visibility: str | None = "visibility") -> Ground:
    """Members of the forum, for rows that are open to members (or public)."""

    def condition(actor: Actor) -> Q:
        rows = in_forums(path, member_forums(actor))
        if rows is NOBODY or visibility is None:
            return rows
        return rows & Q(**{f"{visibility}__in": ("public", "members")})

    return Ground("場の構成員・オブザーバー", condition)


declare("ecosystems.view_forum", Forum, "場を見る", [public_rows(), forum_member("pk"), ADMINISTRATOR])
declare(
    "ecosystems.change_forum", Forum, "場の設定を変える", [forum_duty("pk", Duty.SECRETARIAT), ADMINISTRATOR]
)
declare(
    "ecosystems.view_membership",
    Membership,
    "構成員を見る",
    [public_rows("forum__visibility"), forum_member("forum_id", None), ADMINISTRATOR],
)
for _model, _label in ((Meeting, "会議"), (AgendaItem, "議題"), (Decision, "決定事項")):
    declare(
        f"ecosystems.view_{_model._meta.model_name}",
        _model,
        f"{_label}を見る",
        [forum_member("forum_id", None), ADMINISTRATOR],
    )
    declare(
        f"ecosystems.change_{_model._meta.model_name}",
        _model,
        f"{_label}を登録・変更する",
        [forum_duty("forum_id", Duty.SECRETARIAT), ADMINISTRATOR],
    )
declare(
    "ecosystems.view_roadmapitem",
    RoadmapItem,
    "工程表を見る",
    [public_rows("forum__visibility"), forum_member("forum_id", None), ADMINISTRATOR],
)
declare("ecosystems.view_case", Case, "事例を見る", [public_rows(), forum_member("forum_id"), ADMINISTRATOR])

"""Who may see and change forums and what belongs to them; the grounds that upper floors build on."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q

from actors.access import ADMINISTRATOR
from actors.models import Post
from ecosystems.models import (
    AgendaItem,
    AvoidedPeriod,
    Case,
    Decision,
    Forum,
    ForumDuty,
    Meeting,
    Membership,
    RoadmapItem,
    Voice,
)
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
declare(
    "ecosystems.view_avoidedperiod",
    AvoidedPeriod,
    "避ける期間を見る",
    [forum_member("forum_id", None), ADMINISTRATOR],
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

# --- what residents ask ----------------------------------------------------------------------------------------------

SECRETARIAT = forum_duty("forum_id", Duty.SECRETARIAT)


def _published(actor: Actor) -> Q:
    return Q(is_published=True, forum__visibility="public")


def _published_to_members(actor: Actor) -> Q:
    rows = in_forums("forum_id", member_forums(actor))
    return rows if rows is NOBODY else rows & Q(is_published=True)


def _answering(actor: Actor) -> Q:
    """The holders of the posts that answer, and whoever sits in the same section of the same organisation."""
    if not actor.post_ids or actor.organization_id is None:
        return NOBODY
    sections = Post.objects.filter(pk__in=actor.post_ids).exclude(section="").values("section")
    beside = Post.objects.filter(
        organization_id=actor.organization_id, closed_on=None, section__in=sections
    ).values("pk")
    return (
        Q(post_id__in=actor.post_ids)
        | Q(deputy_post_id__in=actor.post_ids)
        | Q(post_id__in=beside)
        | Q(deputy_post_id__in=beside)
    )


def _answering_second(actor: Actor) -> Q:
    """The same, except for an answer that the actor wrote: nobody but the secretariat releases their own."""
    rows = _answering(actor)
    return rows if rows is NOBODY else rows & ~Q(written_by_id=actor.user_id)


def _owner_municipality(actor: Actor) -> Q:
    return in_forums("pk", member_forums(actor, Membership.Role.OWNER))


ANSWERING = Ground("回答する担当ポスト（同じ部署を含む）", _answering)

declare(
    "ecosystems.view_voice",
    Voice,
    "ご意見・ご質問を見る",
    [
        Ground("だれでも（公開したもの）", _published),
        Ground("場の構成員・オブザーバー（公開したもの）", _published_to_members),
        SECRETARIAT,
        ANSWERING,
        ADMINISTRATOR,
    ],
)
# The page of work with its history, drafts and the words as received; a released question alone opens it to nobody.
declare(
    "ecosystems.handle_voice",
    Voice,
    "ご意見・ご質問の処理の経過を見る",
    [SECRETARIAT, ANSWERING, ADMINISTRATOR],
)
declare("ecosystems.view_email_voice", Voice, "質問した人のメールアドレスを見る", [ANSWERING])
declare("ecosystems.assign_voice", Voice, "ご意見・ご質問の担当を決める、回答の対象外とする", [SECRETARIAT])
declare("ecosystems.answer_voice", Voice, "ご意見・ご質問の回答案を書く", [SECRETARIAT, ANSWERING])
declare(
    "ecosystems.release_voice",
    Voice,
    "回答案を確認して回答・公開する、差し戻す",
    [SECRETARIAT, Ground("回答する担当ポスト（自分が書いた回答案を除く）", _answering_second)],
)
declare(
    "ecosystems.enter_voice_forum",
    Forum,
    "電話・窓口で受けたご意見・ご質問を登録する",
    [
        forum_duty("pk", Duty.SECRETARIAT),
        Ground("幹事自治体の利用者", _owner_municipality),
    ],
)


def secretariat_forums(actor: Actor) -> frozenset[int]:
    """The forums whose secretariat the actor is."""
    return duty_forums(actor, Duty.SECRETARIAT)

"""Who may see opportunities and interests, who may post, apply, answer and withdraw."""

from __future__ import annotations

from django.db.models import Q

from actors.access import ADMINISTRATOR, own_organization
from actors.models import Organization
from ecosystems.access import Duty, duty_forums, forum_duty, in_forums, member_forums
from ecosystems.models import Forum, Membership
from foundation.access import NOBODY, Actor, Ground, any_of, declare
from projects.partnering.models import Interest, Opportunity, OpportunityAudience

PUBLISHED = Q(state__in=(Opportunity.State.OPEN, Opportunity.State.CLOSED))
POSTERS = (Membership.Role.OWNER, Membership.Role.MEMBER)


def _public(actor: Actor) -> Q:
    return Q(visibility=Opportunity.Visibility.PUBLIC) & PUBLISHED


def _members(actor: Actor) -> Q:
    rows = in_forums("forum_id", member_forums(actor))
    return rows if rows is NOBODY else rows & Q(visibility=Opportunity.Visibility.MEMBERS) & PUBLISHED


def _selected(actor: Actor) -> Q:
    """Members whom one of the audiences names, by their role in that very forum or by the kind of organisation."""
    forums = member_forums(actor)
    if not forums or actor.organization_id is None:
        return NOBODY
    kind = Organization.objects.filter(pk=actor.organization_id).values("kind")
    named = [Q(organization_kind__in=kind, opportunity__forum_id__in=forums)]
    for role in Membership.Role.values:
        in_role = member_forums(actor, role)
        if in_role:
            named.append(Q(role=role, opportunity__forum_id__in=in_role))
    rows = OpportunityAudience.objects.filter(any_of(named)).order_by().values("opportunity_id")
    return Q(visibility=Opportunity.Visibility.SELECTED, pk__in=rows) & PUBLISHED


def _coordinated(actor: Actor) -> Q:
    rows = in_forums("forum_id", duty_forums(actor, Duty.COORDINATOR))
    return rows if rows is NOBODY else rows & PUBLISHED


def _posting(actor: Actor) -> Q:
    return in_forums("pk", member_forums(actor, *POSTERS))


declare(
    "projects.view_opportunity",
    Opportunity,
    "連携募集を見る",
    [
        Ground("だれでも（公開の募集）", _public),
        Ground("場の構成員・オブザーバー", _members),
        Ground("場の構成員のうち、募集が指定した機関", _selected),
        Ground("コーディネーター", _coordinated),
        own_organization("organization_id"),
        ADMINISTRATOR,
    ],
)
declare(
    "projects.change_opportunity",
    Opportunity,
    "連携募集を変更・公開・終了する",
    [own_organization("organization_id"), ADMINISTRATOR],
)
declare(
    "projects.add_opportunity_forum",
    Forum,
    "連携募集を登録する",
    [Ground("場の幹事自治体・構成員", _posting)],
)

# --- interests -------------------------------------------------------------------------------------------------------

CONFIRMED = Q(confirmed_at__isnull=False)


def _confirmed(ground: Ground) -> Ground:
    """The ground, for what has been confirmed: before that there is nothing to see."""

    def condition(actor: Actor) -> Q:
        rows = ground.condition(actor)
        return rows if rows is NOBODY else rows & CONFIRMED

    return Ground(ground.name, condition)


def _applied(actor: Actor) -> Q:
    return Q(applicant_id=actor.user_id) & CONFIRMED if actor.user_id else NOBODY


def _open_names(actor: Actor) -> Q:
    """The secretariat reads along where the applicant's name may be known beyond those who answer."""
    rows = in_forums("opportunity__forum_id", duty_forums(actor, Duty.SECRETARIAT))
    if rows is NOBODY:
        return NOBODY
    return rows & CONFIRMED & Q(is_name_withheld=False) & ~Q(opportunity__visibility="selected")


APPLICANT = Ground("申し込んだ本人", _applied)
APPLYING = own_organization("organization_id")
POSTER = _confirmed(Ground("掲載機関の利用者", own_organization("opportunity__organization_id").condition))
COORDINATOR = _confirmed(forum_duty("opportunity__forum_id", Duty.COORDINATOR))

declare(
    "projects.view_interest",
    Interest,
    "申込みを見る",
    [
        APPLICANT,
        _confirmed(Ground("申し込んだ機関の利用者", APPLYING.condition)),
        _confirmed(Ground("紹介した機関の利用者", own_organization("introduced_by_id").condition)),
        POSTER,
        COORDINATOR,
        Ground("事務局（名前を出してよい申込み）", _open_names),
        ADMINISTRATOR,
    ],
)
declare("projects.answer_interest", Interest, "申込みに返答する", [POSTER, COORDINATOR])
declare(
    "projects.withdraw_interest",
    Interest,
    "申込みを取り下げる",
    [
        APPLICANT,
        _confirmed(Ground("申し込んだ機関の利用者", APPLYING.condition)),
        _confirmed(Ground("紹介した機関の利用者", own_organization("introduced_by_id").condition)),
    ],
)

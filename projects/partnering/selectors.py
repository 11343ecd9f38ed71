"""Reads for the pages of opportunities and interests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, IntegerField, Prefetch, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from actors.models import Organization, Post
from ecosystems.access import Duty, duty_forums, member_forums
from ecosystems.models import Forum, Membership
from foundation.access import Actor
from foundation.waiting import Due
from projects.partnering.access import POSTERS
from projects.partnering.models import Interest, InterestEvent, Opportunity
from projects.partnering.services.answering import ROAD

TONES = {
    Opportunity.State.OPEN: "positive",
    Opportunity.State.WITHDRAWN: "none",
    Opportunity.State.DRAFT: "none",
}
INTEREST_TONES = {
    Interest.State.APPLIED: "caution",
    Interest.State.EXPIRED: "negative",
    Interest.State.AGREED: "positive",
    Interest.State.DECLINED: "none",
    Interest.State.WITHDRAWN: "none",
}
PRINTED = (
    "public_id", "title", "lead", "kind", "direction", "terms", "place", "reply_days", "closes_on", "published_at",
    "state", "visibility", "organization__public_id", "organization__name", "organization__short_name",
)  # fmt: skip


# --- opportunities ---------------------------------------------------------------------------------------------------


def opportunities_for_list(actor: Actor) -> QuerySet[Opportunity]:
    """Published opportunities with their organisation, newest first; the long texts stay in the database."""
    rows: QuerySet[Opportunity] = Opportunity.objects.visible_to(actor).published()
    return rows.select_related("organization").only(*PRINTED).order_by("-published_at", "-id")


def opportunities_for_detail(actor: Actor) -> QuerySet[Opportunity]:
    rows: Any = Opportunity.objects.visible_to(actor).defer("search")
    found: QuerySet[Opportunity] = (
        rows.select_related("organization", "forum", "project", "post__organization", "deputy_post")
        .prefetch_related("audiences")
        .with_can(actor, "change")
    )
    return found


def _own(actor: Actor) -> list[int]:
    """The organisation acted for, if there is one."""
    return [] if actor.organization_id is None else [actor.organization_id]


def own_opportunities(actor: Actor) -> QuerySet[Opportunity]:
    """Everything that the organisation acted for has posted, drafts first, then the newest."""
    rows: QuerySet[Opportunity] = Opportunity.objects.filter(organization_id__in=_own(actor))
    order = ("state_order", "-published_at", "-id")
    return rows.defer("search", "body").annotate(state_order=_state_order()).order_by(*order)


def _state_order() -> Any:
    places = {"draft": 0, "open": 1, "closed": 2, "withdrawn": 3}
    whens = [When(state=state, then=Value(place)) for state, place in places.items()]
    return Case(*whens, output_field=IntegerField())


def forums_to_post_in(actor: Actor) -> QuerySet[Forum]:
    """Where the organisation acted for may post."""
    rows: QuerySet[Forum] = Forum.objects.filter(pk__in=member_forums(actor, *POSTERS)).order_by("code", "id")
    return rows


def posts_to_answer(organization_id: int | None) -> QuerySet[Post]:
    own = [] if organization_id is None else [organization_id]
    return Post.objects.filter(organization_id__in=own, closed_on=None).order_by("code", "id")


def is_accepting(opportunity: Opportunity, today: date) -> bool:
    """募集中 as the lists understand it."""
    is_open = opportunity.state == Opportunity.State.OPEN
    return is_open and (opportunity.closes_on is None or opportunity.closes_on >= today)


def state_words(opportunity: Opportunity, today: date) -> tuple[str, str]:
    """(the word, the tone): open past its last day is 終了, whether or not anybody has said so."""
    state = Opportunity.State(opportunity.state)
    if state == Opportunity.State.OPEN and not is_accepting(opportunity, today):
        state = Opportunity.State.CLOSED
    return str(state.label), TONES.get(state, "neutral")


def readers_of(opportunity: Opportunity) -> str:
    """In one sentence: who sees the opportunity once it is published."""
    if opportunity.visibility == Opportunity.Visibility.PUBLIC:
        return _("だれでも見られます。検索サイトにも載ることがあります。")
    forum = opportunity.forum.name
    if opportunity.visibility == Opportunity.Visibility.MEMBERS:
        return _("「%(forum)s」の構成員とオブザーバーだけが見られます。") % {"forum": forum}
    named = "・".join(str(each) for each in opportunity.audiences.all())
    return _(
        "「%(forum)s」の構成員のうち、%(named)sだけが見られます。自機関とコーディネーターも見られます。"
    ) % {
        "forum": forum,
        "named": named or _("（まだ選ばれていません）"),
    }


def audience_choices() -> list[tuple[str, str]]:
    """What an audience can name: roles in the forum first, then kinds of organisations."""
    roles = [(f"role:{role.value}", str(role.label)) for role in Membership.Role]
    skipped = {Organization.Kind.PUBLIC_RECORD, Organization.Kind.MINISTRY}
    kinds = [(f"kind:{kind.value}", str(kind.label)) for kind in Organization.Kind if kind not in skipped]
    return roles + kinds


# --- interests -------------------------------------------------------------------------------------------------------


def _interests(actor: Actor) -> QuerySet[Interest]:
    rows: QuerySet[Interest] = Interest.objects.visible_to(actor).confirmed()
    return rows.select_related(
        "opportunity__organization", "organization", "introduced_by", "handed_to__organization"
    ).defer("opportunity__search", "opportunity__body")


def interests_of(actor: Actor) -> QuerySet[Interest]:
    """申込みの状況: what the person, or the organisation acted for, applied for or introduced; the newest first."""
    own = Q(applicant_id=actor.user_id)
    if actor.organization_id:
        own |= Q(organization_id=actor.organization_id) | Q(introduced_by_id=actor.organization_id)
    return _interests(actor).filter(own).order_by("-confirmed_at", "-id")


def interests_to_answer(actor: Actor) -> QuerySet[Interest]:
    """申込みへの返答: what came in for the organisation's opportunities and is under way; the oldest due first."""
    rows = _interests(actor).filter(opportunity__organization_id__in=_own(actor))
    return rows.exclude(state__in=("agreed", "declined", "withdrawn")).order_by("reply_due_on", "id")


def interests_settled(actor: Actor) -> QuerySet[Interest]:
    rows = _interests(actor).filter(opportunity__organization_id__in=_own(actor))
    return rows.filter(state__in=("agreed", "declined", "withdrawn")).order_by("-updated_at", "-id")


def interests_left_lying(actor: Actor) -> QuerySet[Interest]:
    """放置されている申込み in the forums one coordinates: 期限切れ and unanswered ones, the longest-lying first."""
    rows = _interests(actor).filter(opportunity__forum_id__in=duty_forums(actor, Duty.COORDINATOR))
    return rows.filter(state__in=("applied", "expired")).order_by("confirmed_at", "id")


def coordinates_somewhere(actor: Actor) -> bool:
    return bool(duty_forums(actor, Duty.COORDINATOR))


def interests_for_detail(actor: Actor) -> QuerySet[Interest]:
    events = InterestEvent.objects.select_related("organization").order_by("id")
    rows: Any = _interests(actor)
    found: QuerySet[Interest] = (
        rows.select_related("introduced_by_post", "post__organization", "opportunity__forum")
        .prefetch_related(Prefetch("events", events, to_attr="told"))
        .with_can(actor, "answer", "withdraw")
    )
    return found


@dataclass(frozen=True)
class Standing:
    """An interest as a list prints it."""

    interest: Interest
    label: str
    tone: str
    due: Due | None
    lying_days: int


def standing(interest: Interest, today: date) -> Standing:
    """Its state in words, and the day of the answer while one is still owed."""
    state = Interest.State(interest.state)
    owed = interest.reply_due_on if state in (Interest.State.APPLIED, Interest.State.EXPIRED) else None
    since = interest.confirmed_at.date() if interest.confirmed_at else today
    tone = INTEREST_TONES.get(state, "neutral")
    return Standing(interest, str(state.label), tone, Due.seen_from(today, owed), (today - since).days)


def steps_of(interest: Interest) -> list[dict[str, str]]:
    """申込 → 受付 → 面談 → 条件協議 → how it ended, as `components/steps.html` takes them."""
    told: list[InterestEvent] = getattr(interest, "told", [])
    reached = {event.to_state: event.at for event in told if event.from_state != event.to_state}
    here = Interest.State(interest.state)
    found = []
    for state in ROAD:
        is_here = state == here
        is_done = state in reached and not is_here
        found.append(
            {"label": str(state.label), "state": "current" if is_here else "done" if is_done else "todo"}
        )
    last = here if here not in ROAD else Interest.State.AGREED
    found.append({"label": str(last.label), "state": "current" if here not in ROAD else "todo"})
    return found

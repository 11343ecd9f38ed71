"""Reads for the pages of forums: who belongs to them, what they decided, what they publish."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from actors.models import Community, CommunityMember, Organization, Post
from actors.selectors import communities_of_organizations
from ecosystems.access import duty_forums, member_forums
from ecosystems.models import (
    AgendaItem,
    Case,
    Decision,
    DecisionStance,
    Forum,
    ForumDuty,
    Meeting,
    Membership,
    RoadmapItem,
)
from foundation.access import Actor


def is_insider(actor: Actor, forum: Forum) -> bool:
    """Whether meetings, decisions and answers of the forum are open to the actor: members and administrators."""
    return actor.is_administrator or forum.pk in member_forums(actor)


def own_forums(actor: Actor) -> QuerySet[Forum]:
    """The forums in which the actor has a part, by the organisation acted for or by a duty."""
    duties = duty_forums(actor, *ForumDuty.Duty.values)
    rows: QuerySet[Forum] = Forum.objects.visible_to(actor).filter(pk__in=member_forums(actor) | duties)
    return rows.select_related("core_body")


def active_on(day: date, prefix: str = "") -> Q:
    """Memberships in force on a day; the last day counts."""
    not_left = Q(**{f"{prefix}left_on__isnull": True}) | Q(**{f"{prefix}left_on__gte": day})
    return not_left & Q(**{f"{prefix}joined_on__lte": day})


def forums_for_list(actor: Actor, today: date) -> QuerySet[Forum]:
    """Living forums, then public record, with their core body, `member_count` of today and `has_roadmap`."""
    rows: QuerySet[Forum] = Forum.objects.visible_to(actor).select_related("core_body", "parent")
    counted = Count("memberships", filter=active_on(today, "memberships__"), distinct=True)
    return (
        with_roadmap(rows).annotate(member_count=counted).order_by("is_public_record", "code", "name", "id")
    )


def with_roadmap(forums: QuerySet[Forum]) -> QuerySet[Forum]:
    return forums.annotate(has_roadmap=Exists(RoadmapItem.objects.filter(forum=OuterRef("pk"))))


# --- members ---------------------------------------------------------------------------------------------------------


@dataclass
class SectorRow:
    """One of 産学官金労言民, with its members of today from inside and from outside the area."""

    label: str
    local: list[Membership] = field(default_factory=list)
    outside: list[Membership] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.local) + len(self.outside)


@dataclass
class Members:
    owners: list[Membership]
    sectors: list[SectorRow]
    former: list[Membership]
    count: int


def members_of(forum: Forum, actor: Actor, today: date) -> Members:
    """Everybody in the forum, by sector; a sector without anybody stays, since the gap tells something. One query."""
    memberships = list(
        Membership.objects.visible_to(actor)
        .filter(forum=forum, joined_on__lte=today)
        .select_related("organization")
        .order_by("organization__name_kana", "organization__name", "id")
    )
    current = [each for each in memberships if each.is_active_on(today)]
    return Members(
        owners=[each for each in current if each.role == Membership.Role.OWNER],
        sectors=_by_sector(current),
        former=[each for each in memberships if not each.is_active_on(today)],
        count=len(current),
    )


def _by_sector(memberships: list[Membership]) -> list[SectorRow]:
    rows = {value: SectorRow(str(label)) for value, label in Membership.Sector.choices}
    for each in memberships:
        row = rows.setdefault(each.sector, SectorRow(""))
        (row.local if each.is_local else row.outside).append(each)
    return list(rows.values())


def posts_by_layer(forum: Forum, actor: Actor, today: date) -> list[tuple[str, list[Post]]]:
    """The posts with a duty in the forum today, by layer from the top; empty layers stay. One query."""
    duties = ForumDuty.objects.filter(Q(to_on=None) | Q(to_on__gte=today), forum=forum, from_on__lte=today)
    posts = (
        Post.objects.visible_to(actor)
        .filter(closed_on=None, pk__in=duties.values("post_id"))
        .select_related("organization")
        .order_by("organization__name_kana", "code", "id")
    )
    layers: dict[str, list[Post]] = {value: [] for value in Post.Layer.values}
    for post in posts:
        layers[post.layer].append(post)
    return [(str(Post.Layer(value).label), found) for value, found in layers.items()]


def communities_of(forum: Forum, actor: Actor, today: date) -> list[tuple[Community, list[CommunityMember]]]:
    """The communities to which members of today belong, each with those memberships. Two queries."""
    current = Membership.objects.visible_to(actor).filter(active_on(today), forum=forum)
    return communities_of_organizations(current.values("organization_id"), actor, today)


# --- meetings and decisions ------------------------------------------------------------------------------------------


def next_meeting(forum: Forum, actor: Actor, now: datetime) -> Meeting | None:
    """The nearest meeting that has not begun, with `item_count`."""
    meetings: QuerySet[Meeting] = Meeting.objects.visible_to(actor).filter(forum=forum, starts_at__gte=now)
    return meetings.annotate(item_count=Count("agenda_items")).order_by("starts_at", "id").first()


def meetings_for_agenda(forum: Forum, actor: Actor) -> QuerySet[Meeting]:
    """Meetings, newest first, with their items in order. Two queries."""
    items = AgendaItem.objects.visible_to(actor).order_by("position", "id")
    meetings: QuerySet[Meeting] = Meeting.objects.visible_to(actor).filter(forum=forum)
    return meetings.prefetch_related(Prefetch("agenda_items", items, to_attr="items"))


def waiting_items(forum: Forum, actor: Actor) -> list[AgendaItem]:
    """Items that wait for a meeting."""
    rows = AgendaItem.objects.visible_to(actor).filter(forum=forum, meeting=None)
    return list(rows.order_by("position", "id"))


OPEN_STATES = (Decision.State.OPEN, Decision.State.OVERDUE)


def open_decisions(forum: Forum, actor: Actor) -> list[Decision]:
    """What was decided and is not done, the earliest due day first."""
    rows = Decision.objects.visible_to(actor).filter(forum=forum, state__in=OPEN_STATES)
    return list(rows.order_by("due_on", "code"))


def decisions_for_list(forum: Forum, actor: Actor) -> QuerySet[Decision]:
    """Decisions, newest first, with `answers`: the stance of each organisation. Two queries."""
    stances = DecisionStance.objects.select_related("organization")
    rows: QuerySet[Decision] = (
        Decision.objects.visible_to(actor).filter(forum=forum).select_related("meeting")
    )
    return rows.prefetch_related(Prefetch("stances", stances, to_attr="answers")).order_by(
        "-decided_on", "code", "id"
    )


def stance_table(
    things: list[Any],
) -> tuple[list[Organization], list[tuple[Any, list[Any]]]]:
    """Organisations in order of reading, and for each thing its answers in that order (None: was not asked)."""
    organizations = {each.organization_id: each.organization for thing in things for each in thing.answers}
    columns = sorted(organizations.values(), key=lambda found: (found.name_kana, found.name, found.pk))
    rows = []
    for thing in things:
        answers = {each.organization_id: each for each in thing.answers}
        rows.append((thing, [answers.get(column.pk) for column in columns]))
    return columns, rows


# --- public record ---------------------------------------------------------------------------------------------------


def cases_for_list(actor: Actor) -> QuerySet[Case]:
    rows: QuerySet[Case] = Case.objects.visible_to(actor).select_related("forum", "source")
    return rows.order_by("code", "id")


def forums_with_roadmap(actor: Actor) -> list[Forum]:
    lines = RoadmapItem.objects.filter(forum=OuterRef("pk"))
    return list(Forum.objects.visible_to(actor).filter(Exists(lines)))


@dataclass
class RoadmapSection:
    label: str
    items: list[RoadmapItem] = field(default_factory=list)


def roadmap_sections(forum: Forum, actor: Actor) -> list[RoadmapSection]:
    """The lines of a 工程表 in order, gathered under the first word of their section. One query.

    「多様性強化戦略 別表１ 1.(1)」 is the line 別表１ 1.(1) of 多様性強化戦略; each line bears the rest as `place`.
    """
    sections: list[RoadmapSection] = []
    items: Any = RoadmapItem.objects.visible_to(actor).filter(forum=forum).select_related("source")
    for item in items.order_by("position", "id"):
        label, place = (*item.section.split(maxsplit=1), "", "")[:2]
        item.place = place
        if not sections or sections[-1].label != label:
            sections.append(RoadmapSection(label))
        sections[-1].items.append(item)
    return sections

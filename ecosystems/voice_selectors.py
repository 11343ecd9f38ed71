"""Reads for the pages of questions: what is public, what waits for whom, one with all that happened to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from actors.models import Post
from ecosystems import subjects
from ecosystems.models import Membership, Voice, VoiceEvent
from ecosystems.selectors import active_on
from foundation.access import Actor
from foundation.waiting import Due

State = Voice.State
OPEN = (State.RECEIVED, State.ASSIGNED, State.CHECKING)


def published_voices(actor: Actor) -> QuerySet[Voice]:
    """Answered and released, the newest answer first."""
    rows: QuerySet[Voice] = Voice.objects.visible_to(actor).filter(is_published=True).select_related("forum")
    return rows.order_by("-answered_on", "-id")


def published_about(keys: Collection[str], actor: Actor, limit: int) -> list[Voice]:
    """The newest released answers about any of the things. One query."""
    rows = published_voices(actor).filter(about_key__in=list(keys))[:limit]
    return [dressed(voice, None) for voice in rows] if keys else []


def with_subjects(voices: Sequence[Voice], actor: Actor) -> list[Voice]:
    """Each with `about` (None where the reader may not see what it is about) and `late`. One query per kind."""
    found = subjects.resolve_many({voice.about_key for voice in voices}, actor)
    return [dressed(voice, found.get(voice.about_key)) for voice in voices]


def dressed(voice: Voice, about: subjects.Subject | None) -> Voice:
    today = timezone.localdate()
    voice.about, voice.late = about, voice.late_days(today)  # type: ignore[attr-defined]
    voice.due = Due.seen_from(today, voice.due_on) if voice.is_open else None  # type: ignore[attr-defined]
    return voice


# --- work ------------------------------------------------------------------------------------------------------------


def voices_to_handle(actor: Actor) -> QuerySet[Voice]:
    """Every question of the actor's remit: open ones first, the earliest term first, then the newest answers."""
    rows: QuerySet[Voice] = Voice.objects.allowed(actor, "handle").select_related(
        "forum", "post__organization", "deputy_post__organization"
    )
    is_open = Case(When(state__in=OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    due = Case(When(state__in=OPEN, then="due_on"), default=None)
    return rows.annotate(place=is_open, open_due=due).order_by("place", "open_due", "-received_on", "-id")


@dataclass(frozen=True)
class Counts:
    """How many wait, by what has to be done, and how many of them are late."""

    received: int
    assigned: int
    checking: int
    late: int


def counts(actor: Actor, today: date) -> Counts:
    """One query."""
    rows = Voice.objects.allowed(actor, "handle").filter(state__in=OPEN).order_by()
    found = rows.aggregate(
        received=Count("pk", filter=Q(state=State.RECEIVED)),
        assigned=Count("pk", filter=Q(state=State.ASSIGNED)),
        checking=Count("pk", filter=Q(state=State.CHECKING)),
        late=Count("pk", filter=Q(due_on__lt=today)),
    )
    return Counts(**found)


def events_of(voice: Voice) -> list[VoiceEvent]:
    return list(VoiceEvent.objects.filter(voice=voice).order_by("id"))


def posts_to_assign(voice: Voice, actor: Actor, today: date) -> QuerySet[Post]:
    """The open posts of the forum's members of today, by organisation."""
    members = Membership.objects.filter(active_on(today), forum_id=voice.forum_id).exclude(
        role=Membership.Role.OBSERVER
    )
    rows: QuerySet[Post] = Post.objects.visible_to(actor).filter(
        closed_on=None, organization__in=members.values("organization_id")
    )
    return rows.select_related("organization").order_by("organization__name_kana", "code", "id")

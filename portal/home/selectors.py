"""What the first pages show beside the list of what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, QuerySet, Value

from ecosystems.models import Case, Forum
from ecosystems.selectors import cases_for_list, own_forums
from ecosystems.slots import VISIONS
from foundation import jobs, slots
from foundation.access import Actor
from foundation.models import Job, Message, Notice
from visions.models import Vision
from visions.selectors import visions_for_list

NOTICES = 5
TROUBLES = 10
CASES = 6


def forums_with_visions(actor: Actor) -> list[tuple[Forum, list[Any]]]:
    """The actor's forums, each with the links to its visions and their KPIs; an administrator's are all. Two queries."""
    rows = Forum.objects.visible_to(actor) if actor.is_administrator else own_forums(actor)
    forums = list(rows.select_related("core_body")[:20])
    visions = slots.collect(VISIONS, forums, actor) if forums else {}
    return [(forum, visions.get(forum.pk, [])) for forum in forums]


def latest_notices(actor: Actor) -> list[Notice]:
    return list(Notice.objects.visible_to(actor).order_by("-created_at", "-id")[:NOTICES])


@dataclass(frozen=True)
class Trouble:
    """Something that the system gave up on: a job that failed, or a message that could not be delivered."""

    what: str
    name: str
    at: datetime
    error: str


def troubles(actor: Actor) -> list[Trouble]:
    """What an administrator has to look after, the newest first; nothing for others. One query."""
    if not actor.is_administrator:
        return []
    failed = Job.objects.filter(state=Job.State.FAILED, finished_at__isnull=False).order_by()
    dead = Message.objects.filter(dead_at__isnull=False).order_by()
    rows: QuerySet[Any, Any] = failed.values_list(_word("job"), "kind", "finished_at", "error").union(
        dead.values_list(_word("message"), "topic", "dead_at", "last_error"), all=True
    )
    return [
        Trouble(what, jobs.label_of(name) if what == "job" else name, at, last_line(error))
        for what, name, at, error in rows.order_by("-finished_at")[:TROUBLES]
    ]


def _word(text: str) -> Value:
    return Value(text, output_field=CharField())


def last_line(error: str) -> str:
    """The last line of a trace says what happened."""
    lines = error.strip().splitlines()
    return lines[-1] if lines else ""


# --- the door for visitors --------------------------------------------------------------------------------------------


def visions_to_read(actor: Actor) -> list[Vision]:
    """The visions of living forums that are open to the visitor, with their words in force. Two queries."""
    return list(visions_for_list(actor).filter(forum__is_public_record=False)[:CASES])


def forums_to_visit(actor: Actor) -> list[Forum]:
    """Living forums first, then what was taken from public record; the page tells them apart."""
    rows: QuerySet[Forum] = Forum.objects.visible_to(actor).order_by("is_public_record", "code", "name", "id")
    return list(rows[:24])


def cases_to_read(actor: Actor) -> list[Case]:
    return list(cases_for_list(actor)[:CASES])

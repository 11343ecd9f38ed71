"""What residents read and ask: plain words for the KPIs, how to use what a project offers, questions with their history."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from actors.facts import build_actor
from actors.models import User
from ecosystems.models import Voice
from ecosystems.services import answering, voices
from ecosystems.subjects import key_of
from foundation.access import Actor
from foundation.dates import add_business_days
from portal.sample.tables import day, document, moment, table
from portal.sample.world import World
from projects.research.residents import PROJECT
from visions.subjects import THEME

SECRETARIAT = "A01"


def load_plain_words(world: World) -> None:
    for row in table("indicator_plain_words"):
        indicator = world.indicators[row["indicator"]]
        indicator.plain_name, indicator.plain_note = row["plain_name"], row["plain_note"]
        indicator.save(update_fields=["plain_name", "plain_note", "updated_at"])


def load_uses(world: World) -> None:
    """「使うには」 of the projects that residents can use."""
    for row in table("project_uses"):
        project = world.projects[row["project"]]
        project.use_text, project.use_phone, project.use_hours = row["text"], row["phone"], row["hours"]
        project.save(update_fields=["use_text", "use_phone", "use_hours", "updated_at"])


def load_voices(world: World) -> None:
    for row in document("voices"):
        _load(world, row)


def _load(world: World, row: dict[str, Any]) -> None:
    """From the day it came in to the day of the answer, by the people who hold the posts now."""
    received, answered = day(row["received_on"]), day(row["answered_on"])
    office = _actor(world, SECRETARIAT, answered)
    posts = [world.posts[post] for post in row["owner_posts"]]
    voice = voices.enter(
        actor=world.actor,
        about_key=_key(world, row),
        body=row["question"],
        asker=row["asker"],
        channel=Voice.Channel.PAGE,
        received_on=received,
        code=row["id"],
        at=moment(received, 10),
    )
    assigned = add_business_days(received, 1)
    voice = voices.assign(
        actor=office,
        voice=voice,
        post=posts[0],
        deputy_post=posts[1] if len(posts) > 1 else None,
        at=moment(assigned, 11),
    )
    voice = answering.write(
        actor=_writer(world, row["owner_posts"], answered),
        voice=voice,
        answer=row["answer"],
        answered_by_label="、".join(row["answered_by"]),
        send=True,
        at=moment(max(assigned, answered - timedelta(days=1)), 15),
    )
    answering.release(
        actor=office,
        voice=voice,
        public_body=row["question"],
        publish=True,
        has_no_names=True,
        answered_on=answered,
        at=moment(answered, 16),
    )


def _key(world: World, row: dict[str, Any]) -> str:
    if row["subject_kind"] == "テーマ":
        return key_of(THEME, world.themes[row["subject"]].public_id)
    return key_of(PROJECT, world.projects[row["subject"]].public_id)


def _writer(world: World, posts: list[str], on: date) -> Actor:
    """The first of the answering posts that somebody with an account holds."""
    return next(actor for post in posts if (actor := _actor(world, post, on)).is_authenticated)


def _actor(world: World, post: str, on: date) -> Actor:
    person = world.holder(post, on)
    user: User | None = person.user if person else None
    return world.actor if user is None else build_actor(user, world.posts[post].organization_id)

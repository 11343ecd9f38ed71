"""Forums, memberships and duties; what they decide and record."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from actors.models import Organization, Post
from ecosystems.models import Case, Decision, DecisionStance, Forum, ForumDuty, Meeting, Membership, Voice
from ecosystems.services.answering import search_words
from ecosystems.subjects import FORUM, key_of
from tests.factories.actors import make_organization

START = date(2023, 4, 1)
_numbers = count(1)


def make_forum(core_body: Organization | None = None, **fields: Any) -> Forum:
    fields.setdefault("name", "試験の場（架空）")
    return Forum.objects.create(core_body=core_body or make_organization(), **fields)


def join(forum: Forum, organization: Organization, role: str = Membership.Role.MEMBER) -> Membership:
    return Membership.objects.create(forum=forum, organization=organization, role=role, joined_on=START)


def give_duty(forum: Forum, post: Post, duty: str) -> ForumDuty:
    return ForumDuty.objects.create(forum=forum, post=post, duty=duty, from_on=START)


def hold_meeting(forum: Forum, **fields: Any) -> Meeting:
    fields.setdefault("name", "試験の会議")
    fields.setdefault("starts_at", datetime(2025, 8, 28, 4, 30, tzinfo=UTC))
    return Meeting.objects.create(forum=forum, **fields)


def decide(forum: Forum, code: str = "D1", **fields: Any) -> Decision:
    fields.setdefault("text", f"{code}を決めた")
    fields.setdefault("decided_on", date(2025, 8, 28))
    return Decision.objects.create(forum=forum, code=code, **fields)


def answer(decision: Decision, organization: Organization, stance: str, **fields: Any) -> DecisionStance:
    return DecisionStance.objects.create(
        decision=decision, organization=organization, stance=stance, **fields
    )


def write_case(title: str = "試験の事例", **fields: Any) -> Case:
    fields.setdefault("features", "試験の特徴")
    return Case.objects.create(title=title, **fields)


def make_voice(forum: Forum, *, released: bool = False, **fields: Any) -> Voice:
    """A question about the forum that came in on 2026-05-12; `released`: answered on 2026-05-22 and public."""
    fields.setdefault("code", f"V{next(_numbers)}")
    fields.setdefault("body", "予約便は電話でも頼めますか。")
    fields.setdefault("received_on", date(2026, 5, 12))
    fields.setdefault("due_on", Voice.due_for(fields["received_on"]))
    fields.setdefault("about_key", key_of(FORUM, forum.public_id))
    fields.setdefault("about_label", forum.name)
    if released:
        fields.setdefault("answer", "はい、お電話でお申し込みいただけます。")
        fields.setdefault("answered_by_label", "あ市 産業振興課（架空）")
        fields.setdefault("answered_on", date(2026, 5, 22))
        fields.setdefault("public_body", fields["body"])
        fields |= {"state": Voice.State.ANSWERED, "is_published": True}
        fields.setdefault("published_at", datetime(2026, 5, 22, 6, tzinfo=UTC))
        fields.setdefault("closed_at", fields["published_at"])
    voice = Voice(forum=forum, **fields)
    voice.search = search_words(voice) if released else ""
    voice.save()
    return voice

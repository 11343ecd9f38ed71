"""Telling people: a notice in the portal, and one plain-text mail for all that came in a quarter of an hour.

`notify` writes in the caller's transaction. The mails follow through the lane "notices", so they leave without beat
or broker too. A mail is claimed, sent, and only then noted: a crash in between sends it once more, never not at all.
What was read in the portal before its mail was due is not mailed.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import BigIntegerField, CharField, Count, F, Q, QuerySet, Value
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from foundation import lanes
from foundation.access import NOBODY, Actor, Ground, declare, fact_source
from foundation.letters import send_letter
from foundation.models.notices import Notice
from foundation.notice_topics import Topic, register_topic, topic_label, topics
from foundation.notice_topics import topic as topic_named
from foundation.text import clean_line, clean_pasted

__all__ = [
    "Topic",
    "has_due",
    "mark_read",
    "notify",
    "register_topic",
    "send_digest",
    "topic_label",
    "topics",
    "unread",
]

logger = logging.getLogger(__name__)

MAX_IN_MAIL = 50
MAX_ATTEMPTS = 8
_GATHERING = timedelta(minutes=15)
_LEASE = timedelta(minutes=5)
_PEOPLE_AT_ONCE = 50


# Who may read a notice: the person it is for, nobody else.


def _own(actor: Actor) -> Q:
    return Q(user_id=actor.user_id) if actor.user_id else NOBODY


declare("foundation.view_notice", Notice, "お知らせを見る", [Ground("本人", _own)])


@fact_source
def unread(user_id: int, today: date) -> QuerySet[Any, Any]:
    """("unread", how many, None, ""), for the header of every page."""
    counted = Notice.objects.filter(user_id=user_id, read_at=None).order_by().values("user_id")
    nothing = Value(None, output_field=BigIntegerField())
    empty = Value("", output_field=CharField())
    kind = Value("unread", output_field=CharField())
    return counted.annotate(unread=Count("pk")).values_list(kind, F("unread"), nothing, empty)


def notify(users: Iterable[Any], topic: str, title: str, body: str = "", url: str = "", *, key: str) -> None:
    """Tell each of the users once per `key`. `url` is a path inside the portal. One query, in the caller's transaction."""
    if url and (not url.startswith("/") or url.startswith("//")):
        raise ValueError(f"a path inside the portal is needed: {url}")
    due = timezone.now() + _GATHERING if topic_named(topic).mailed else None
    Notice.objects.bulk_create(
        [
            Notice(
                user_id=user_id,
                topic=topic,
                title=clean_line(str(title))[:200],
                body=clean_pasted(str(body)),
                url=url,
                key=key,
                mail_after=due,
            )
            for user_id in sorted({user.pk for user in users})
        ],
        ignore_conflicts=True,
    )


def mark_read(actor: Actor, notices: QuerySet[Any, Any]) -> int:
    """Mark those of the notices that are the actor's own and unread; returns how many."""
    return int(notices.filter(_own(actor), read_at=None).update(read_at=timezone.now()))


# Mails ----------------------------------------------------------------------------------------------------------


def _due(now: datetime) -> QuerySet[Any, Any]:
    return Notice.objects.filter(mailed_at=None, read_at=None, mail_after__lte=now)


def has_due() -> bool:
    return _due(timezone.now()).exists()


def send_digest(now: datetime | None = None) -> int:
    """One mail to each person with a notice due, with all their unmailed ones; returns how many mails left.

    A mail that fails is tried again later, and does not keep the others back.
    """
    now = now or timezone.now()
    people = list(_due(now).order_by().values_list("user_id", flat=True).distinct()[:_PEOPLE_AT_ONCE])
    return sum(_send_to(user_id, now) for user_id in people)


def _send_to(user_id: int, now: datetime) -> bool:
    token = _claim(user_id, now)
    claimed = Notice.objects.filter(mail_token=token)
    notices = list(claimed.order_by("-created_at", "-id"))
    if not notices:
        return False  # somebody else was quicker
    user = get_user_model()._default_manager.filter(pk=user_id, is_active=True).first()
    if user is None or not user.email:
        claimed.update(mail_after=None, mail_token=None)
        return False
    try:
        send_letter(user.email, *_words(notices))
    except Exception:
        logger.exception("notices for user %s could not be mailed", user_id)
        _put_off(claimed, notices, now)
        return False
    claimed.update(mailed_at=timezone.now(), mail_token=None)
    return True


def _claim(user_id: int, now: datetime) -> uuid.UUID:
    """Take all unmailed notices of a person for five minutes: in one statement, so that two senders share nothing.

    Those not due yet go along; those under somebody else's unexpired claim do not.
    """
    token = uuid.uuid4()
    free = Q(mail_token=None, mail_after__isnull=False) | Q(mail_after__lte=now)
    unmailed = Notice.objects.filter(free, user_id=user_id, mailed_at=None, read_at=None)
    unmailed.update(mail_token=token, mail_after=now + _LEASE)
    return token


def _put_off(claimed: QuerySet[Any, Any], notices: list[Notice], now: datetime) -> None:
    """Try again after 1, 2, 4 … minutes; after eight times nobody will, and the log has said why each time."""
    attempts = max(notice.mail_attempts for notice in notices) + 1
    later = None if attempts >= MAX_ATTEMPTS else now + timedelta(minutes=2 ** (attempts - 1))
    claimed.update(mail_after=later, mail_attempts=attempts, mail_token=None)


def _words(notices: list[Notice]) -> tuple[str, str]:
    """(subject, body) of a mail, newest first; one notice gives the subject its own title."""
    many = _("お知らせ%(count)s件") % {"count": len(notices)}
    subject = many if len(notices) > 1 else notices[0].title
    body = render_to_string(
        "foundation/notice_digest.txt",
        {
            "notices": notices[:MAX_IN_MAIL],
            "count": len(notices),
            "more": max(0, len(notices) - MAX_IN_MAIL),
            "site": settings.SITE_NAME,
            "public_url": settings.PUBLIC_URL.rstrip("/"),
        },
    )
    return subject, body


lanes.register("notices", pending=has_due, work=send_digest)

"""Receiving what residents ask, on the page or by telephone, and giving it to who has to answer.

`at` is given where something is written down that happened long ago; nobody is told of that any more.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from actors.models import Post
from ecosystems import subjects
from ecosystems.models import Forum, Voice, VoiceEvent
from foundation import audit, clock, locks, outbox
from foundation.access import Actor, require
from foundation.errors import DomainError, LostEdit, StateError
from foundation.text import clean_line, clean_pasted

MAX_BODY, MAX_ASKER, MAX_NOTE = 4000, 60, 2000
PER_HOUR, PER_DAY = 5, 20
TOPIC = "ecosystems.voice"
State = Voice.State
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that are taken for each other on the telephone


class TooMany(DomainError):
    """More came from one address than a person sends (HTTP 429)."""

    status = 429


# --- coming in -------------------------------------------------------------------------------------------------------


def ask(
    *, actor: Actor, about_key: str, body: str, asker: str = "", email: str = "", sender_mark: str = ""
) -> Voice:
    """A question from the page. 404 where the asker may not see what it is about.

    Nobody has to sign in. The same words from the same address on the same day are one question.
    """
    subject = subjects.resolve(about_key, actor)
    if subject is None:
        raise Http404
    fields = _checked(body, asker, email)
    with transaction.atomic():
        locks.exclusive(f"voice:{sender_mark or fields['email']}")
        if sender_mark and (earlier := _same(subject.key, sender_mark, fields["body"])):
            return earlier
        _make_room(sender_mark, fields["email"])
        today = timezone.localdate()
        voice = _create(
            actor,
            subject,
            at=clock.database_now(),
            step=_("ページで受付"),
            sender_mark=sender_mark,
            channel=Voice.Channel.PAGE,
            received_on=today,
            due_on=Voice.due_for(today),
            **fields,
        )
        tell(actor, voice, "received")
        return voice


def enter(
    *,
    actor: Actor,
    about_key: str,
    body: str,
    channel: str,
    received_on: date,
    asker: str = "",
    code: str = "",
    at: datetime | None = None,
) -> Voice:
    """What was said by telephone or on paper. The term counts from the day on which it came in."""
    subject = subjects.resolve(about_key, actor)
    if subject is None:
        raise Http404
    require(actor, "ecosystems.enter_voice_forum", Forum.objects.get(pk=subject.forum_id))
    if received_on > timezone.localdate():
        raise DomainError(
            "in_the_future", _("受付日には、今日までの日付を入れてください。"), field="received_on"
        )
    with transaction.atomic():
        voice = _create(
            actor,
            subject,
            at=at or clock.database_now(),
            step=_("%(channel)sで受付") % {"channel": Voice.Channel(channel).label},
            code=code,
            channel=channel,
            received_on=received_on,
            due_on=Voice.due_for(received_on),
            **_checked(body, asker, ""),
        )
        tell(actor, voice, "received", at=at)
        return voice


def _checked(body: str, asker: str, email: str) -> dict[str, str]:
    """The words as they are kept; what cannot be is refused beside its field."""
    text, who, address = clean_pasted(body).strip(), clean_line(asker), email.strip()
    if not text:
        raise DomainError("empty", _("ご意見・ご質問の内容を書いてください。"), field="body")
    if len(text) > MAX_BODY:
        message = _(
            "内容は%(most)s字までです（今は%(now)s字）。要点にまとめるか、二回に分けてお送りください。"
        )
        raise DomainError(
            "too_long", message % {"most": f"{MAX_BODY:,}", "now": f"{len(text):,}"}, field="body"
        )
    if len(who) > MAX_ASKER:
        message = _("地区・年代は%(most)s字までで書いてください。") % {"most": MAX_ASKER}
        raise DomainError("too_long", message, field="asker")
    if address:
        _check_email(address)
    return {"body": text, "asker": who, "email": address}


def _check_email(address: str) -> None:
    try:
        validate_email(address)
    except ValidationError:
        message = _("メールアドレスの形を確かめてください（例：namae@example.jp）。")
        raise DomainError("bad_email", message, field="email") from None


def _same(key: str, mark: str, body: str) -> Voice | None:
    found = Voice.objects.filter(sender_mark=mark, about_key=key, body=body, received_on=timezone.localdate())
    return found.first()


def _make_room(mark: str, email: str) -> None:
    """Refuse what one person does not send: per network address, and per e-mail address that would get our mails."""
    ours = _sharing({"sender_mark": mark, "email": email})
    if ours is None:
        return
    now = timezone.now()
    for most, span in ((PER_HOUR, timedelta(hours=1)), (PER_DAY, timedelta(days=1))):
        if Voice.objects.filter(ours, created_at__gt=now - span).count() >= most:
            raise TooMany(
                "too_many",
                _(
                    "同じところから短い間に続けて送られています。書かれた内容はこの画面に残っています。"
                    "1時間ほどおいてからお送りください。お急ぎの方は、お電話でもお受けします。"
                ),
            )


def _sharing(columns: dict[str, str]) -> Q | None:
    """Rows that share one of the values; None where there is no value to share."""
    found: Q | None = None
    for name, value in columns.items():
        if value:
            found = Q(**{name: value}) if found is None else found | Q(**{name: value})
    return found


def _create(actor: Actor, subject: subjects.Subject, *, at: datetime, step: str, **fields: Any) -> Voice:
    fields["code"] = fields.get("code") or _free_code(subject.forum_id)
    voice = Voice.objects.create(
        forum_id=subject.forum_id,
        about_key=subject.key,
        about_label=subject.label[:300],
        about_url=subject.url[:300],
        **fields,
    )
    write_event(actor, voice, step, from_state="", at=at)
    audit.record(actor, "ecosystems.receive_voice", voice, after={"about": voice.about_key})
    return voice


def _free_code(forum_id: int) -> str:
    """A short number to say on the telephone; it tells nothing of how many there are."""
    while True:
        letters = "".join(secrets.choice(_LETTERS) for _place in range(6))
        code = f"{letters[:3]}-{letters[3:]}"
        if not Voice.objects.filter(forum_id=forum_id, code=code).exists():
            return code


# --- every step ------------------------------------------------------------------------------------------------------


def locked(voice: Voice, revision: int | None) -> Voice:
    """The row under lock, as it stands now. Raises `LostEdit` where somebody acted since the page was opened."""
    row: Voice = Voice.objects.select_for_update().get(pk=voice.pk)
    if revision is not None and row.revision != revision:
        raise LostEdit(
            "changed_meanwhile",
            _(
                "開いている間に、ほかの人がこのご意見・ご質問を進めました。入力した文は残っています。"
                "今の状態を確かめてから、もう一度送ってください。"
            ),
        )
    return row


def check_state(voice: Voice, *states: str) -> None:
    if voice.state not in states:
        message = _("「%(state)s」のご意見・ご質問には、この操作はできません。今の状態を確かめてください。")
        raise StateError("wrong_state", message % {"state": voice.get_state_display()})


def move(
    actor: Actor, row: Voice, step: str, *, at: datetime | None, verb: str, note: str = "", **fields: Any
) -> Voice:
    """Write the fields, one event and one audit entry; the caller holds the row."""
    before = row.state
    for name, value in fields.items():
        setattr(row, name, value)
    row.revision += 1
    row.save(update_fields=[*fields, "revision", "updated_at"])
    write_event(actor, row, step, from_state=before, at=at or clock.database_now(), note=note)
    audit.record(
        actor,
        f"ecosystems.{verb}_voice",
        row,
        before={"state": before},
        after={"state": row.state},
        reason=note,
    )
    return row


def write_event(
    actor: Actor, voice: Voice, step: str, *, from_state: str, at: datetime, note: str = ""
) -> None:
    VoiceEvent.objects.create(
        voice=voice,
        step=step,
        from_state=from_state,
        to_state=voice.state,
        at=at,
        note=note,
        user_id=actor.user_id,
        user_name=actor.label if actor.is_authenticated else "",
        organization_name=actor.organization_name,
    )


def tell(actor: Actor, voice: Voice, what: str, note: str = "", *, at: datetime | None = None) -> None:
    """Whoever has to know is told after the commit (`ecosystems.voice_notices`); of what is long past (`at`) nobody."""
    if at is not None:
        return
    payload = {"act": uuid.uuid4().hex, "voice": voice.pk, "what": what, "note": note, "user": actor.user_id}
    outbox.emit(TOPIC, payload)


def noted(text: str, missing: Callable[[], str]) -> str:
    """A reason or a message, cleaned; refused where there is none."""
    found = clean_pasted(text).strip()
    if not found:
        raise DomainError("note_missing", missing(), field="note")
    if len(found) > MAX_NOTE:
        message = _("理由・連絡は%(most)s字までで書いてください。") % {"most": f"{MAX_NOTE:,}"}
        raise DomainError("too_long", message, field="note")
    return found


# --- giving it to somebody -------------------------------------------------------------------------------------------


def assign(
    *,
    actor: Actor,
    voice: Voice,
    post: Post,
    deputy_post: Post | None = None,
    note: str = "",
    revision: int | None = None,
    at: datetime | None = None,
) -> Voice:
    """Who has to answer; also another one, as long as nobody has answered. The term stays what it was."""
    require(actor, "assign", voice)
    remark = clean_pasted(note).strip()[:MAX_NOTE]
    if deputy_post is not None and deputy_post.pk == post.pk:
        raise DomainError(
            "same_post", _("副担当には、主担当とは別の担当を選んでください。"), field="deputy_post"
        )
    with transaction.atomic():
        row = locked(voice, revision)
        check_state(row, State.RECEIVED, State.ASSIGNED, State.CHECKING)
        row = move(
            actor,
            row,
            _("担当を決定：%(post)s") % {"post": post},
            at=at,
            verb="assign",
            note=remark,
            post=post,
            deputy_post=deputy_post,
            state=State.ASSIGNED,
        )
        tell(actor, row, "assigned", remark, at=at)
        return row


def decline(
    *, actor: Actor, voice: Voice, note: str, revision: int | None = None, at: datetime | None = None
) -> Voice:
    """回答の対象外, with the reason that the asker reads."""
    require(actor, "assign", voice)
    reason = noted(
        note, lambda: _("回答の対象外とする理由を、質問した方が読んで分かる言葉で書いてください。")
    )
    with transaction.atomic():
        row = locked(voice, revision)
        check_state(row, State.RECEIVED, State.ASSIGNED, State.CHECKING)
        row = move(
            actor,
            row,
            _("回答の対象外とした"),
            at=at,
            verb="decline",
            note=reason,
            state=State.DECLINED,
            declined_reason=reason,
            closed_at=at or clock.database_now(),
        )
        tell(actor, row, "declined", at=at)
        return row

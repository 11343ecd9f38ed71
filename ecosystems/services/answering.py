"""Answering a question: a draft, a second pair of eyes, the release. Nobody but the secretariat releases their own."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecosystems.models import Voice
from ecosystems.services.voices import MAX_ASKER, check_state, locked, move, noted, tell
from foundation import clock
from foundation.access import Actor, require
from foundation.errors import DomainError
from foundation.text import bigrams, clean_line, clean_pasted
from foundation.tidying import chore

MAX_ANSWER = 8000
State = Voice.State


def write(
    *,
    actor: Actor,
    voice: Voice,
    answer: str,
    answered_by_label: str,
    send: bool,
    revision: int | None = None,
    at: datetime | None = None,
) -> Voice:
    """Keep the draft of an answer; `send`: and ask for its check. A draft may be empty, what is sent may not."""
    require(actor, "answer", voice)
    text, label = clean_pasted(answer).strip(), clean_line(answered_by_label)
    _check_answer(text, label, needed=send)
    with transaction.atomic():
        row = locked(voice, revision)
        check_state(row, State.ASSIGNED, State.CHECKING)
        row = move(
            actor,
            row,
            _("回答案を作成し、確認を依頼") if send else _("回答案を保存"),
            at=at,
            verb="answer",
            answer=text,
            answered_by_label=label,
            written_by_id=actor.user_id,
            state=State.CHECKING if send else State.ASSIGNED,
        )
        if send:
            tell(actor, row, "checking", at=at)
        return row


def _check_answer(text: str, label: str, *, needed: bool) -> None:
    if needed and not text:
        raise DomainError("empty", _("回答を書いてください。"), field="answer")
    if needed and not label:
        raise DomainError(
            "empty",
            _("回答した課の名前を書いてください（例：汐凪市 産業振興課）。"),
            field="answered_by_label",
        )
    if len(text) > MAX_ANSWER:
        message = _("回答は%(most)s字までです（今は%(now)s字）。")
        raise DomainError(
            "too_long", message % {"most": f"{MAX_ANSWER:,}", "now": f"{len(text):,}"}, field="answer"
        )
    if len(label) > 200:
        raise DomainError("too_long", _("課の名前は200字までで書いてください。"), field="answered_by_label")


def send_back(
    *, actor: Actor, voice: Voice, note: str, revision: int | None = None, at: datetime | None = None
) -> Voice:
    """Back to whoever wrote it, with what is to be mended."""
    require(actor, "release", voice)
    reason = noted(note, lambda: _("直すところを書いてください。"))
    with transaction.atomic():
        row = locked(voice, revision)
        check_state(row, State.CHECKING)
        row = move(actor, row, _("回答案を差戻し"), at=at, verb="return", note=reason, state=State.ASSIGNED)
        tell(actor, row, "returned", reason, at=at)
        return row


def release(
    *,
    actor: Actor,
    voice: Voice,
    public_body: str,
    publish: bool,
    has_no_names: bool,
    asker: str | None = None,
    revision: int | None = None,
    answered_on: date | None = None,
    at: datetime | None = None,
) -> Voice:
    """The answer goes to the asker and, with `publish`, to everybody, after somebody looked for names and numbers.

    What everybody reads may be shortened (`public_body`), and 地区・年代 made coarser (`asker`); the words as received
    stay. An answered question is published later, or shortened further, by the same step.
    """
    require(actor, "release", voice)
    shown = clean_pasted(public_body).strip()
    _check_release(shown, publish=publish, has_no_names=has_no_names)
    with transaction.atomic():
        row = locked(voice, revision)
        require(actor, "release", row)  # it may have become one's own draft meanwhile
        check_state(row, *((State.CHECKING, State.ANSWERED) if publish else (State.CHECKING,)))
        _check_answer(row.answer, row.answered_by_label, needed=True)
        is_first, now = row.state == State.CHECKING, at or clock.database_now()
        row.public_body = shown or row.body
        row.asker = row.asker if asker is None else clean_line(asker)[:MAX_ASKER]
        row = move(
            actor,
            row,
            _step(is_first, publish),
            at=now,
            verb="release",
            state=State.ANSWERED,
            public_body=row.public_body,
            asker=row.asker,
            answered_on=row.answered_on or answered_on or timezone.localdate(),
            closed_at=row.closed_at or now,
            is_published=publish,
            published_at=(row.published_at or now) if publish else None,
            search=search_words(row) if publish else "",
        )
        if is_first:
            tell(actor, row, "answered", at=at)
        return row


def _check_release(shown: str, *, publish: bool, has_no_names: bool) -> None:
    if publish and not has_no_names:
        raise DomainError(
            "names_unchecked",
            _(
                "公開する前に、質問と回答に個人が分かること（氏名、電話番号、住所など）がないことを確かめてください。"
            ),
            field="has_no_names",
        )
    if publish and not shown:
        raise DomainError("empty", _("公開する内容を書いてください。"), field="public_body")


def _step(is_first: bool, publish: bool) -> str:
    if not is_first:
        return _("公開")
    return _("回答し、公開") if publish else _("回答（公開しない）")


def unpublish(
    *, actor: Actor, voice: Voice, note: str, revision: int | None = None, at: datetime | None = None
) -> Voice:
    """Take a question off the public pages, e.g. since a person can be made out; the asker's own page stays."""
    require(actor, "release", voice)
    reason = noted(note, lambda: _("公開を取りやめる理由を書いてください。"))
    with transaction.atomic():
        row = locked(voice, revision)
        check_state(row, State.ANSWERED)
        return move(
            actor,
            row,
            _("公開を取りやめ"),
            at=at,
            verb="unpublish",
            note=reason,
            is_published=False,
            search="",
        )


def search_words(row: Voice) -> str:
    """What the public search looks in: the words that everybody reads, and no others."""
    return bigrams("\n".join((row.public_body, row.answer, row.asker, row.answered_by_label)))


@chore("ecosystems.voices")
def forget() -> int:
    """Erase e-mail addresses when their time is over, and the marks of senders after a day. Returns how many."""
    now = timezone.now()
    kept = timedelta(days=settings.VOICE_EMAIL_KEPT_DAYS)
    addresses = Voice.objects.filter(closed_at__lt=now - kept).exclude(email="").update(email="")
    marks = Voice.objects.filter(created_at__lt=now - timedelta(days=1)).exclude(sender_mark="")
    return addresses + marks.update(sender_mark="")

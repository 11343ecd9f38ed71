"""Telling people about questions: the secretariat, who has to answer, and the asker.

The words of a notice hold the whole question, so that the mail alone says what to do. A post whose holder has no
account is told by a mail to its section. The asker's address is looked up when the mail leaves and stands in no
message. The handlers may run twice: keys make the second time harmless.
"""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.models import Post
from actors.selectors import holders_of
from ecosystems.models import ForumDuty, Voice
from ecosystems.services.voices import TOPIC
from foundation import notices, outbox
from foundation.dates import wareki
from foundation.letters import send_letter
from foundation.text import clean_line

MAIL = "ecosystems.voice_mail"

notices.register_topic(TOPIC, cast(str, gettext_lazy("ご意見・ご質問")))


@outbox.handles(TOPIC)
def tell(payload: dict[str, Any]) -> None:
    """Who has to know of a step, except whoever took it; the asker where they left an address."""
    voice = Voice.objects.select_related("forum", "post__organization", "deputy_post").get(
        pk=payload["voice"]
    )
    what, act = payload["what"], payload["act"]
    title, people = _title(voice, what), holders_of(_posts(voice, what), timezone.localdate())
    url = reverse("ecosystems:voice_work", args=[voice.public_id])
    body = words_of(voice, payload["note"])
    notices.notify(people.exclude(pk__in=[payload["user"]]), TOPIC, title, body, url, key=f"{TOPIC}:{act}")
    if what == "assigned":
        _tell_sections(voice, act)
    if voice.email and what in ("received", "answered", "declined"):
        outbox.emit(MAIL, {"voice": voice.pk, "mail": what}, key=f"{MAIL}:{act}")


def _posts(voice: Voice, what: str) -> set[int | None]:
    own = {voice.post_id, voice.deputy_post_id}
    if what in ("assigned", "returned"):
        return own
    office: set[int | None] = set(secretariat_posts(voice.forum_id))
    return office if what == "received" else own | office


def secretariat_posts(forum_id: int) -> list[int]:
    today = timezone.localdate()
    duties = ForumDuty.objects.filter(
        forum_id=forum_id, duty=ForumDuty.Duty.SECRETARIAT, from_on__lte=today
    ).exclude(to_on__lt=today)
    return list(duties.values_list("post_id", flat=True))


def _title(voice: Voice, what: str) -> str:
    titles = {
        "received": _("新しいご意見・ご質問：%(about)s（回答期限 %(due)s）"),
        "assigned": _("回答をお願いします：%(about)s（回答期限 %(due)s）"),
        "checking": _("回答案の確認をお願いします：%(about)s（回答期限 %(due)s）"),
        "returned": _("回答案が差し戻されました：%(about)s（回答期限 %(due)s）"),
        "answered": _("回答しました：%(about)s"),
        "declined": _("回答の対象外としました：%(about)s"),
    }
    about = clean_line(voice.about_label or voice.forum.name)[:80]
    return titles[what] % {"about": about, "due": f"{voice.due_on.month}/{voice.due_on.day}"}


def words_of(voice: Voice, note: str = "") -> str:
    """The whole question with its term, the draft where there is one, and what was added for the reader."""
    parts = [
        _("受付番号：%(code)s　受付日：%(day)s　回答期限：%(due)s")
        % {"code": voice.code, "day": wareki(voice.received_on), "due": wareki(voice.due_on)},
        _("対象：%(about)s") % {"about": voice.about_label or voice.forum.name},
    ]
    if voice.asker:
        parts.append(_("質問した方：%(asker)s") % {"asker": voice.asker})
    parts += ["", _("【内容】"), voice.body]
    if voice.answer:
        parts += [
            "",
            _("【回答案】") if voice.is_open else _("【回答】"),
            voice.answer,
            voice.answered_by_label,
        ]
    if voice.declined_reason:
        parts += ["", _("【回答の対象外とした理由】"), voice.declined_reason]
    if note:
        parts += ["", _("【連絡】"), note]
    return "\n".join(parts)


# --- mails -----------------------------------------------------------------------------------------------------------


def _tell_sections(voice: Voice, act: str) -> None:
    """A mail to the section of each answering post that nobody with an account holds."""
    today = timezone.localdate()
    for post in (voice.post, voice.deputy_post):
        if post is not None and post.email and not holders_of([post.pk], today).exists():
            payload = {"voice": voice.pk, "mail": "section", "post": post.pk}
            outbox.emit(MAIL, payload, key=f"{MAIL}:{act}:{post.pk}")


@outbox.handles(MAIL)
def send(payload: dict[str, Any]) -> None:
    """One mail. An address that was erased meanwhile gets none."""
    voice = Voice.objects.select_related("forum").get(pk=payload["voice"])
    mail = payload["mail"]
    address = Post.objects.get(pk=payload["post"]).email if mail == "section" else voice.email
    receipt = reverse("ecosystems:voice_receipt", args=[voice.receipt_id])
    context = {
        "voice": voice,
        "site": settings.SITE_NAME,
        "words": words_of(voice) if mail == "section" else "",
        "receipt_url": settings.PUBLIC_URL.rstrip("/") + receipt,
        "due": wareki(voice.due_on),
    }
    body = render_to_string(f"ecosystems/voice_mail_{mail}.txt", context)
    send_letter(address, _subject(voice, mail), body)


def _subject(voice: Voice, mail: str) -> str:
    if mail == "received":
        return _("ご意見・ご質問を受け付けました（受付番号 %(code)s）") % {"code": voice.code}
    if mail == "section":
        due = f"{voice.due_on.month}/{voice.due_on.day}"
        return _("【回答期限%(due)s】ご意見・ご質問への回答のお願い") % {"due": due}
    return _("ご意見・ご質問へのお返事（受付番号 %(code)s）") % {"code": voice.code}

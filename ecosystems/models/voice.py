"""ご意見・ご質問: what residents ask, who has to answer by when, and what became public of it."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from actors.models import Owned
from ecosystems.models.forum import Forum
from foundation.dates import add_business_days
from foundation.guards import append_only
from foundation.models import StateEvent

ANSWER_WITHIN = 10  # business days, counted from the day after the question came in


class Voice(Owned):
    """One question or opinion of a resident. `post` is who has to answer.

    `about_key` points at what it is about, on whatever floor that stands (`ecosystems.subjects`). `body` stays as it
    was received; what everybody reads is `public_body`. `receipt_id` is the address by which the asker finds the
    answer and is known to nobody else. `email` is erased some time after the answer, `sender_mark` after a day.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("受付")
        ASSIGNED = "assigned", _("担当割当て")
        CHECKING = "checking", _("回答案の確認中")
        ANSWERED = "answered", _("回答済み")
        DECLINED = "declined", _("回答の対象外")

    class Channel(models.TextChoices):
        PAGE = "page", _("ページ")
        PHONE = "phone", _("電話")
        DESK = "desk", _("窓口・紙")

    forum = models.ForeignKey(Forum, models.PROTECT, related_name="voices", verbose_name=_("地域共創の場"))
    code = models.CharField(_("受付番号"), max_length=16)
    receipt_id = models.UUIDField(_("受付票の番号"), default=uuid.uuid4, unique=True, editable=False)
    about_key = models.CharField(_("対象の鍵"), max_length=200, blank=True)
    about_label = models.CharField(_("対象"), max_length=300, blank=True)
    about_url = models.CharField(_("対象のページ"), max_length=300, blank=True)
    body = models.TextField(_("内容"))
    asker = models.CharField(_("お住まいの地区・年代"), max_length=60, blank=True)
    email = models.EmailField(_("メールアドレス"), blank=True)
    sender_mark = models.CharField(_("送信元の印"), max_length=64, blank=True, editable=False)
    channel = models.CharField(_("受付の方法"), max_length=8, choices=Channel, default=Channel.PAGE)
    received_on = models.DateField(_("受付日"))
    due_on = models.DateField(_("回答期限"))
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.RECEIVED)
    answer = models.TextField(_("回答"), blank=True)
    answered_by_label = models.CharField(_("回答した課"), max_length=200, blank=True)
    written_by_id = models.BigIntegerField(_("回答案を書いた人"), null=True, blank=True, editable=False)
    answered_on = models.DateField(_("回答日"), null=True, blank=True)
    declined_reason = models.TextField(_("回答の対象外とした理由"), blank=True)
    closed_at = models.DateTimeField(_("終えた日時"), null=True, blank=True)
    is_published = models.BooleanField(_("公開"), default=False)
    published_at = models.DateTimeField(_("公表日時"), null=True, blank=True)
    public_body = models.TextField(_("公開する内容"), blank=True)
    search = models.TextField(_("検索用"), blank=True, editable=False)

    class Meta:
        verbose_name = _("ご意見・ご質問")
        verbose_name_plural = _("ご意見・ご質問")
        ordering = ["-received_on", "-id"]
        indexes = [
            models.Index(fields=["forum", "state", "due_on"], name="voice_queue"),
            models.Index(fields=["is_published", "-answered_on", "-id"], name="voice_public"),
            models.Index(fields=["about_key"], name="voice_about"),
            models.Index(fields=["sender_mark", "created_at"], name="voice_sender"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["forum", "code"], name="voice_code_once"),
            models.CheckConstraint(
                condition=models.Q(is_published=False) | models.Q(state="answered"),
                name="voice_published_answered",
                violation_error_message=_("回答していないご意見・ご質問は公開できません。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.about_label}".strip()

    @staticmethod
    def due_for(received_on: date) -> date:
        """回答期限: ten business days from the day after."""
        return add_business_days(received_on, ANSWER_WITHIN)

    @property
    def is_open(self) -> bool:
        return self.state not in (self.State.ANSWERED, self.State.DECLINED)

    def late_days(self, today: date) -> int:
        """By how many days the answer was late, or is by now; 0 in time, and for what is not answered at all."""
        if self.state == self.State.DECLINED:
            return 0
        return max(0, ((self.answered_on or today) - self.due_on).days)

    @property
    def is_shortened(self) -> bool:
        """Whether what everybody reads is not what was received, word for word."""
        return bool(self.public_body) and self.public_body != self.body


@append_only
class VoiceEvent(StateEvent):
    """One step in the life of a question: who, for whom, when, and why. Kept for ever; holds no e-mail address."""

    voice = models.ForeignKey(Voice, models.PROTECT, related_name="events", verbose_name=_("ご意見・ご質問"))
    step = models.CharField(_("行ったこと"), max_length=100)
    user_id = models.BigIntegerField(_("行った利用者"), null=True)
    user_name = models.CharField(_("行った人の氏名"), max_length=200, blank=True)
    organization_name = models.CharField(_("機関"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("ご意見・ご質問の記録")
        verbose_name_plural = _("ご意見・ご質問の記録")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.step} {self.at:%Y-%m-%d %H:%M}"

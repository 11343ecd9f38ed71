"""Notices: what a person is told inside the portal and, unless read before, by mail."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.models.base import PublicModel
from foundation.notice_topics import topic_label


class Notice(PublicModel):
    """One thing told to one person (お知らせ). `key` is the occasion: the same person is told of it once.

    `mail_after` is when a mail is due (or tried again); None: no mail, since the topic is not mailed or cannot be.
    """

    user_id = models.BigIntegerField(_("宛先"))
    topic = models.CharField(_("種類"), max_length=100)
    title = models.CharField(_("件名"), max_length=200)
    body = models.TextField(_("本文"), blank=True)
    url = models.CharField(_("リンク先"), max_length=500, blank=True)
    key = models.CharField(_("重複防止の鍵"), max_length=200)
    read_at = models.DateTimeField(_("既読日時"), null=True)
    mailed_at = models.DateTimeField(_("送信日時"), null=True)
    mail_after = models.DateTimeField(_("次に送る日時"), null=True)
    mail_token = models.UUIDField(_("送信の札"), null=True)
    mail_attempts = models.PositiveSmallIntegerField(_("試した回数"), default=0)

    class Meta:
        verbose_name = _("お知らせ")
        verbose_name_plural = _("お知らせ")
        constraints = [models.UniqueConstraint(fields=["user_id", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["user_id", "-created_at", "-id"], name="notice_list"),
            models.Index(fields=["user_id"], name="notice_unread", condition=models.Q(read_at=None)),
            models.Index(
                fields=["mail_after"],
                name="notice_due",
                condition=models.Q(mailed_at=None, read_at=None, mail_after__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def topic_label(self) -> str:
        return topic_label(self.topic)

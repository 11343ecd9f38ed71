"""The transactional outbox: what must still follow from something that was committed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Message(models.Model):
    """One thing to be done after a commit, written in that commit; delivered at least once.

    What is due is taken by `available_at`, then id: a message that failed waits, and later ones overtake it.
    """

    topic = models.CharField(_("件名"), max_length=100)
    payload = models.JSONField(_("内容"))
    key = models.CharField(_("重複防止の鍵"), max_length=200, unique=True, null=True)  # noqa: DJ001 (NULL: no key)
    created_at = models.DateTimeField(_("登録日時"), auto_now_add=True)
    available_at = models.DateTimeField(_("次に試す日時"))
    attempts = models.PositiveSmallIntegerField(_("試した回数"), default=0)
    last_error = models.TextField(_("直近の誤り"), blank=True)
    done_at = models.DateTimeField(_("完了日時"), null=True)
    dead_at = models.DateTimeField(_("断念した日時"), null=True)

    class Meta:
        verbose_name = _("送信待ち")
        verbose_name_plural = _("送信待ち")
        indexes = [
            models.Index(
                fields=["available_at", "id"],
                name="outbox_open",
                condition=models.Q(done_at__isnull=True, dead_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"

"""Writes that were already performed, so that a repeated request gets the first answer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class IdempotencyKey(models.Model):
    """One performed write: who sent which key where, what the request was, and what was answered.

    The row is committed together with what the request did, so a key without an answer does not exist. `user_id` is
    empty for forms that need no account; their key is a random token that only the form's sender has.
    """

    user_id = models.BigIntegerField(_("利用者"), null=True)
    key = models.CharField(_("鍵"), max_length=200)
    path = models.CharField(_("パス"), max_length=500)
    method = models.CharField(_("メソッド"), max_length=10)
    request_hash = models.CharField(_("要求のハッシュ値"), max_length=64)
    status = models.PositiveSmallIntegerField(_("応答の状態"))
    location = models.CharField(_("移動先"), max_length=1000, blank=True)
    body = models.TextField(_("応答の本文"), blank=True)
    created_at = models.DateTimeField(_("登録日時"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("重複防止の記録")
        verbose_name_plural = _("重複防止の記録")
        constraints = [
            models.UniqueConstraint(fields=["user_id", "key", "path"], name="idempotency_once"),
            models.UniqueConstraint(
                fields=["key", "path"], name="idempotency_once_anonymous", condition=models.Q(user_id=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

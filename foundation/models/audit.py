"""The audit trail: what was done, by whom, on whose behalf, to what, why and when; sealed in batches."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.guards import append_only


@append_only
class AuditEntry(models.Model):
    """One act, written in the transaction of the act itself. Never changed, never deleted."""

    at = models.DateTimeField(_("日時"), db_index=True)
    actor_id = models.UUIDField(_("利用者"), null=True, db_index=True)
    actor_label = models.CharField(_("利用者の表示名"), max_length=200)
    on_behalf_of = models.CharField(_("代表した機関"), max_length=200, blank=True)
    action = models.CharField(_("操作"), max_length=100, db_index=True)
    object_type = models.CharField(_("対象の種類"), max_length=100)
    object_id = models.CharField(_("対象のID"), max_length=64)
    object_label = models.CharField(_("対象の表示名"), max_length=300, blank=True)
    before = models.JSONField(_("変更前"), null=True)
    after = models.JSONField(_("変更後"), null=True)
    reason = models.TextField(_("理由"), blank=True)
    request_id = models.CharField(_("要求ID"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("監査記録")
        verbose_name_plural = _("監査記録")
        indexes = [models.Index(fields=["object_type", "object_id"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_label} {self.action}"


@append_only
class AuditSeal(models.Model):
    """A hash over all entries of a range and over the previous seal: a removed or changed entry breaks the chain."""

    first_entry = models.BigIntegerField(_("最初の記録"))
    last_entry = models.BigIntegerField(_("最後の記録"), unique=True)
    entry_count = models.PositiveIntegerField(_("件数"))
    previous_digest = models.CharField(_("直前の封の値"), max_length=64, blank=True)
    digest = models.CharField(_("封の値"), max_length=64)
    sealed_at = models.DateTimeField(_("封をした日時"))

    class Meta:
        verbose_name = _("監査記録の封")
        verbose_name_plural = _("監査記録の封")

    def __str__(self) -> str:
        return f"{self.first_entry}–{self.last_entry}"

"""Long work that people wait for. The database is the queue of record; workers are only the hands."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.models.base import PublicModel


class Job(PublicModel):
    """One piece of long work: asked by whom, how far it is, how it ended."""

    class State(models.TextChoices):
        QUEUED = "queued", _("待機中")
        RUNNING = "running", _("実行中")
        SUCCEEDED = "succeeded", _("完了")
        FAILED = "failed", _("失敗")
        CANCELLED = "cancelled", _("取消し")

    kind = models.CharField(_("種類"), max_length=100)
    arguments = models.JSONField(_("引数"), default=dict)
    # Users live a floor above: their ids are kept without a foreign key (no arrow may go up).
    requested_by_id = models.BigIntegerField(_("依頼者"), null=True, db_index=True)
    on_behalf_of_id = models.BigIntegerField(_("代表した機関"), null=True)
    unique_key = models.CharField(_("重複防止の鍵"), max_length=200, unique=True, null=True)  # noqa: DJ001
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.QUEUED)
    available_at = models.DateTimeField(_("次に試す日時"))
    attempts = models.PositiveSmallIntegerField(_("試した回数"), default=0)
    lease_until = models.DateTimeField(_("作業の期限"), null=True)
    lease_token = models.UUIDField(_("作業の札"), null=True)
    done = models.PositiveIntegerField(_("済んだ件数"), default=0)
    total = models.PositiveIntegerField(_("全件数"), default=0)
    message = models.CharField(_("進み具合"), max_length=200, blank=True)
    cancel_requested = models.BooleanField(_("取消しの依頼"), default=False)
    result = models.JSONField(_("結果"), null=True)
    error = models.TextField(_("誤り"), blank=True)
    started_at = models.DateTimeField(_("開始日時"), null=True)
    finished_at = models.DateTimeField(_("終了日時"), null=True)

    class Meta:
        verbose_name = _("処理")
        verbose_name_plural = _("処理")
        indexes = [
            models.Index(
                fields=["available_at", "id"],
                name="jobs_open",
                condition=models.Q(state__in=("queued", "running")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)

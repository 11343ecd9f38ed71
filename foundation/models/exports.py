"""Files that people asked the portal to make."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.models.base import PublicModel
from foundation.models.files import StoredFile
from foundation.models.jobs import Job


class Export(PublicModel):
    """One export (書き出し): who asked for what, on behalf of whom. How far it is stands on its job.

    It links to its file only when the whole file is there, and until it expires.
    """

    class Format(models.TextChoices):
        XLSX = "xlsx", _("XLSX")
        CSV = "csv", _("CSV")
        PDF = "pdf", _("PDF")

    kind = models.CharField(_("種類"), max_length=100)
    label = models.CharField(_("名称"), max_length=200)
    format = models.CharField(_("形式"), max_length=8, choices=Format)
    parameters = models.JSONField(_("条件"), default=dict)
    # Users live a floor above: their ids are kept without a foreign key (no arrow may go up).
    requested_by_id = models.BigIntegerField(_("依頼者"), db_index=True)
    on_behalf_of_id = models.BigIntegerField(_("代表した機関"), null=True)
    on_behalf_of = models.CharField(_("代表した機関の名称"), max_length=200, blank=True)
    as_of = models.DateTimeField(_("基準時点"), null=True)
    rights = models.CharField(_("作ったときの権限"), max_length=200, blank=True)
    job = models.OneToOneField(Job, verbose_name=_("処理"), on_delete=models.PROTECT, related_name="export")
    file = models.ForeignKey(StoredFile, verbose_name=_("ファイル"), on_delete=models.PROTECT, null=True)
    row_count = models.PositiveIntegerField(_("件数"), null=True)
    expires_at = models.DateTimeField(_("保存期限"), null=True)

    class Meta:
        verbose_name = _("書き出し")
        verbose_name_plural = _("書き出し")
        indexes = [
            models.Index(fields=["expires_at"], name="exports_expiry", condition=models.Q(file__isnull=False))
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_open(self) -> bool:
        return self.job.is_open

    @property
    def is_expired(self) -> bool:
        """Whether there was a file that is no longer kept."""
        return self.job.state == Job.State.SUCCEEDED and self.file_id is None

"""Workbooks that people fill in offline and bring back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.models import PublicModel
from kpis.models.scorecard import Scorecard


class WorkbookImport(PublicModel):
    """取込み: one uploaded workbook, what it would change, and whether it was taken into the draft.

    `counts` is {kind: number of rows}; `lines` are the rows that the preview lists, as many as a page can bear.
    """

    class State(models.TextChoices):
        READING = "reading", _("読取り中")
        READY = "ready", _("確認待ち")
        REFUSED = "refused", _("直すところあり")
        APPLYING = "applying", _("取込み中")
        APPLIED = "applied", _("取込み済み")
        DISCARDED = "discarded", _("取りやめ")

    scorecard = models.ForeignKey(
        Scorecard, models.PROTECT, related_name="imports", verbose_name=_("KPI一覧")
    )
    organization = models.ForeignKey(
        "actors.Organization", models.PROTECT, related_name="+", verbose_name=_("機関")
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("取り込んだ人")
    )
    file = models.ForeignKey(
        "foundation.StoredFile", models.PROTECT, related_name="+", verbose_name=_("ファイル")
    )
    job = models.ForeignKey(
        "foundation.Job", models.SET_NULL, null=True, related_name="+", verbose_name=_("処理")
    )
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.READING)
    overwrite = models.BooleanField(_("ほかの人の変更を置き換える"), default=False)
    counts = models.JSONField(_("件数"), default=dict)
    lines = models.JSONField(_("変わるところ"), default=list)
    message = models.TextField(_("知らせ"), blank=True)

    class Meta:
        verbose_name = _("ブックの取込み")
        verbose_name_plural = _("ブックの取込み")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.scorecard} {self.file}"

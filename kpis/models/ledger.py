"""The ledger: measurements that never change, the events beside them, and the evidence behind them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.fields import ExactDecimalField
from foundation.guards import append_only
from foundation.models import Attachment
from kpis.fields import PeriodField
from kpis.models.indicator import Indicator, choices_of
from kpis.models.submission import Submission
from kpis.querysets import MeasurementQuerySet
from kpis.rules import Missing, Nature


@append_only
class Measurement(models.Model):
    """実績値: one figure for one cell (indicator, period) as it was submitted. A correction is another row.

    Ratios carry numerator and denominator instead of a value; a row of 欠測 or 対象外 carries neither, but a reason.
    `unit` is the unit in force when it was entered. Order of entry is the order of `id`.
    """

    public_id = models.UUIDField(_("公開ID"), default=uuid.uuid4, unique=True, editable=False)
    indicator = models.ForeignKey(
        Indicator, models.PROTECT, db_index=False, related_name="measurements", verbose_name=_("KPI")
    )
    period = PeriodField(_("期間"))
    submission = models.ForeignKey(
        Submission, models.PROTECT, null=True, related_name="measurements", verbose_name=_("提出")
    )
    organization = models.ForeignKey(
        "actors.Organization", models.PROTECT, null=True, related_name="+", verbose_name=_("報告した機関")
    )
    post = models.ForeignKey(
        "actors.Post", models.PROTECT, null=True, related_name="+", verbose_name=_("報告した担当")
    )
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("報告者")
    )
    reporter_name = models.CharField(_("報告者の氏名"), max_length=200, blank=True)
    unit = models.CharField(_("単位"), max_length=32)
    value = ExactDecimalField(_("値"), null=True)
    numerator = ExactDecimalField(_("分子"), null=True)
    denominator = ExactDecimalField(_("分母"), null=True)
    nature = models.CharField(
        _("数値の性質"), max_length=16, choices=choices_of(Nature), default=Nature.FINAL
    )
    missing = models.CharField(
        _("値がない理由の区分"), max_length=16, choices=choices_of(Missing), blank=True
    )
    note = models.TextField(_("備考"), blank=True)
    recorded_at = models.DateTimeField(_("登録日時"))

    objects = MeasurementQuerySet.as_manager()

    class Meta:
        verbose_name = _("実績値")
        verbose_name_plural = _("実績値")
        ordering = ["id"]
        indexes = [models.Index(fields=["indicator", "period", "-id"], name="measurement_cell")]

    def __str__(self) -> str:
        return f"{self.indicator} {self.period}"


@append_only
class MeasurementEvent(models.Model):
    """What happened to a measurement. Its id is the 記録番号; `at` is the database's clock under the ledger's lock."""

    class Kind(models.TextChoices):
        SUBMITTED = "submitted", _("提出済み")
        APPROVED = "approved", _("承認済み")
        RETURNED = "returned", _("差戻し")
        WITHDRAWN = "withdrawn", _("取下げ")

    measurement = models.ForeignKey(
        Measurement, models.PROTECT, db_index=False, related_name="events", verbose_name=_("実績値")
    )
    kind = models.CharField(_("出来事"), max_length=16, choices=Kind)
    at = models.DateTimeField(_("日時"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("行った人")
    )
    user_name = models.CharField(_("行った人の氏名"), max_length=200, blank=True)
    organization = models.ForeignKey(
        "actors.Organization", models.PROTECT, null=True, related_name="+", verbose_name=_("機関")
    )
    post = models.ForeignKey(
        "actors.Post", models.PROTECT, null=True, related_name="+", verbose_name=_("担当ポスト")
    )
    is_same_organization = models.BooleanField(_("報告と同じ機関"), default=False)
    note = models.TextField(_("理由・メモ"), blank=True)

    class Meta:
        verbose_name = _("実績値の記録")
        verbose_name_plural = _("実績値の記録")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["measurement", "kind"], name="measurement_event_once")]
        indexes = [models.Index(fields=["at"], name="measurement_event_at")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


class Evidence(Attachment):
    """根拠資料: a file or a link behind the figures of a submission, for one indicator or for all of them."""

    submission = models.ForeignKey(
        Submission, models.PROTECT, related_name="evidence", verbose_name=_("提出")
    )
    indicator = models.ForeignKey(
        Indicator, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("KPI")
    )

    class Meta:
        verbose_name = _("根拠資料")
        verbose_name_plural = _("根拠資料")
        ordering = ["submission_id", "id"]

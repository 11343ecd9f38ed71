"""What is being entered: drafts before the ledger, gathered in submissions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.models import PublicModel
from kpis.fields import PeriodField
from kpis.models.indicator import Indicator, choices_of
from kpis.models.scorecard import Scorecard
from kpis.rules import Missing, Nature


class Submission(PublicModel):
    """Figures that one organisation enters and submits together on one scorecard.

    A draft is seen by the whole organisation. Submitting turns its entries into measurements; from then on the
    measurements' own events tell what happens. Figures with a `bundle` (a report) are reviewed with it alone.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("下書き")
        IN_HOUSE = "in_house", _("所属内確認中")
        SUBMITTED = "submitted", _("提出済み")
        DISCARDED = "discarded", _("取りやめ")

    scorecard = models.ForeignKey(
        Scorecard, models.PROTECT, related_name="submissions", verbose_name=_("KPI一覧")
    )
    organization = models.ForeignKey(
        "actors.Organization", models.PROTECT, related_name="+", verbose_name=_("提出する機関")
    )
    post = models.ForeignKey(
        "actors.Post", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("担当ポスト")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("作成者")
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("提出者")
    )
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.DRAFT)
    submitted_at = models.DateTimeField(_("提出日時"), null=True, blank=True)
    approved_in_house_on = models.DateField(_("決裁日"), null=True, blank=True)
    document_number = models.CharField(_("文書番号"), max_length=100, blank=True)
    note = models.TextField(_("連絡事項"), blank=True)
    bundle = models.CharField(_("まとめて確認するもの"), max_length=120, blank=True, db_index=True)
    bundle_label = models.CharField(_("まとめて確認するものの名称"), max_length=300, blank=True)
    bundle_url = models.CharField(_("まとめて確認するページ"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("実績値の提出")
        verbose_name_plural = _("実績値の提出")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["scorecard", "organization"],
                condition=models.Q(state__in=("draft", "in_house")),
                name="submission_one_draft",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scorecard}（{self.organization}）"


class DraftEntry(models.Model):
    """One cell as typed, kept even while it is not a figure yet; what was entered is never lost."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="entries", verbose_name=_("提出"))
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+", verbose_name=_("KPI"))
    period = PeriodField(_("期間"))
    value = models.CharField(_("値（入力のまま）"), max_length=64, blank=True)
    numerator = models.CharField(_("分子（入力のまま）"), max_length=64, blank=True)
    denominator = models.CharField(_("分母（入力のまま）"), max_length=64, blank=True)
    nature = models.CharField(
        _("数値の性質"), max_length=16, choices=choices_of(Nature), default=Nature.FINAL
    )
    missing = models.CharField(
        _("値がない理由の区分"), max_length=16, choices=choices_of(Missing), blank=True
    )
    note = models.TextField(_("備考"), blank=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("入力者")
    )
    updated_at = models.DateTimeField(_("入力日時"), auto_now=True)

    class Meta:
        verbose_name = _("下書きの値")
        verbose_name_plural = _("下書きの値")
        ordering = ["submission_id", "indicator_id", "period"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "indicator", "period"], name="draft_entry_once")
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.period}"

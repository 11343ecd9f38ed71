"""Asking another section for figures: those who have them need no account."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from actors.models import Owned
from kpis.fields import PeriodField
from kpis.models.indicator import Indicator, choices_of
from kpis.models.scorecard import Scorecard
from kpis.models.submission import Submission
from kpis.rules import Nature


class InputRequest(Owned):
    """入力依頼: one section is asked, by mail, for a few cells by a day. The answer is a submission of its own."""

    class State(models.TextChoices):
        ASKED = "asked", _("依頼中")
        ANSWERED = "answered", _("回答済み")
        WITHDRAWN = "withdrawn", _("取下げ")

    scorecard = models.ForeignKey(
        Scorecard, models.PROTECT, related_name="input_requests", verbose_name=_("KPI一覧")
    )
    organization = models.ForeignKey(
        "actors.Organization", models.PROTECT, related_name="+", verbose_name=_("依頼した機関")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("依頼した人")
    )
    section = models.CharField(_("依頼先の部署"), max_length=200)
    email = models.EmailField(_("依頼先のメール"))
    message = models.TextField(_("依頼の内容"), blank=True)
    due_on = models.DateField(_("回答期限"))
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.ASKED)
    sender_name = models.CharField(_("回答者の氏名"), max_length=100, blank=True)
    sender_section = models.CharField(_("回答者の部署"), max_length=200, blank=True)
    answered_at = models.DateTimeField(_("回答日時"), null=True, blank=True)
    submission = models.ForeignKey(
        Submission,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="input_requests",
        verbose_name=_("提出"),
    )

    class Meta:
        verbose_name = _("入力依頼")
        verbose_name_plural = _("入力依頼")
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(submission__isnull=False),
                name="input_request_answered_by",
                violation_error_message=_("回答済みの依頼には、提出が要ります。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.scorecard}（{self.section}）"


class RequestedCell(models.Model):
    """One cell that is asked for, and what kind of figure it shall be (見込値 in autumn, 確定値 otherwise)."""

    request = models.ForeignKey(
        InputRequest, models.CASCADE, related_name="cells", verbose_name=_("入力依頼")
    )
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+", verbose_name=_("KPI"))
    period = PeriodField(_("期間"))
    nature = models.CharField(
        _("数値の性質"), max_length=16, choices=choices_of(Nature), default=Nature.FINAL
    )

    class Meta:
        verbose_name = _("依頼した欄")
        verbose_name_plural = _("依頼した欄")
        ordering = ["request_id", "indicator__position", "indicator_id", "period"]
        constraints = [
            models.UniqueConstraint(fields=["request", "indicator", "period"], name="requested_cell_once")
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.period}"

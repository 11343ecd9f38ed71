"""地域ビジョン: versions that organisations agree to, and the themes and steps of the backcast."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from actors.models import Owned, Signature
from ecosystems.models import Decision, Forum
from ecosystems.models.forum import Visibility
from foundation.models import PublicModel
from kpis.models import Indicator, Scorecard


class Vision(Owned):
    """The future a region aims at, with its horizon; its words live in versions, its KPIs on its scorecard."""

    Visibility = Visibility

    forum = models.ForeignKey(Forum, models.PROTECT, related_name="visions", verbose_name=_("地域共創の場"))
    code = models.CharField(_("番号"), max_length=32, blank=True)
    name = models.CharField(_("名称"), max_length=200)
    target_year = models.PositiveSmallIntegerField(_("目標年度"))
    scorecard = models.OneToOneField(
        Scorecard, models.PROTECT, related_name="vision", verbose_name=_("KPI一覧")
    )
    visibility = models.CharField(
        _("公開範囲"), max_length=16, choices=Visibility, default=Visibility.MEMBERS
    )

    class Meta:
        verbose_name = _("地域ビジョン")
        verbose_name_plural = _("地域ビジョン")
        ordering = ["forum_id", "code", "id"]

    def __str__(self) -> str:
        return self.name


class VisionVersion(PublicModel):
    """One fixed version of a vision's words."""

    vision = models.ForeignKey(
        Vision, models.PROTECT, related_name="versions", verbose_name=_("地域ビジョン")
    )
    number = models.CharField(_("版"), max_length=16)
    text = models.TextField(_("ビジョン文"))
    plain_summary = models.TextField(_("住民向けの要約"), blank=True)
    change_note = models.TextField(_("見直しの内容"), blank=True)
    agreed_on = models.DateField(_("合意日"), null=True, blank=True)
    decision = models.ForeignKey(
        Decision, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("決定事項")
    )
    is_current = models.BooleanField(_("現行"), default=False)

    class Meta:
        verbose_name = _("ビジョンの版")
        verbose_name_plural = _("ビジョンの版")
        ordering = ["vision_id", "-agreed_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["vision"], condition=Q(is_current=True), name="vision_version_current"
            ),
            models.UniqueConstraint(fields=["vision", "number"], name="vision_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.vision} 第{self.number}版"


class VisionStance(Signature):
    """How one organisation answers to one version of a vision."""

    version = models.ForeignKey(
        VisionVersion, models.PROTECT, related_name="stances", verbose_name=_("ビジョンの版")
    )

    class Meta:
        verbose_name = _("ビジョンへの回答")
        verbose_name_plural = _("ビジョンへの回答")
        constraints = [models.UniqueConstraint(fields=["version", "organization"], name="vision_stance_once")]

    def __str__(self) -> str:
        return f"{self.organization} {self.get_stance_display()}"


class Theme(Owned):
    """テーマ・社会課題: a step of the backcast between the vision and its projects."""

    vision = models.ForeignKey(Vision, models.PROTECT, related_name="themes", verbose_name=_("地域ビジョン"))
    code = models.CharField(_("番号"), max_length=32, blank=True)
    name = models.CharField(_("テーマ"), max_length=200)
    position = models.PositiveSmallIntegerField(_("順番"), default=0)
    reason = models.TextField(_("なぜ取り組むか"), blank=True)
    future = models.TextField(_("目標年度の姿"), blank=True)
    roles = models.TextField(_("役割（主／協力）"), blank=True)
    indicators = models.ManyToManyField(Indicator, blank=True, related_name="themes", verbose_name=_("KPI"))

    class Meta:
        verbose_name = _("テーマ")
        verbose_name_plural = _("テーマ")
        ordering = ["vision_id", "position", "id"]

    def __str__(self) -> str:
        return self.name


class Step(PublicModel):
    """節目: an event that has to be done by a fiscal year, on the way back from the vision."""

    theme = models.ForeignKey(Theme, models.PROTECT, related_name="steps", verbose_name=_("テーマ"))
    by_fiscal_year = models.PositiveSmallIntegerField(_("年度まで"))
    text = models.CharField(_("節目"), max_length=300)
    done_note = models.CharField(_("済み"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("節目")
        verbose_name_plural = _("節目")
        ordering = ["theme_id", "-by_fiscal_year", "id"]

    def __str__(self) -> str:
        return self.text

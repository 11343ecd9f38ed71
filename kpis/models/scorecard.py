"""Scorecards: the one door of the KPI core. A vision has one, a project has one, a theme may."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from actors.models import Owned
from ecosystems.models import Forum
from ecosystems.models.forum import Visibility
from foundation.models import PublicModel


class Scorecard(Owned):
    """The set of indicators that one thing is judged by, with its visibility and the organisations that take part.

    Whoever owns the card (a vision, a project) writes its name, visibility and participants.
    """

    Visibility = Visibility

    forum = models.ForeignKey(
        Forum, models.PROTECT, related_name="scorecards", verbose_name=_("地域共創の場")
    )
    name = models.CharField(_("名称"), max_length=300)
    visibility = models.CharField(
        _("公開範囲"), max_length=16, choices=Visibility, default=Visibility.MEMBERS
    )
    participants = models.ManyToManyField(
        "actors.Organization", blank=True, related_name="scorecards", verbose_name=_("参加者")
    )
    figures_version = models.PositiveBigIntegerField(_("集計の更新回数"), default=0, editable=False)
    figures_at = models.DateTimeField(_("集計日時"), null=True, editable=False)

    class Meta:
        verbose_name = _("KPI一覧")
        verbose_name_plural = _("KPI一覧")
        ordering = ["forum_id", "id"]

    def __str__(self) -> str:
        return self.name


class GradeScheme(PublicModel):
    """評価区分: a forum's ordered rules of judgement, in versions; `kpis.grades` reads the definition."""

    forum = models.ForeignKey(
        Forum, models.PROTECT, related_name="grade_schemes", verbose_name=_("地域共創の場")
    )
    name = models.CharField(_("名称"), max_length=100)
    definition = models.JSONField(_("規則"))
    recorded_at = models.DateTimeField(_("登録日時"))
    superseded_at = models.DateTimeField(_("置き換えた日時"), null=True, blank=True)

    class Meta:
        verbose_name = _("評価区分")
        verbose_name_plural = _("評価区分")
        constraints = [
            models.UniqueConstraint(
                fields=["forum"], condition=models.Q(superseded_at__isnull=True), name="grade_scheme_current"
            )
        ]

    def __str__(self) -> str:
        return self.name

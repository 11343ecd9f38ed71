"""Public record to learn from: sources, roadmaps (工程表) and regional cases (事例)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecosystems.models.forum import Forum, Visibility
from foundation.models import PublicModel


class Source(PublicModel):
    """A publication that figures and cases are taken from."""

    code = models.CharField(_("番号"), max_length=32, unique=True)
    title = models.CharField(_("表題"), max_length=300)
    publisher = models.CharField(_("発行者"), max_length=200, blank=True)
    year = models.CharField(_("年"), max_length=32, blank=True)
    note = models.TextField(_("補足"), blank=True)

    class Meta:
        verbose_name = _("出典")
        verbose_name_plural = _("出典")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title


class RoadmapItem(PublicModel):
    """One line of a 工程表: the issue, the direction of its solution, the reform, when, and who."""

    forum = models.ForeignKey(Forum, models.PROTECT, related_name="roadmap", verbose_name=_("地域共創の場"))
    position = models.PositiveSmallIntegerField(_("順番"))
    section = models.CharField(_("区分"), max_length=300, blank=True)
    issue = models.TextField(_("課題"))
    direction = models.TextField(_("課題解決の方向"), blank=True)
    reform = models.TextField(_("改革の概要"), blank=True)
    schedule = models.CharField(_("実施時期"), max_length=300, blank=True)
    ministries = models.CharField(_("所管府省及び連携府省"), max_length=300, blank=True)
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("出典")
    )

    class Meta:
        verbose_name = _("工程表の項目")
        verbose_name_plural = _("工程表の項目")
        ordering = ["forum_id", "position", "id"]

    def __str__(self) -> str:
        return self.issue[:60]


class Case(PublicModel):
    """事例: success or failure, told as 特徴／成果／課題／要因."""

    class Outcome(models.TextChoices):
        SUCCESS = "success", _("うまくいった事例")
        FAILURE = "failure", _("うまくいかなかった事例")
        ONGOING = "ongoing", _("取組の事例")

    forum = models.ForeignKey(
        Forum, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name=_("地域共創の場")
    )
    code = models.CharField(_("番号"), max_length=32, blank=True)
    title = models.CharField(_("題名"), max_length=300)
    region = models.CharField(_("地域"), max_length=100, blank=True)
    outcome = models.CharField(_("区分"), max_length=16, choices=Outcome, default=Outcome.ONGOING)
    features = models.TextField(_("特徴"))
    results = models.TextField(_("成果"), blank=True)
    problems = models.TextField(_("課題"), blank=True)
    factors = models.TextField(_("要因"), blank=True)
    next_time = models.TextField(_("やり直すなら"), blank=True)
    organizations = models.ManyToManyField("actors.Organization", blank=True, related_name="cases")
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("出典")
    )
    visibility = models.CharField(_("公開範囲"), max_length=16, choices=Visibility, default=Visibility.PUBLIC)

    class Meta:
        verbose_name = _("事例")
        verbose_name_plural = _("事例")
        ordering = ["code", "id"]

    def __str__(self) -> str:
        return self.title

"""Projects: what organisations do together towards a theme. Registering and reporting grow on this ground."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from actors.models import Organization, Owned
from ecosystems.models import Forum
from ecosystems.models.forum import Visibility
from foundation.models import PublicModel
from kpis.models import Scorecard
from visions.models import Theme


class Project(Owned):
    """産学官プロジェクト: led by one organisation, joined by others, hung on themes, judged by its own scorecard."""

    Visibility = Visibility

    class Kind(models.TextChoices):
        JOINT_RESEARCH = "joint_research", _("共同研究")
        COMMISSIONED = "commissioned", _("受託研究")
        ACADEMIC_ADVICE = "academic_advice", _("学術指導")
        RESEARCH_COURSE = "research_course", _("共同研究講座")
        DEMONSTRATION = "demonstration", _("実証")
        COMMERCIALISATION = "commercialisation", _("事業化")
        TRAINING = "training", _("人材育成")
        CONSORTIUM = "consortium", _("コンソーシアム")

    class State(models.TextChoices):
        PREPARING = "preparing", _("準備中")
        RUNNING = "running", _("実施中")
        FINISHED = "finished", _("終了")
        STOPPED = "stopped", _("中止")

    forum = models.ForeignKey(Forum, models.PROTECT, related_name="projects", verbose_name=_("地域共創の場"))
    code = models.CharField(_("番号"), max_length=32, blank=True)
    name = models.CharField(_("名称"), max_length=300)
    summary = models.TextField(_("概要"), blank=True)
    kind = models.CharField(_("種別"), max_length=24, choices=Kind)
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.PREPARING)
    lead = models.ForeignKey(
        Organization, models.PROTECT, related_name="projects_led", verbose_name=_("代表機関")
    )
    partners = models.ManyToManyField(
        Organization,
        through="projects.Participation",
        related_name="projects",
        verbose_name=_("分担機関・相手方"),
    )
    themes = models.ManyToManyField(Theme, blank=True, related_name="projects", verbose_name=_("テーマ"))
    scorecard = models.OneToOneField(
        Scorecard, models.PROTECT, null=True, blank=True, related_name="project", verbose_name=_("KPI一覧")
    )
    starts_on = models.DateField(_("開始日"))
    ends_on = models.DateField(_("終了日"), null=True, blank=True)
    visibility = models.CharField(
        _("公開範囲"), max_length=16, choices=Visibility, default=Visibility.MEMBERS
    )

    class Meta:
        verbose_name = _("プロジェクト")
        verbose_name_plural = _("プロジェクト")
        ordering = ["forum_id", "code", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="project_period",
                violation_error_message=_("終了日は開始日以後の日にしてください。"),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Participation(PublicModel):
    """One organisation takes part in a project, in a role."""

    class Role(models.TextChoices):
        PARTNER = "partner", _("分担")
        SUPPORTER = "supporter", _("協力")

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="participations", verbose_name=_("プロジェクト")
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="participations", verbose_name=_("機関")
    )
    role = models.CharField(_("役割"), max_length=16, choices=Role, default=Role.PARTNER)
    position = models.PositiveSmallIntegerField(_("順番"), default=0)

    class Meta:
        verbose_name = _("参加機関")
        verbose_name_plural = _("参加機関")
        ordering = ["project_id", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["project", "organization"], name="participation_once")]

    def __str__(self) -> str:
        return f"{self.organization}（{self.get_role_display()}）"

"""Projects: what organisations do together towards a theme, with whom, with what money, and how it was corrected."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from actors.models import Organization, Owned
from actors.models.organization import check_corporate_number
from ecosystems.models import Decision, Forum
from ecosystems.models.forum import Visibility
from foundation.models import PublicModel
from kpis.models import Indicator, Scorecard
from visions.models import Theme


class Project(Owned):
    """産学官プロジェクト: led by one organisation, joined by others, hung on themes, judged by its own scorecard.

    `ends_on` is the last day as planned now, `planned_ends_on` as it was agreed at first. 公表可否 (`discloses_…`)
    says what people outside may read of a project that they see; whoever takes part reads everything.
    """

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

    class ContractKind(models.TextChoices):
        JOINT_RESEARCH = "joint_research", _("共同研究契約")
        COMMISSIONED = "commissioned", _("受託研究契約")
        ACADEMIC_ADVICE = "academic_advice", _("学術指導")
        RESEARCH_COURSE = "research_course", _("共同研究講座")
        AGREEMENT = "agreement", _("協定")
        OTHER = "other", _("その他")

    class Stage(models.TextChoices):
        BASIC = "basic", _("基礎研究")
        APPLIED = "applied", _("応用研究")
        DEMONSTRATION = "demonstration", _("実証")
        COMMERCIALISATION = "commercialisation", _("事業化")
        IN_SOCIETY = "in_society", _("社会実装")

    class AmountDisclosure(models.TextChoices):
        ALL = "all", _("可")
        TOTAL = "total", _("総額のみ可")
        NONE = "none", _("不可")

    forum = models.ForeignKey(Forum, models.PROTECT, related_name="projects", verbose_name=_("地域共創の場"))
    code = models.CharField(_("番号"), max_length=32, blank=True)
    name = models.CharField(_("名称"), max_length=300)
    summary = models.TextField(_("概要"), blank=True)
    kind = models.CharField(_("種別"), max_length=24, choices=Kind)
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.PREPARING)
    stage = models.CharField(_("段階"), max_length=24, choices=Stage, blank=True)
    contract_number = models.CharField(_("契約番号"), max_length=64, blank=True)
    contract_title = models.CharField(_("研究題目"), max_length=300, blank=True)
    contract_kind = models.CharField(_("契約の種類"), max_length=24, choices=ContractKind, blank=True)
    lead = models.ForeignKey(
        Organization, models.PROTECT, related_name="projects_led", verbose_name=_("代表機関")
    )
    department = models.CharField(_("代表機関の部局"), max_length=200, blank=True)
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
    planned_ends_on = models.DateField(_("終了日（当初）"), null=True, blank=True)
    ends_on = models.DateField(_("終了日"), null=True, blank=True)
    visibility = models.CharField(
        _("公開範囲"), max_length=16, choices=Visibility, default=Visibility.MEMBERS
    )
    discloses_partner = models.BooleanField(_("相手先の公表"), default=False)
    discloses_title = models.BooleanField(_("研究題目の公表"), default=False)
    discloses_amount = models.CharField(
        _("金額の公表"), max_length=8, choices=AmountDisclosure, default=AmountDisclosure.NONE
    )
    use_text = models.TextField(_("使うには（住民向けの案内）"), blank=True)
    use_phone = models.CharField(_("住民向けの電話番号"), max_length=32, blank=True)
    use_hours = models.CharField(_("電話の受付時間"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("プロジェクト")
        verbose_name_plural = _("プロジェクト")
        ordering = ["forum_id", "code", "id"]
        indexes = [models.Index(fields=["lead", "contract_number"], name="project_contract")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="project_period",
                violation_error_message=_("終了日は開始日以後の日にしてください。"),
            ),
            models.CheckConstraint(
                condition=Q(planned_ends_on__isnull=True) | Q(planned_ends_on__gte=F("starts_on")),
                name="project_planned_period",
                violation_error_message=_("終了日（当初）は開始日以後の日にしてください。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_extended(self) -> bool:
        """Whether the last day is another one than at first: later, or earlier."""
        return self.planned_ends_on is not None and self.planned_ends_on != self.ends_on


class Participation(PublicModel):
    """One organisation takes part in a project, in a role, with a responsible office on its side.

    An organisation that the portal does not know stands here under the name that was given, with its 法人番号 where
    that is known; it is linked as soon as the portal knows the number.
    """

    class Role(models.TextChoices):
        PARTNER = "partner", _("分担")
        SUPPORTER = "supporter", _("協力")

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="participations", verbose_name=_("プロジェクト")
    )
    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="participations",
        verbose_name=_("機関"),
    )
    given_name = models.CharField(_("機関の名称（登録のない機関）"), max_length=200, blank=True)
    corporate_number = models.CharField(
        _("法人番号"), max_length=13, blank=True, validators=[check_corporate_number]
    )
    department = models.CharField(_("担当部署"), max_length=200, blank=True)
    role = models.CharField(_("役割"), max_length=16, choices=Role, default=Role.PARTNER)
    position = models.PositiveSmallIntegerField(_("順番"), default=0)

    class Meta:
        verbose_name = _("参加機関")
        verbose_name_plural = _("参加機関")
        ordering = ["project_id", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "organization"],
                name="participation_once",
                violation_error_message=_("この機関は、すでに参加機関に入っています。"),
            ),
            models.CheckConstraint(
                condition=(Q(organization__isnull=False) & Q(given_name=""))
                | (Q(organization__isnull=True) & ~Q(given_name="")),
                name="participation_organization_or_name",
                violation_error_message=_("登録のある機関か、機関の名称のどちらか一方を入れてください。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.display_name}（{self.get_role_display()}）"

    @property
    def name(self) -> str:
        """The organisation's full name, known to the portal or as given."""
        return self.organization.name if self.organization else self.given_name

    @property
    def display_name(self) -> str:
        """The short name where there is one; used in tables."""
        return self.organization.display_name if self.organization else self.given_name


class TeamRole(PublicModel):
    """体制の確認: whether a role that the project may need is filled, and by whom. No row: not checked yet."""

    class Role(models.TextChoices):
        RESEARCH = "research", _("研究")
        MANUFACTURING = "manufacturing", _("製造")
        SALES = "sales", _("販売")
        FUNDING = "funding", _("資金")
        MUNICIPALITY = "municipality", _("自治体")
        IP = "ip", _("知財")

    class State(models.TextChoices):
        PRESENT = "present", _("いる")
        NOT_NEEDED = "not_needed", _("不要")
        MISSING = "missing", _("いない")

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="team_roles", verbose_name=_("プロジェクト")
    )
    role = models.CharField(_("役割"), max_length=16, choices=Role)
    state = models.CharField(_("状況"), max_length=16, choices=State)
    who = models.CharField(_("だれが"), max_length=200, blank=True)
    note = models.CharField(_("補足"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("体制の確認")
        verbose_name_plural = _("体制の確認")
        ordering = ["project_id", "id"]
        constraints = [models.UniqueConstraint(fields=["project", "role"], name="team_role_once")]

    def __str__(self) -> str:
        return f"{self.get_role_display()}：{self.get_state_display()}"


class FundingSource(PublicModel):
    """財源: one source of a project's money. Its amounts stand by fiscal year."""

    class Kind(models.TextChoices):
        NATIONAL = "national", _("国費")
        MUNICIPAL = "municipal", _("自治体")
        COMPANY = "company", _("企業（共同研究費）")
        UNIVERSITY = "university", _("大学")
        OWN = "own", _("自己資金・その他")

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="funding_sources", verbose_name=_("プロジェクト")
    )
    name = models.CharField(_("財源の名称"), max_length=200)
    kind = models.CharField(_("区分"), max_length=16, choices=Kind)
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("出す機関")
    )
    indirect_rate = models.PositiveSmallIntegerField(_("間接経費率（％）"), null=True, blank=True)
    note = models.CharField(_("補足"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("順番"), default=0)

    class Meta:
        verbose_name = _("財源")
        verbose_name_plural = _("財源")
        ordering = ["project_id", "position", "id"]

    def __str__(self) -> str:
        return self.name


class FundingAmount(PublicModel):
    """What a source gives in a fiscal year, in whole yen, at one step of its way from 予定 to 額の確定.

    返還 is negative and lowers the year's amount; 繰越 is the part of it that goes on to the next year.
    """

    class Nature(models.TextChoices):
        PLANNED = "planned", _("予定")
        GRANTED = "granted", _("交付決定")
        ACTUAL = "actual", _("実績")
        SETTLED = "settled", _("額の確定")
        REFUND = "refund", _("返還")
        CARRIED = "carried", _("繰越")

    source = models.ForeignKey(FundingSource, models.CASCADE, related_name="amounts", verbose_name=_("財源"))
    fiscal_year = models.PositiveSmallIntegerField(_("年度"))
    nature = models.CharField(_("金額の性質"), max_length=16, choices=Nature, default=Nature.PLANNED)
    amount = models.BigIntegerField(_("金額（円）"))
    direct = models.BigIntegerField(_("直接経費（円）"), null=True, blank=True)
    indirect = models.BigIntegerField(_("間接経費（円）"), null=True, blank=True)
    note = models.CharField(_("補足"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("年度別の資金")
        verbose_name_plural = _("年度別の資金")
        ordering = ["source_id", "fiscal_year", "id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "fiscal_year", "nature"], name="funding_amount_once")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.fiscal_year} {self.get_nature_display()}"


class Correction(Owned):
    """軌道修正: a plan was reviewed: why, what changed, by which decision, and what became of it.

    Without a project it is about targets of a vision. A wrong figure is mended by 実績値の訂正, not here.
    """

    class Kind(models.TextChoices):
        EXPANDED = "expanded", _("拡充")
        REVISED = "revised", _("内容の見直し")
        REDUCED = "reduced", _("縮小")
        PAUSED = "paused", _("休止")
        STOPPED = "stopped", _("中止")
        FINISHED = "finished", _("予定どおり終了")

    forum = models.ForeignKey(
        Forum, models.PROTECT, related_name="corrections", verbose_name=_("地域共創の場")
    )
    project = models.ForeignKey(
        Project,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("プロジェクト"),
    )
    code = models.CharField(_("番号"), max_length=32)
    kind = models.CharField(_("区分"), max_length=16, choices=Kind)
    trigger = models.TextField(_("きっかけ"))
    change = models.TextField(_("変えること"))
    decision = models.ForeignKey(
        Decision, models.PROTECT, related_name="corrections", verbose_name=_("決定事項")
    )
    decided_on = models.DateField(_("決定日"))
    effective_on = models.DateField(_("施行日"))
    procedure = models.TextField(_("計画変更の手続"), blank=True)
    course = models.TextField(_("後のようす"), blank=True)
    indicators = models.ManyToManyField(
        Indicator, blank=True, related_name="corrections", verbose_name=_("関係するKPI")
    )

    class Meta:
        verbose_name = _("軌道修正")
        verbose_name_plural = _("軌道修正")
        ordering = ["forum_id", "decided_on", "code", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["forum", "code"],
                name="correction_code_once",
                violation_error_message=_("この番号の軌道修正は、すでにあります。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.get_kind_display()}"

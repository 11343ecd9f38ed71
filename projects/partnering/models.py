"""連携募集 and 「話を聞きたい」: what is looked for or offered, who wants to hear of it, and what came of that."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from actors.models import Organization, Owned
from ecosystems.models import Forum, Membership
from foundation.guards import append_only
from foundation.models import StateEvent
from projects.partnering.querysets import InterestQuerySet, OpportunityQuerySet
from projects.research.models import Project

MAX_REPLY_DAYS = 30


class Opportunity(Owned):
    """連携募集: an organisation looks for something, or offers it. Its post answers whoever wants to hear more."""

    class Kind(models.TextChoices):
        NEED = "need", _("ニーズ")
        SEED = "seed", _("シーズ")
        EQUIPMENT = "equipment", _("設備")
        FIELD = "field", _("実証フィールド")
        PEOPLE = "people", _("人材")
        MONEY = "money", _("資金")

    class Direction(models.TextChoices):
        WANTED = "wanted", _("求む")
        OFFERED = "offered", _("提供")

    class Visibility(models.TextChoices):
        """公開範囲. SELECTED: members of the forum that an `OpportunityAudience` names, and nobody while none does."""

        PUBLIC = "public", _("公開")
        MEMBERS = "members", _("場のメンバー")
        SELECTED = "selected", _("場のメンバーの一部")

    class State(models.TextChoices):
        DRAFT = "draft", _("下書き")
        OPEN = "open", _("募集中")
        CLOSED = "closed", _("終了")
        WITHDRAWN = "withdrawn", _("取下げ")

    forum = models.ForeignKey(
        Forum, models.PROTECT, related_name="opportunities", verbose_name=_("地域共創の場")
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="opportunities", verbose_name=_("掲載機関")
    )
    code = models.CharField(_("番号"), max_length=32, blank=True)
    kind = models.CharField(_("種別"), max_length=16, choices=Kind)
    direction = models.CharField(_("求む・提供"), max_length=16, choices=Direction)
    title = models.CharField(_("題名"), max_length=200)
    lead = models.CharField(_("ひとことで言うと"), max_length=300, blank=True)
    body = models.TextField(_("くわしい内容"), blank=True)
    terms = models.CharField(_("条件・費用"), max_length=500, blank=True)
    place = models.CharField(_("場所・地域"), max_length=200, blank=True)
    reply_days = models.PositiveSmallIntegerField(
        _("返事の目安（営業日）"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_REPLY_DAYS)],
    )
    closes_on = models.DateField(_("募集期限"), null=True, blank=True)
    review_on = models.DateField(_("見直す日"), null=True, blank=True)
    visibility = models.CharField(_("公開範囲"), max_length=16, choices=Visibility, default=Visibility.PUBLIC)
    project = models.ForeignKey(
        Project,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="opportunities",
        verbose_name=_("プロジェクト"),
    )
    source_label = models.CharField(_("由来"), max_length=200, blank=True)
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.DRAFT)
    published_at = models.DateTimeField(_("掲載日時"), null=True, blank=True)
    search = models.TextField(_("検索用の文字の組"), blank=True, editable=False)

    objects = OpportunityQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = _("連携募集")
        verbose_name_plural = _("連携募集")
        ordering = ["-published_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft") | Q(published_at__isnull=False),
                name="opportunity_published",
                violation_error_message=_("掲載日時がありません。"),
            ),
            models.CheckConstraint(
                condition=Q(reply_days__gte=1) & Q(reply_days__lte=MAX_REPLY_DAYS),
                name="opportunity_reply_days",
                violation_error_message=_("返事の目安は1〜30営業日にしてください。"),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-published_at", "-id"], name="opportunity_newest"),
            models.Index(fields=["organization", "state"], name="opportunity_own"),
            # Holds all that the facets count: their query never touches the long texts.
            models.Index(
                fields=["state", "visibility", "closes_on", "direction", "kind", "organization", "forum"],
                name="opportunity_facets",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class OpportunityAudience(models.Model):
    """Who among the members sees an opportunity: those with a role in the forum, or organisations of a kind."""

    opportunity = models.ForeignKey(
        Opportunity, models.CASCADE, related_name="audiences", verbose_name=_("連携募集")
    )
    role = models.CharField(_("場での役割"), max_length=16, choices=Membership.Role, blank=True)
    organization_kind = models.CharField(
        _("機関の種別"), max_length=32, choices=Organization.Kind, blank=True
    )

    class Meta:
        verbose_name = _("募集を見られる機関")
        verbose_name_plural = _("募集を見られる機関")
        ordering = ["opportunity_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(role="") & ~Q(organization_kind="")) | (~Q(role="") & Q(organization_kind="")),
                name="opportunity_audience_one",
                violation_error_message=_("役割か種別のどちらか一つを選んでください。"),
            ),
            models.UniqueConstraint(
                fields=["opportunity", "role", "organization_kind"], name="opportunity_audience_once"
            ),
        ]

    def __str__(self) -> str:
        return self.get_role_display() if self.role else self.get_organization_kind_display()


class Interest(Owned):
    """話を聞きたい（申込み）: somebody wants to hear of an opportunity; its post owes an answer by a day.

    Without `confirmed_at` it is only the wish of whoever typed an address: nobody sees it until the address is proved,
    and it goes after some days. `post` is who answers; `handed_to` took it over when nobody did.
    """

    class State(models.TextChoices):
        APPLIED = "applied", _("申込")
        RECEIVED = "received", _("受付")
        MEETING = "meeting", _("面談")
        NEGOTIATING = "negotiating", _("条件協議")
        AGREED = "agreed", _("成立")
        DECLINED = "declined", _("見送り")
        WITHDRAWN = "withdrawn", _("取下げ")
        EXPIRED = "expired", _("期限切れ")

    class Outcome(models.TextChoices):
        JOINT_RESEARCH = "joint_research", _("共同研究")
        COMMISSIONED = "commissioned", _("受託研究")
        ACADEMIC_ADVICE = "academic_advice", _("学術指導")
        DEMONSTRATION = "demonstration", _("実証")
        EQUIPMENT_USE = "equipment_use", _("設備利用")
        TRADE = "trade", _("取引")
        LOAN = "loan", _("融資")
        EMPLOYMENT = "employment", _("採用")
        OTHER = "other", _("そのほか")

    opportunity = models.ForeignKey(
        Opportunity, models.PROTECT, related_name="interests", verbose_name=_("連携募集")
    )
    code = models.CharField(_("番号"), max_length=32, blank=True)
    applicant = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="interests",
        verbose_name=_("申し込んだ利用者"),
    )
    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="interests",
        verbose_name=_("申し込んだ機関"),
    )
    name = models.CharField(_("お名前（会社名）"), max_length=200)
    email = models.EmailField(_("メールアドレス"), blank=True)
    message = models.TextField(_("伝えたいこと"), blank=True)
    is_name_withheld = models.BooleanField(_("社名を出さない"), default=False)
    introduced_by = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="interests_introduced",
        verbose_name=_("紹介した機関"),
    )
    introduced_by_post = models.ForeignKey(
        "actors.Post",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("紹介した担当"),
    )
    consented_on = models.DateField(_("本人の同意日"), null=True, blank=True)
    origin = models.CharField(_("申込みの送信元（要約値）"), max_length=64, blank=True, editable=False)
    confirmed_at = models.DateTimeField(_("申込日時"), null=True, blank=True)
    reply_due_on = models.DateField(_("返事の期限"), null=True, blank=True)
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.APPLIED)
    outcome = models.CharField(_("成立の中身"), max_length=16, choices=Outcome, blank=True)
    outcome_note = models.CharField(_("成立の補足"), max_length=200, blank=True)
    reason = models.TextField(_("見送り・取下げの理由"), blank=True)
    handed_to = models.ForeignKey(
        "actors.Post",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("引き継いだ担当"),
    )

    objects = InterestQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = _("話を聞きたい（申込み）")
        verbose_name_plural = _("話を聞きたい（申込み）")
        ordering = ["reply_due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=False, reply_due_on__isnull=False)
                | Q(confirmed_at__isnull=True, reply_due_on__isnull=True, state="applied"),
                name="interest_confirmed",
                violation_error_message=_("確認の済んだ申込みには、返事の期限が要ります。"),
            ),
            models.CheckConstraint(
                condition=~Q(state="agreed") | ~Q(outcome=""),
                name="interest_outcome",
                violation_error_message=_("成立の中身を選んでください。"),
            ),
            models.CheckConstraint(
                condition=Q(introduced_by__isnull=True) | Q(consented_on__isnull=False),
                name="interest_consent",
                violation_error_message=_("紹介には、本人の同意日が要ります。"),
            ),
            models.UniqueConstraint(
                fields=["opportunity", "applicant"],
                condition=Q(applicant__isnull=False, introduced_by__isnull=True, confirmed_at__isnull=False)
                & ~Q(state__in=("agreed", "declined", "withdrawn")),
                name="interest_open_once",
                violation_error_message=_("この募集には、すでに申し込んでいます。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["reply_due_on"],
                name="interest_due",
                condition=Q(state="applied", confirmed_at__isnull=False),
            ),
            models.Index(fields=["created_at"], name="interest_unproved", condition=Q(confirmed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity}（{self.get_state_display()}）"

    @property
    def is_open(self) -> bool:
        """Whether somebody still works on it."""
        return self.state not in (self.State.AGREED, self.State.DECLINED, self.State.WITHDRAWN)


@append_only
class InterestEvent(StateEvent):
    """申込みの経過: one step, note or message. `note` is for those who answer, `message` for the applicant."""

    interest = models.ForeignKey(
        Interest, models.PROTECT, related_name="events", verbose_name=_("話を聞きたい（申込み）")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("行った人")
    )
    user_name = models.CharField(_("行った人の氏名"), max_length=200, blank=True)
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", verbose_name=_("機関")
    )
    message = models.TextField(_("申し込んだ方への連絡"), blank=True)

    class Meta:
        verbose_name = _("申込みの経過")
        verbose_name_plural = _("申込みの経過")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_to_state_display()}"

    def get_to_state_display(self) -> str:
        return str(Interest.State(self.to_state).label)

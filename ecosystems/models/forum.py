"""The forum (地域共創の場), who belongs to it, and who has which duty in it."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from foundation.models import PublicModel


class Visibility(models.TextChoices):
    """公開範囲: who may see an object."""

    PUBLIC = "public", _("公開")
    MEMBERS = "members", _("場のメンバー")
    PARTICIPANTS = "participants", _("参加者")
    DRAFT = "draft", _("下書き（自機関）")


class Forum(PublicModel):
    """地域共創の場: owner municipalities with equal rights, one core body, members; a parent makes it a block's."""

    Visibility = Visibility

    code = models.CharField(_("番号"), max_length=32, blank=True)
    name = models.CharField(_("名称"), max_length=200)
    is_fictitious = models.BooleanField(_("架空"), default=False)
    is_public_record = models.BooleanField(_("公的記録の見本"), default=False)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上位の場")
    )
    core_body = models.ForeignKey(
        "actors.Organization", models.PROTECT, related_name="forums_led", verbose_name=_("場の代表機関")
    )
    summary = models.TextField(_("概要"), blank=True)
    strengths = models.TextField(_("強み"), blank=True)
    issues = models.TextField(_("課題"), blank=True)
    founded_on = models.DateField(_("設立日"), null=True, blank=True)
    visibility = models.CharField(_("公開範囲"), max_length=16, choices=Visibility, default=Visibility.PUBLIC)
    allows_same_organization_approval = models.BooleanField(
        _("同じ機関の別の担当による承認を認める"), default=False
    )

    chair_post = models.ForeignKey(
        "actors.Post",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("座長の担当ポスト"),
    )

    class Meta:
        verbose_name = _("地域共創の場")
        verbose_name_plural = _("地域共創の場")
        ordering = ["code", "name", "id"]

    def __str__(self) -> str:
        return self.name


class Membership(PublicModel):
    """An organisation belongs to a forum, in a role, from inside or outside the area, from a day to a day."""

    class Role(models.TextChoices):
        OWNER = "owner", _("幹事自治体")
        MEMBER = "member", _("構成員")
        OBSERVER = "observer", _("オブザーバー")

    class Sector(models.TextChoices):
        INDUSTRY = "industry", _("産")
        ACADEMIA = "academia", _("学")
        GOVERNMENT = "government", _("官")
        FINANCE = "finance", _("金")
        LABOUR = "labour", _("労")
        PRESS = "press", _("言")
        CITIZENS = "citizens", _("民")

    forum = models.ForeignKey(
        Forum, models.PROTECT, related_name="memberships", verbose_name=_("地域共創の場")
    )
    organization = models.ForeignKey(
        "actors.Organization", models.PROTECT, related_name="memberships", verbose_name=_("機関")
    )
    role = models.CharField(_("役割"), max_length=16, choices=Role, default=Role.MEMBER)
    sector = models.CharField(_("産学官金労言民"), max_length=16, choices=Sector, blank=True)
    is_local = models.BooleanField(_("地域内"), default=True)
    role_note = models.CharField(_("場での役割"), max_length=200, blank=True)
    reason = models.CharField(_("参加した理由"), max_length=300, blank=True)
    joined_on = models.DateField(_("参加日"))
    left_on = models.DateField(_("脱退日"), null=True, blank=True)

    class Meta:
        verbose_name = _("構成員")
        verbose_name_plural = _("構成員")
        ordering = ["forum_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["forum", "organization"],
                condition=Q(left_on__isnull=True),
                name="membership_once",
                violation_error_message=_("この機関は、すでに参加しています。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}（{self.get_role_display()}）"

    def is_active_on(self, day: date) -> bool:
        return self.joined_on <= day and (self.left_on is None or day <= self.left_on)


class ForumDuty(PublicModel):
    """A duty in a forum, held by a post, from a day to a day."""

    class Duty(models.TextChoices):
        SECRETARIAT = "secretariat", _("事務局")
        MUNICIPAL_REVIEWER = "municipal_reviewer", _("自治体確認者")
        UNIVERSITY_REVIEWER = "university_reviewer", _("大学確認者")
        MEMBER = "member", _("構成員")
        COORDINATOR = "coordinator", _("コーディネーター")
        OBSERVER = "observer", _("オブザーバー")

    forum = models.ForeignKey(Forum, models.PROTECT, related_name="duties", verbose_name=_("地域共創の場"))
    post = models.ForeignKey(
        "actors.Post", models.PROTECT, related_name="forum_duties", verbose_name=_("担当ポスト")
    )
    duty = models.CharField(_("権限"), max_length=32, choices=Duty)
    from_on = models.DateField(_("開始日"))
    to_on = models.DateField(_("終了日"), null=True, blank=True)

    class Meta:
        verbose_name = _("場での権限")
        verbose_name_plural = _("場での権限")
        ordering = ["forum_id", "duty", "id"]
        constraints = [
            models.UniqueConstraint(fields=["forum", "post", "duty"], name="forum_duty_once"),
        ]

    def __str__(self) -> str:
        return f"{self.post}（{self.get_duty_display()}）"


class AvoidedPeriod(PublicModel):
    """避ける期間: days on which the forum sets no date for others (council sessions, the turn of a year).

    A yearly one counts by month and day alone and may run into the next year (12-29 to 01-03).
    """

    forum = models.ForeignKey(
        Forum, models.CASCADE, related_name="avoided_periods", verbose_name=_("地域共創の場")
    )
    name = models.CharField(_("名称"), max_length=100)
    from_on = models.DateField(_("初日"))
    to_on = models.DateField(_("最終日"))
    is_yearly = models.BooleanField(_("毎年"), default=False)

    class Meta:
        verbose_name = _("避ける期間")
        verbose_name_plural = _("避ける期間")
        ordering = ["forum_id", "from_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_on__gte=models.F("from_on")),
                name="avoided_period_order",
                violation_error_message=_("最終日は初日以後の日にしてください。"),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def covers(self, day: date) -> bool:
        if not self.is_yearly:
            return self.from_on <= day <= self.to_on
        first, last, asked = ((each.month, each.day) for each in (self.from_on, self.to_on, day))
        if self.from_on.year == self.to_on.year:
            return first <= asked <= last
        return asked >= first or asked <= last

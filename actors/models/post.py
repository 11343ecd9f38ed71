"""People, the posts they hold, and from when to when."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from actors.querysets import AssignmentQuerySet
from foundation.models import PublicModel


class Person(PublicModel):
    """Somebody, whether or not they sign in. Names are kept as typed; lists sort by the reading."""

    name = models.CharField(_("氏名"), max_length=100)
    name_kana = models.CharField(_("よみ"), max_length=100, blank=True)
    user = models.OneToOneField(
        "actors.User", models.SET_NULL, null=True, blank=True, related_name="person", verbose_name=_("利用者")
    )

    class Meta:
        verbose_name = _("人")
        verbose_name_plural = _("人")
        ordering = ["name_kana", "name", "id"]

    def __str__(self) -> str:
        return self.name


class Post(PublicModel):
    """担当ポスト: a 担務 within an organisation, with the section's own address. It owns work; people come and go."""

    class Layer(models.TextChoices):
        TOP = "top", _("首長・経営層")
        MANAGER = "manager", _("管理職")
        KEY_PERSON = "key_person", _("キーパーソン")
        WORKING = "working", _("実務担当")

    organization = models.ForeignKey(
        "actors.Organization", models.PROTECT, related_name="posts", verbose_name=_("機関")
    )
    code = models.CharField(_("担当番号"), max_length=32, blank=True)
    section = models.CharField(_("部署"), max_length=200, blank=True)
    name = models.CharField(_("担当ポスト"), max_length=200)
    layer = models.CharField(_("層"), max_length=16, choices=Layer, default=Layer.WORKING)
    email = models.EmailField(_("部署メール"), blank=True)
    phone = models.CharField(_("電話番号"), max_length=32, blank=True)
    is_organization_admin = models.BooleanField(_("機関管理者"), default=False)
    closed_on = models.DateField(_("廃止日"), null=True, blank=True)

    class Meta:
        verbose_name = _("担当ポスト")
        verbose_name_plural = _("担当ポスト")
        ordering = ["organization_id", "code", "id"]

    def __str__(self) -> str:
        return f"{self.section} {self.name}".strip()


class Assignment(PublicModel):
    """A person holds a post from a day to a day. On the day after the last, every right from it is gone."""

    class Role(models.TextChoices):
        MAIN = "main", _("主担当")
        DEPUTY = "deputy", _("副担当")

    post = models.ForeignKey(
        "actors.Post", models.PROTECT, related_name="assignments", verbose_name=_("担当ポスト")
    )
    person = models.ForeignKey(
        "actors.Person", models.PROTECT, related_name="assignments", verbose_name=_("人")
    )
    role = models.CharField(_("主・副"), max_length=8, choices=Role, default=Role.MAIN)
    from_on = models.DateField(_("発令日"))
    to_on = models.DateField(_("最終日"), null=True, blank=True)
    effort_percent = models.PositiveSmallIntegerField(_("エフォート率"), null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = _("担当")
        verbose_name_plural = _("担当")
        ordering = ["from_on", "id"]
        indexes = [models.Index(fields=["person", "from_on", "to_on"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(to_on__isnull=True) | models.Q(to_on__gte=models.F("from_on")),
                name="assignment_period",
                violation_error_message=_("最終日は発令日以後の日にしてください。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}／{self.post}"

    def is_active_on(self, day: date) -> bool:
        return self.from_on <= day and (self.to_on is None or day <= self.to_on)

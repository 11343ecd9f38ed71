"""Communities (ABC): a region seen as the people and organisations who move it, not as an area on a map.

How the members hang together is not stored here: ties are read from what they do together (`actors.slots.TIES`).
"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from actors.models.organization import Organization
from actors.models.owned import Owned
from actors.models.post import Person
from foundation.models import PublicModel


class Community(Owned):
    """コミュニティ: actors from inside and outside an area who gather around a value, with those who lead them."""

    class Value(models.TextChoices):
        """The value that the community looks at; the same codes and words as a KPI's value, which stands above."""

        SOCIAL = "social", _("社会的価値")
        INDUSTRIAL = "industrial", _("産業的価値")
        ECONOMIC = "economic", _("経済的価値")
        HUMAN = "human", _("人材育成")

    name = models.CharField(_("名称"), max_length=200)
    value = models.CharField(_("重視する価値"), max_length=16, choices=Value)
    summary = models.TextField(_("概要"), blank=True)
    reason = models.TextField(_("ここに来る理由"), blank=True)
    area_name = models.CharField(_("地域"), max_length=200, blank=True)
    is_public = models.BooleanField(_("だれにでも公開する"), default=False)

    class Meta:
        verbose_name = _("コミュニティ")
        verbose_name_plural = _("コミュニティ")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class CommunityMember(PublicModel):
    """An organisation, a person, or a person for an organisation belongs to a community, from a day to a day."""

    community = models.ForeignKey(
        Community, models.PROTECT, related_name="members", verbose_name=_("コミュニティ")
    )
    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="community_memberships",
        verbose_name=_("機関"),
    )
    person = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="community_memberships",
        verbose_name=_("人"),
    )
    is_leader = models.BooleanField(_("中心的な主体"), default=False)
    leads = models.CharField(_("引っ張ること"), max_length=200, blank=True)
    is_local = models.BooleanField(_("地域内"), default=True)
    role_note = models.CharField(_("役割"), max_length=200, blank=True)
    since_on = models.DateField(_("参加日"))
    until_on = models.DateField(_("最終日"), null=True, blank=True)

    class Meta:
        verbose_name = _("コミュニティのメンバー")
        verbose_name_plural = _("コミュニティのメンバー")
        ordering = ["community_id", "since_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(organization__isnull=False) | Q(person__isnull=False),
                name="community_member_is_somebody",
                violation_error_message=_("機関か人を選んでください。"),
            ),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("since_on")),
                name="community_member_period",
                violation_error_message=_("最終日は参加日以後の日にしてください。"),
            ),
            models.UniqueConstraint(
                fields=["community", "organization"],
                condition=Q(person__isnull=True, until_on__isnull=True),
                name="community_organization_once",
                violation_error_message=_("この機関は、すでにメンバーです。"),
            ),
            models.UniqueConstraint(
                fields=["community", "person"],
                condition=Q(until_on__isnull=True),
                name="community_person_once",
                violation_error_message=_("この人は、すでにメンバーです。"),
            ),
        ]

    def __str__(self) -> str:
        return "　".join(str(each) for each in (self.organization, self.person) if each is not None)

    def is_active_on(self, day: date) -> bool:
        return self.since_on <= day and (self.until_on is None or day <= self.until_on)

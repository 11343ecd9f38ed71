"""Organisations (主体・機関) that meet in a forum."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation import identifiers
from foundation.models import PublicModel


def _checked(clean: object, value: str) -> None:
    try:
        clean(value)  # type: ignore[operator]
    except ValueError as error:
        raise ValidationError(str(error)) from error


def check_corporate_number(value: str) -> None:
    _checked(identifiers.clean_corporate_number, value)


def check_municipality_code(value: str) -> None:
    _checked(identifiers.clean_municipality_code, value)


def check_ror(value: str) -> None:
    _checked(identifiers.clean_ror, value)


class Organization(PublicModel):
    """A body with a name of its own: a municipality, a university, a company, a bank, a residents' group.

    It is closed (`valid_to`) when it ends, and never deleted.
    """

    class Kind(models.TextChoices):
        PREFECTURE = "prefecture", _("自治体（都道府県）")
        MUNICIPALITY = "municipality", _("自治体（市区町村）")
        MINISTRY = "ministry", _("府省")
        UNIVERSITY = "university", _("大学")
        COLLEGE_OF_TECHNOLOGY = "college_of_technology", _("高等専門学校")
        INTER_UNIVERSITY = "inter_university", _("大学共同利用機関")
        NATIONAL_RESEARCH = "national_research", _("国立研究開発法人")
        PUBLIC_RESEARCH = "public_research", _("公設試験研究機関")
        COMPANY = "company", _("企業")
        FINANCE = "finance", _("金融機関")
        SUPPORT_FOUNDATION = "support_foundation", _("産業支援財団")
        ECONOMIC_ASSOCIATION = "economic_association", _("経済団体・協同組合")
        LABOUR = "labour", _("労働団体")
        PRESS = "press", _("報道機関")
        COMMUNITY = "community", _("NPO・住民団体")
        SCHOOL = "school", _("学校")
        PUBLIC_RECORD = "public_record", _("公的な事業・統計")

    class CompanyType(models.TextChoices):
        CORE = "core", _("地域中核企業")
        LEADING = "leading", _("地域未来牽引企業")
        UNIVERSITY_VENTURE = "university_venture", _("大学発ベンチャー")
        SMALL = "small", _("中小企業")
        LARGE = "large", _("大企業")

    kind = models.CharField(_("種別"), max_length=32, choices=Kind)
    company_type = models.CharField(_("企業の区分"), max_length=32, choices=CompanyType, blank=True)
    name = models.CharField(_("名称"), max_length=200)
    name_kana = models.CharField(_("よみ"), max_length=200, blank=True)
    short_name = models.CharField(_("略称"), max_length=100, blank=True)
    is_fictitious = models.BooleanField(_("架空"), default=False)
    corporate_number = models.CharField(
        _("法人番号"), max_length=13, blank=True, validators=[check_corporate_number]
    )
    municipality_code = models.CharField(
        _("全国地方公共団体コード"), max_length=6, blank=True, validators=[check_municipality_code]
    )
    ror = models.CharField("ROR", max_length=9, blank=True, validators=[check_ror])
    prefecture_code = models.CharField(_("都道府県コード"), max_length=2, blank=True)
    website = models.URLField(_("ウェブサイト"), blank=True)
    valid_from = models.DateField(_("開始日"), null=True, blank=True)
    valid_to = models.DateField(_("終了日"), null=True, blank=True)

    class Meta:
        verbose_name = _("機関")
        verbose_name_plural = _("機関")
        ordering = ["name_kana", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["corporate_number"],
                condition=~models.Q(corporate_number=""),
                name="organization_corporate_number_once",
                violation_error_message=_("この法人番号の機関は、すでに登録されています。"),
            ),
            models.UniqueConstraint(
                fields=["municipality_code"],
                condition=~models.Q(municipality_code=""),
                name="organization_municipality_code_once",
                violation_error_message=_("この全国地方公共団体コードの機関は、すでに登録されています。"),
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True)
                | models.Q(valid_from__isnull=True)
                | models.Q(valid_to__gte=models.F("valid_from")),
                name="organization_valid_period",
                violation_error_message=_("終了日は開始日以後の日にしてください。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def display_name(self) -> str:
        """The short name where there is one; used in tables."""
        return self.short_name or self.name

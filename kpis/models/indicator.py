"""Indicators (KPI), their versioned sheets, their targets, and how they contribute to each other.

Everything that a figure depends on carries from when to when it was on record (`recorded_at`, `superseded_at`), so
that `as_of` finds the rules of that day too; names and keepers do not.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from actors.models import Owned
from ecosystems.models import Decision
from foundation.fields import ExactDecimalField
from foundation.models import PublicModel
from kpis import rules, units
from kpis.fields import PeriodField
from kpis.models.scorecard import Scorecard
from kpis.periods import Grain, Period


def choices_of(enum: Any) -> list[tuple[Any, str]]:
    return [(member.value, member.label) for member in enum]


def unit_choices() -> list[tuple[str, str]]:
    """Units are data of `kpis.units`; a callable keeps them out of the migrations."""
    return [(unit.code, unit.label) for unit in units.UNITS.values()]


class OnRecord(models.Model):
    """A row that is true from when it was recorded until another replaced it."""

    recorded_at = models.DateTimeField(_("登録日時"))
    superseded_at = models.DateTimeField(_("置き換えた日時"), null=True, blank=True)

    class Meta:
        abstract = True


class Indicator(Owned):
    """KPI: what is watched, on which scorecard, kept by which post. How it is measured stands on its sheet.

    `plain_name` and `plain_note` are how residents read it: words, not rules, so they stand here and have no versions.
    """

    class Kind(models.TextChoices):
        MEASURED = "measured", _("直接入力")
        ROLLED_UP = "rolled_up", _("積上げ")

    scorecard = models.ForeignKey(
        Scorecard, models.PROTECT, related_name="indicators", verbose_name=_("KPI一覧")
    )
    code = models.CharField(_("番号"), max_length=32)
    name = models.CharField(_("名称"), max_length=200)
    plain_name = models.CharField(_("住民向けの呼び方"), max_length=200, blank=True)
    plain_note = models.CharField(_("住民向けの一行の説明"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("順番"), default=0)
    kind = models.CharField(_("値の入り方"), max_length=16, choices=Kind, default=Kind.MEASURED)
    visibility = models.CharField(
        _("公開範囲"), max_length=16, choices=Scorecard.Visibility, default=Scorecard.Visibility.MEMBERS
    )
    height = models.PositiveSmallIntegerField(_("段"), default=0, editable=False)

    class Meta:
        verbose_name = _("KPI")
        verbose_name_plural = _("KPI")
        ordering = ["scorecard_id", "position", "id"]
        indexes = [models.Index(fields=["scorecard", "position", "id"], name="indicator_order")]
        constraints = [
            models.UniqueConstraint(
                fields=["scorecard", "code"],
                name="indicator_code_once",
                violation_error_message=_("この番号のKPIは、この一覧にすでにあります。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def is_rolled_up(self) -> bool:
        return self.kind == self.Kind.ROLLED_UP


class IndicatorSheet(PublicModel, OnRecord):
    """KPIシート: one version of what a stranger needs to measure the indicator again, and of its rules."""

    class Level(models.TextChoices):
        INPUT = "input", _("インプット")
        OUTPUT = "output", _("アウトプット")
        OUTCOME = "outcome", _("アウトカム")
        IMPACT = "impact", _("インパクト")

    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="sheets", verbose_name=_("KPI"))
    version = models.PositiveSmallIntegerField(_("版"))
    definition = models.TextField(_("定義"))
    formula = models.TextField(_("算式"), blank=True)
    data_source = models.CharField(_("出典"), max_length=300, blank=True)
    unit = models.CharField(_("単位"), max_length=32, choices=unit_choices)
    unit_multiplier = ExactDecimalField(_("最小単位への倍率"), default=1, editable=False)
    is_percent = models.BooleanField(_("百分率"), default=False, editable=False)
    scale = models.CharField(
        _("型"), max_length=16, choices=choices_of(rules.Scale), default=rules.Scale.NUMBER
    )
    direction = models.CharField(
        _("方向"), max_length=8, choices=choices_of(rules.Direction), default=rules.Direction.UP
    )
    accrual = models.CharField(
        _("計上"), max_length=8, choices=choices_of(rules.Accrual), default=rules.Accrual.FLOW
    )
    is_running_total = models.BooleanField(_("累計で見る"), default=False)
    grain = models.PositiveSmallIntegerField(_("測定"), choices=choices_of(Grain), default=Grain.YEAR)
    time_rule = models.CharField(_("期間の規則"), max_length=16, choices=choices_of(rules.TimeRule))
    tree_rule = models.CharField(
        _("集計の規則"), max_length=16, choices=choices_of(rules.TreeRule), blank=True
    )
    attainment_rule = models.CharField(_("率の計算"), max_length=24, choices=choices_of(rules.AttainmentRule))
    decimals = models.PositiveSmallIntegerField(_("表示の小数桁"), default=0)
    may_be_negative = models.BooleanField(_("負の値があり得る"), default=False)
    steps = models.JSONField(_("段階の名前"), default=list, blank=True)
    level = models.CharField(_("段階（インプット等）"), max_length=16, choices=Level, blank=True)
    value = models.CharField(_("価値"), max_length=16, choices=choices_of(rules.Value), blank=True)
    sdgs = models.JSONField(_("SDGs"), default=list, blank=True)
    first_period = PeriodField(_("最初の期間"))
    last_period = PeriodField(_("最後の期間"), null=True, blank=True)
    baseline_period = PeriodField(_("基準時点"), null=True, blank=True)
    baseline_value = ExactDecimalField(_("基準値"), null=True, blank=True)
    decision = models.ForeignKey(
        Decision, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("決定事項")
    )

    class Meta:
        verbose_name = _("KPIシート")
        verbose_name_plural = _("KPIシート")
        ordering = ["indicator_id", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["indicator", "version"], name="sheet_version_once"),
            models.UniqueConstraint(
                fields=["indicator"], condition=Q(superseded_at__isnull=True), name="sheet_current"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} 第{self.version}版"

    def covers(self, period: Period) -> bool:
        """Whether the period, of the sheet's own grain, lies between its first and last."""
        within_last = self.last_period is None or period.last_month <= self.last_period.last_month
        return bool(period.first >= self.first_period.first and within_last)


class Target(PublicModel, OnRecord):
    """目標値: what was agreed for a period: a value, or a lower and an upper bound for 範囲内.

    `is_none`: it was agreed to set no target for the period (a year of preparation, no survey); it is not judged.
    """

    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="targets", verbose_name=_("KPI"))
    period = PeriodField(_("期間"))
    value = ExactDecimalField(_("目標値"), null=True, blank=True)
    lower = ExactDecimalField(_("下限"), null=True, blank=True)
    upper = ExactDecimalField(_("上限"), null=True, blank=True)
    is_none = models.BooleanField(_("目標値を置かない期間"), default=False)
    decision = models.ForeignKey(
        Decision, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("決定事項")
    )

    class Meta:
        verbose_name = _("目標値")
        verbose_name_plural = _("目標値")
        ordering = ["indicator_id", "period", "recorded_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "period"], condition=Q(superseded_at__isnull=True), name="target_current"
            ),
            models.CheckConstraint(
                condition=Q(is_none=True)
                | Q(value__isnull=False)
                | Q(lower__isnull=False, upper__isnull=False),
                name="target_value_or_bounds",
                violation_error_message=_("目標値、又は下限と上限を入れてください。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.period}"


class Contribution(PublicModel, OnRecord):
    """A child indicator feeds a parent, with a weight and a factor. It counts once the parent's keeper accepted it.

    `proposed_by` is told what the keeper decided; `reason` says why a proposal was declined.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("申請中")
        ACCEPTED = "accepted", _("承認済み")
        DECLINED = "declined", _("見送り")

    parent = models.ForeignKey(
        Indicator, models.PROTECT, related_name="contributions_in", verbose_name=_("上位のKPI")
    )
    child = models.ForeignKey(
        Indicator, models.PROTECT, related_name="contributions_out", verbose_name=_("下位のKPI")
    )
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.PROPOSED)
    weight = ExactDecimalField(_("重み"), default=1)
    factor = ExactDecimalField(_("係数"), default=1)
    position = models.PositiveSmallIntegerField(_("順番"), default=0)
    first_period = PeriodField(_("最初の期間"), null=True, blank=True)
    last_period = PeriodField(_("最後の期間"), null=True, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("申請した人"),
    )
    reason = models.TextField(_("見送りの理由"), blank=True)

    class Meta:
        verbose_name = _("KPIのつながり")
        verbose_name_plural = _("KPIのつながり")
        ordering = ["parent_id", "position", "id"]
        indexes = [
            models.Index(fields=["child"], name="contribution_up", condition=Q(superseded_at__isnull=True)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "child"],
                condition=Q(superseded_at__isnull=True),
                name="contribution_once",
                violation_error_message=_("この2つのKPIは、すでにつながっています。"),
            ),
            models.UniqueConstraint(
                fields=["parent", "position"],
                condition=Q(superseded_at__isnull=True),
                name="contribution_position_once",
                violation_error_message=_("この順番は、ほかのKPIが使っています。"),
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("child")),
                name="contribution_not_itself",
                violation_error_message=_("KPIを自分自身につなぐことはできません。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.child} → {self.parent}"

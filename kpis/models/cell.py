"""Cells: the newest figure of each (indicator, basis, part, period), and the marks of what must be computed again."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.fields import ExactDecimalField
from kpis.fields import PeriodField
from kpis.models.indicator import Indicator, choices_of
from kpis.rules import Basis, Missing

TOTAL = 0


class Cell(models.Model):
    """A cache of the ledger and nothing else; `rollup rebuild` makes all of it anew, `rollup verify` proves it.

    `value` is in the indicator's own unit, 6 decimals; `handed`, `numerator` are in the smallest unit of its family:
    that is what goes up. `part_id` 0 is the total. Cells of measured indicators are written in the ledger's
    transaction, those of rolled-up ones by the drain. Being a cache, it carries no index but its key and no foreign
    keys in the database: they would cost more than the figures.
    """

    indicator = models.ForeignKey(
        Indicator,
        models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="cells",
        verbose_name=_("KPI"),
    )
    basis = models.CharField(_("集計の基準"), max_length=12, choices=choices_of(Basis))
    part_id = models.BigIntegerField(_("内訳の区分"), default=TOTAL)
    period = PeriodField(_("期間"))
    value = ExactDecimalField(_("値"), null=True)
    handed = ExactDecimalField(_("集計に渡す値"), null=True)
    numerator = ExactDecimalField(_("分子"), null=True)
    denominator = ExactDecimalField(_("分母"), null=True)
    missing = models.CharField(
        _("値がない理由の区分"), max_length=16, choices=choices_of(Missing), blank=True
    )
    reported = models.PositiveIntegerField(_("報告数"), default=0)
    expected = models.PositiveIntegerField(_("報告予定数"), default=0)
    present = models.PositiveIntegerField(_("値のある下位KPI"), default=0)
    children = models.PositiveIntegerField(_("下位KPI"), default=0)
    measurement = models.ForeignKey(
        "kpis.Measurement",
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("実績値"),
    )
    computed_at = models.DateTimeField(_("集計日時"))

    class Meta:
        verbose_name = _("集計値")
        verbose_name_plural = _("集計値")
        constraints = [
            models.UniqueConstraint(fields=["indicator", "basis", "part_id", "period"], name="cell_once")
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.period} {self.basis}"


class Horizon(models.Model):
    """集計値をどこまで先の期間について持つか: one row, moved on by the drain and never back."""

    last_month = models.PositiveIntegerField(_("最後の月"))

    class Meta:
        verbose_name = _("集計の先端")
        verbose_name_plural = _("集計の先端")

    def __str__(self) -> str:
        return str(self.last_month)


class DirtyMark(models.Model):
    """「この集計値から上を計算し直す」: written in the transaction of whatever made the cell stale."""

    indicator = models.ForeignKey(
        Indicator,
        models.CASCADE,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("KPI"),
    )
    period = PeriodField(_("期間"))
    marked_at = models.DateTimeField(_("登録日時"), auto_now_add=True)

    class Meta:
        verbose_name = _("再集計の印")
        verbose_name_plural = _("再集計の印")

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.period}"

"""内訳: dimensions (市町村, 業種 …) with named parts, which indicators declare them, and the parts reported."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ecosystems.models import Forum
from foundation.fields import ExactDecimalField
from foundation.guards import append_only
from foundation.models import PublicModel
from kpis.models.indicator import Indicator, OnRecord
from kpis.models.ledger import Measurement


class Dimension(PublicModel):
    """One way to split a figure, shared by the indicators of a forum."""

    forum = models.ForeignKey(
        Forum, models.PROTECT, related_name="dimensions", verbose_name=_("地域共創の場")
    )
    name = models.CharField(_("内訳の名称"), max_length=100)

    class Meta:
        verbose_name = _("内訳")
        verbose_name_plural = _("内訳")
        constraints = [models.UniqueConstraint(fields=["forum", "name"], name="dimension_once")]

    def __str__(self) -> str:
        return self.name


class Part(PublicModel):
    """One named part of a dimension."""

    dimension = models.ForeignKey(Dimension, models.PROTECT, related_name="parts", verbose_name=_("内訳"))
    name = models.CharField(_("区分"), max_length=100)
    position = models.PositiveSmallIntegerField(_("順番"), default=0)

    class Meta:
        verbose_name = _("内訳の区分")
        verbose_name_plural = _("内訳の区分")
        ordering = ["dimension_id", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["dimension", "name"], name="part_once")]

    def __str__(self) -> str:
        return self.name


class IndicatorDimension(OnRecord):
    """An indicator is reported with the parts of a dimension beside its total."""

    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="dimensions", verbose_name=_("KPI"))
    dimension = models.ForeignKey(Dimension, models.PROTECT, related_name="+", verbose_name=_("内訳"))

    class Meta:
        verbose_name = _("KPIの内訳")
        verbose_name_plural = _("KPIの内訳")
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "dimension"],
                condition=Q(superseded_at__isnull=True),
                name="indicator_dimension_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.dimension}"


@append_only
class MeasurementPart(models.Model):
    """The figure of one part, reported together with its total and as unchangeable."""

    measurement = models.ForeignKey(
        Measurement, models.PROTECT, related_name="parts", verbose_name=_("実績値")
    )
    part = models.ForeignKey(Part, models.PROTECT, related_name="+", verbose_name=_("区分"))
    value = ExactDecimalField(_("値"), null=True)
    numerator = ExactDecimalField(_("分子"), null=True)
    denominator = ExactDecimalField(_("分母"), null=True)

    class Meta:
        verbose_name = _("内訳の値")
        verbose_name_plural = _("内訳の値")
        constraints = [models.UniqueConstraint(fields=["measurement", "part"], name="measurement_part_once")]

    def __str__(self) -> str:
        return f"{self.part}"

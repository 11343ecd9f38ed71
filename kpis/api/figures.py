"""The figures of one indicator: its series by period, and the tree behind one figure, with their shapes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from foundation.access import Actor, require
from foundation.api_resources import FigureColumn, LinkShape, Row, plain_figure
from foundation.errors import DomainError
from kpis.api.explain_tree import Explanation, coverage_of, heading_of, printed
from kpis.api.parameters import PeriodCode
from kpis.arithmetic import CellFigure
from kpis.models import Cell, Indicator, IndicatorSheet
from kpis.models.cell import TOTAL
from kpis.periods import Grain, Period, periods_between
from kpis.rules import Basis, Nature
from kpis.selectors.beneath import load_clean
from kpis.selectors.series import Own, Series, from_clean
from kpis.services import ledger
from kpis.units import Unit, unit_of

MOST_PERIODS = 1000
LEAST_SETTLED_FIRST = (Nature.PRELIMINARY, Nature.CORRECTED, Nature.FINAL)


# Shapes ---------------------------------------------------------------------------------------------------------


class IndicatorShape(serializers.Serializer):
    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()


class PointShape(serializers.Serializer):
    """The figure of one period; `missing` says why there is none"""

    period = PeriodCode()
    label = serializers.CharField()  # type: ignore[assignment]  # a member of that name
    value = FigureColumn()
    numerator = FigureColumn()
    denominator = FigureColumn()
    running_total = FigureColumn()
    reported = serializers.IntegerField()
    expected = serializers.IntegerField()
    nature = serializers.CharField(allow_null=True)
    missing = serializers.CharField(allow_null=True)


class SeriesShape(serializers.Serializer):
    """KPIの推移; `as_of` and `record_number`（記録番号）where a moment was asked for"""

    indicator = IndicatorShape()
    unit = serializers.CharField()
    unit_label = serializers.CharField()
    basis = serializers.CharField()
    grain = serializers.CharField()
    as_of = serializers.DateTimeField(allow_null=True)
    record_number = serializers.IntegerField(allow_null=True)
    computed_at = serializers.DateTimeField(allow_null=True)
    results = PointShape(many=True)


class EventShape(serializers.Serializer):
    """What happened to a measurement; `number` is its 記録番号"""

    number = serializers.IntegerField()
    kind = serializers.CharField()
    at = serializers.DateTimeField()
    user_name = serializers.CharField()
    organization = LinkShape(allow_null=True)
    is_same_organization = serializers.BooleanField()
    note = serializers.CharField()


class EvidenceShape(serializers.Serializer):
    """根拠資料"""

    id = serializers.UUIDField()
    title = serializers.CharField()
    url = serializers.CharField()
    page = serializers.CharField()


class ExplainedMeasurement(serializers.Serializer):
    """The row of the ledger that counts"""

    id = serializers.UUIDField()
    unit = serializers.CharField()
    value = FigureColumn()
    numerator = FigureColumn()
    denominator = FigureColumn()
    nature = serializers.CharField()
    note = serializers.CharField()
    reporter_name = serializers.CharField()
    organization = LinkShape(allow_null=True)
    recorded_at = serializers.DateTimeField()
    events = EventShape(many=True)
    evidence = EvidenceShape(many=True)


@extend_schema_field({"$ref": "#/components/schemas/ExplainedFigure"})
class FigureBehind(serializers.Field):
    """The child's own figure, explained in the same way."""


class ExplainedContribution(serializers.Serializer):
    """What one contribution brings: `handed` is in the parent's unit, after the factor"""

    id = serializers.UUIDField()
    weight = FigureColumn()
    factor = FigureColumn()
    handed = FigureColumn()
    figure = FigureBehind()


class ExplainedCell(serializers.Serializer):
    """One own cell: the measurement behind it, or the contributions; `hidden` counts those not shown"""

    period = PeriodCode()
    label = serializers.CharField()  # type: ignore[assignment]  # a member of that name
    value = FigureColumn()
    numerator = FigureColumn()
    denominator = FigureColumn()
    reported = serializers.IntegerField()
    expected = serializers.IntegerField()
    missing = serializers.CharField(allow_null=True)
    tree_rule = serializers.CharField(allow_null=True)
    measurement = ExplainedMeasurement(allow_null=True)
    children = ExplainedContribution(many=True)
    hidden = serializers.IntegerField()


class ExplainedFigure(serializers.Serializer):
    """A figure and the own cells it is made of by the time rule"""

    indicator = IndicatorShape()
    unit = serializers.CharField()
    unit_label = serializers.CharField()
    time_rule = serializers.CharField()
    value = FigureColumn()
    numerator = FigureColumn()
    denominator = FigureColumn()
    reported = serializers.IntegerField()
    expected = serializers.IntegerField()
    cells = ExplainedCell(many=True)


class ExplanationShape(serializers.Serializer):
    """なぜこの値か"""

    period = PeriodCode()
    label = serializers.CharField()  # type: ignore[assignment]  # a member of that name
    basis = serializers.CharField()
    as_of = serializers.DateTimeField(allow_null=True)
    record_number = serializers.IntegerField(allow_null=True)
    figure = ExplainedFigure()


# What may be asked ----------------------------------------------------------------------------------------------


def require_basis(actor: Actor, indicator: Indicator, basis: Basis) -> None:
    """Figures that nobody has approved yet are for those who take part."""
    if basis == Basis.PROVISIONAL:
        require(actor, "view_provisional", indicator)


def current_sheet(indicator: Indicator) -> IndicatorSheet:
    sheet: IndicatorSheet = IndicatorSheet.objects.get(indicator=indicator, superseded_at=None)
    return sheet


def period_wanted(sheet: IndicatorSheet) -> str:
    return _("期間を %(example)s のように指定してください。") % {"example": sheet.first_period.code}


@dataclass(frozen=True)
class Span:
    """Which periods are asked for; without a first or last, all there is."""

    grain: Grain
    first: Period | None = None
    last: Period | None = None

    def periods(self, sheet: IndicatorSheet, newest: Period | None) -> list[Period]:
        """The periods of the grain; DomainError where they run backwards or are too many."""
        first = Period.of((self.first or sheet.first_period).first_day, self.grain)
        last = Period.of(self._last_day(sheet, newest), self.grain)
        if self.first and self.last and last < first:
            raise DomainError("period_order", _("from には to 以前の期間を指定してください。"), field="from")
        periods = periods_between(first, last)
        if len(periods) > MOST_PERIODS:
            raise DomainError(
                "too_many_periods", _("期間が多すぎます。from と to で狭めてください。"), field="from"
            )
        return periods

    def _last_day(self, sheet: IndicatorSheet, newest: Period | None) -> date:
        last: Period | None = self.last or sheet.last_period
        if last is not None:
            return last.last_day
        today = Period.of(timezone.localdate(), self.grain).last_day
        return max(today, newest.last_day) if newest else today


# Series ---------------------------------------------------------------------------------------------------------


def series(
    indicator: Indicator, sheet: IndicatorSheet, basis: Basis, span: Span, as_of: datetime | None
) -> Row:
    """The points of a span, from stored cells, or from a clean computation as of a settled moment."""
    if as_of is None:
        found, newest, computed_at = _stored(indicator, sheet, basis)
        periods = span.periods(sheet, newest)
        return _body(indicator, found, basis, span, None, computed_at, periods)
    moment = ledger.settle(as_of)
    found, periods = _clean(indicator, basis, span, moment.at)
    return _body(indicator, found, basis, span, moment, moment.at, periods)


def _stored(
    indicator: Indicator, sheet: IndicatorSheet, basis: Basis
) -> tuple[Series, Period | None, datetime | None]:
    """The stored own cells, the newest period with a figure, and when the newest was computed; two queries."""
    cells = Cell.objects.filter(indicator=indicator, basis=basis, part_id=TOTAL)
    found, newest = Series(sheet), None
    rows = cells.order_by("period").values_list(
        "period", "handed", "numerator", "denominator", "reported", "expected", "present", "children",
        "missing", "measurement__nature",
    )  # fmt: skip
    for period, value, numerator, denominator, reported, expected, present, children, missing, nature in rows:
        newest = period if value is not None else newest
        last = None if value is None else period.last_month
        figure = CellFigure(value, numerator, denominator, reported, expected, last, present, children)
        found.cells[period.first] = Own(figure, missing, "" if missing else nature or "")
    return found, newest, cells.aggregate(at=Max("computed_at"))["at"]


def _clean(indicator: Indicator, basis: Basis, span: Span, at: datetime) -> tuple[Series, list[Period]]:
    loaded = load_clean([indicator.pk], basis, at)
    sheet = loaded.sheets.get(indicator.pk)
    if sheet is None:
        raise not_yet_on_record()
    newest = max((period for pk, period in loaded.rows), key=lambda p: p.last_month, default=None)
    periods = span.periods(sheet, newest)
    first = sheet.first_period if sheet.is_running_total else periods[0] if periods else sheet.first_period
    years = range(first.fiscal_year, (periods[-1] if periods else first).fiscal_year + 1)
    return from_clean(loaded, indicator.pk, [Period.year(year) for year in years]), periods


def not_yet_on_record() -> DomainError:
    return DomainError("not_on_record", _("この日時には、このKPIの記録がまだありません。"), field="as_of")


def _body(
    indicator: Indicator,
    found: Series,
    basis: Basis,
    span: Span,
    moment: ledger.Moment | None,
    computed_at: datetime | None,
    periods: list[Period],
) -> Row:
    unit = unit_of(found.sheet.unit)
    today = timezone.localdate(moment.at if moment else None)
    return {
        **heading_of(indicator, unit),
        "basis": basis.value,
        "grain": span.grain.code,
        **moment_of(moment),
        "computed_at": computed_at,
        "results": [_point(found, unit, period, today) for period in periods],
    }


def moment_of(moment: ledger.Moment | None) -> Row:
    if moment is None:
        return {"as_of": None, "record_number": None}
    return {"as_of": timezone.localtime(moment.at), "record_number": moment.number}


def _point(found: Series, unit: Unit, period: Period, today: date) -> Row:
    figure = found.flow(period)
    total = found.at(period).stored(unit) if found.sheet.is_running_total else None
    return {
        "period": period.code,
        "label": period.label,
        **printed(figure, unit),
        "running_total": plain_figure(total),
        **coverage_of(figure),
        "nature": _nature(found.natures(period)),
        "missing": None if figure.value is not None else found.gap(period, today),
    }


def _nature(natures: set[str]) -> str | None:
    """Of several, the least settled."""
    return next((nature.value for nature in LEAST_SETTLED_FIRST if nature in natures), None)


# Why ------------------------------------------------------------------------------------------------------------


def explain(
    actor: Actor,
    indicator: Indicator,
    sheet: IndicatorSheet,
    basis: Basis,
    period: Period,
    as_of: datetime | None,
) -> dict[str, Any]:
    """The tree behind one figure, as the actor may see it."""
    if period.grain < sheet.grain:
        message = _("このKPIの測定の区切りは%(own)sです。") % {"own": Grain(sheet.grain).label}
        raise DomainError("grain_too_fine", message + period_wanted(sheet), field="period")
    moment = None if as_of is None else ledger.settle(as_of)
    loaded = load_clean([indicator.pk], basis, moment.at if moment else None, within=period)
    if indicator.pk not in loaded.sheets:
        raise not_yet_on_record()
    return {
        "period": period.code,
        "label": period.label,
        "basis": basis.value,
        **moment_of(moment),
        "figure": Explanation.of(actor, loaded).figure(indicator.pk, period),
    }

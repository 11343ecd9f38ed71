"""KPI in the API: the indicator with its sheet and targets, its series, and why a figure is what it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from actors.models import Post
from ecosystems.models import Forum
from ecosystems.models.forum import Visibility
from foundation.access import Actor
from foundation.api_resources import (
    Choice,
    Column,
    FigureColumn,
    JoinedLink,
    Link,
    ObjectFilter,
    Reader,
    Row,
    RowSerializer,
    RowViewSet,
    plain_figure,
)
from foundation.errors import DomainError
from kpis.api import figures
from kpis.api.parameters import PeriodCode, as_of_in, basis_in, grain_in, period_in
from kpis.filters import IndicatorFilter
from kpis.models import Indicator, IndicatorSheet, Scorecard, Target
from kpis.periods import Grain

# Sheets and targets ---------------------------------------------------------------------------------------------


class SheetShape(serializers.Serializer):
    """KPIシート, the version in force"""

    version = serializers.IntegerField()
    definition = serializers.CharField()
    formula = serializers.CharField()
    data_source = serializers.CharField()
    unit = serializers.CharField()
    scale = serializers.CharField()
    direction = serializers.CharField()
    accrual = serializers.CharField()
    is_running_total = serializers.BooleanField()
    grain = Choice([grain.code for grain in Grain])
    time_rule = serializers.CharField()
    tree_rule = serializers.CharField()
    attainment_rule = serializers.CharField()
    decimals = serializers.IntegerField()
    may_be_negative = serializers.BooleanField()
    steps = serializers.ListField(child=serializers.CharField())
    level = serializers.CharField()
    value = serializers.CharField()
    sdgs = serializers.ListField(child=serializers.IntegerField())
    first_period = PeriodCode()
    last_period = PeriodCode(allow_null=True)
    baseline_period = PeriodCode(allow_null=True)
    baseline_value = FigureColumn()


_SHEET = tuple(SheetShape().fields)
_PERIODS = ("first_period", "last_period", "baseline_period")


def _sheet(row: Row) -> Row:
    row["grain"] = Grain(row["grain"]).code
    row["baseline_value"] = plain_figure(row["baseline_value"])
    for name in _PERIODS:
        row[name] = row[name] and row[name].code
    return row


@extend_schema_field(SheetShape(allow_null=True))
class CurrentSheet(Column):
    """The sheet in force; it is seen with its indicator."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        sheets = IndicatorSheet.objects.filter(
            indicator_id__in=[row["pk"] for row in rows], superseded_at=None
        )
        found = {row.pop("indicator_id"): _sheet(row) for row in sheets.values("indicator_id", *_SHEET)}
        return lambda row: found.get(row["pk"])


class TargetShape(serializers.Serializer):
    """目標値; `is_none`: it was agreed to set no target for the period"""

    period = PeriodCode()
    value = FigureColumn()
    lower = FigureColumn()
    upper = FigureColumn()
    is_none = serializers.BooleanField()


@extend_schema_field(TargetShape(many=True))
class CurrentTargets(Column):
    """The targets in force, in order of time."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        targets = Target.objects.filter(indicator_id__in=[row["pk"] for row in rows], superseded_at=None)
        for target in targets.order_by("period"):
            found.setdefault(target.indicator_id, []).append(
                {
                    "period": target.period.code,
                    "value": plain_figure(target.value),
                    "lower": plain_figure(target.lower),
                    "upper": plain_figure(target.upper),
                    "is_none": target.is_none,
                }
            )
        return lambda row: found.get(row["pk"], [])


# Indicators -----------------------------------------------------------------------------------------------------


class IndicatorRow(RowSerializer):
    """KPI"""

    id = serializers.UUIDField(source="public_id")
    scorecard = Link(Scorecard)
    code = serializers.CharField()
    name = serializers.CharField()
    position = serializers.IntegerField()
    kind = Choice(Indicator.Kind.choices)
    visibility = Choice(Visibility.choices)
    post = JoinedLink(signed_in=True)
    sheet = CurrentSheet()


class IndicatorDetail(IndicatorRow):
    """KPI（目標値を含む）"""

    targets = CurrentTargets()


class IndicatorFilters(IndicatorFilter):
    """The page's filters; what a page offers as choices is named by id here, without reading all choices first."""

    scorecard = ObjectFilter(Scorecard, "scorecard", label="KPI一覧")
    forum = ObjectFilter(Forum, "scorecard__forum", label="地域共創の場")
    keeper = ObjectFilter(Post, "post", label="所管課")
    code = django_filters.CharFilter()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        django_filters.FilterSet.__init__(self, *args, **kwargs)


def _text(name: str, description: str, enum: Sequence[str] | None = None) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, description=description, enum=enum)


_BASIS = _text(
    "basis", "official（承認済み、既定）か provisional（承認前を含む）", ("official", "provisional")
)
_AS_OF = _text("as_of", "この日時の記録で返す。日付だけなら、その日の終わり（日本時間）")


class IndicatorViewSet(RowViewSet):
    """KPI: what is watched, how it is measured, its figures, and why they are what they are."""

    queryset = Indicator.objects.all()
    serializer_class = IndicatorRow
    detail_class = IndicatorDetail
    filterset_class = IndicatorFilters
    ordering_fields = ("code", "name", "position", "kind")
    action_params = {
        "series": ("basis", "grain", "as_of", "from", "to"),
        "explain": ("period", "basis", "as_of"),
    }

    def _indicator(self) -> tuple[Indicator, IndicatorSheet]:
        indicator = get_object_or_404(self.get_queryset(), public_id=self.kwargs["public_id"])
        return indicator, figures.current_sheet(indicator)

    @extend_schema(
        parameters=[
            _BASIS,
            _text("grain", "区切り。既定は測定の区切り", [grain.code for grain in Grain]),
            _AS_OF,
            _text("from", "最初の期間のコード（例: FY2025-Q1）"),
            _text("to", "最後の期間のコード"),
        ],
        responses=figures.SeriesShape,
        filters=False,
    )
    @action(detail=True, pagination_class=None)
    def series(self, request: Request, public_id: str) -> Response:
        """The figures of the indicator by period: value, or why there is none, with its coverage."""
        params = request.query_params
        indicator, sheet = self._indicator()
        basis, as_of = basis_in(params), as_of_in(params)
        figures.require_basis(self.actor, indicator, basis)
        asked = figures.Span(
            grain_in(params, Grain(sheet.grain)), period_in(params, "from"), period_in(params, "to")
        )
        return Response(figures.series(indicator, sheet, basis, asked, as_of))

    @extend_schema(
        parameters=[
            OpenApiParameter("period", OpenApiTypes.STR, required=True, description="期間のコード"),
            _BASIS,
            _AS_OF,
        ],
        responses=figures.ExplanationShape,
        filters=False,
    )
    @action(detail=True, pagination_class=None)
    def explain(self, request: Request, public_id: str) -> Response:
        """The tree behind a figure, down to measurements. What the caller may not see is counted, not named."""
        params = request.query_params
        indicator, sheet = self._indicator()
        basis, as_of, period = basis_in(params), as_of_in(params), period_in(params, "period")
        figures.require_basis(self.actor, indicator, basis)
        if period is None:
            raise DomainError("period", figures.period_wanted(sheet), field="period")
        return Response(figures.explain(self.actor, indicator, sheet, basis, period, as_of))

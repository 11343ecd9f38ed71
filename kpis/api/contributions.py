"""KPIのつながり in the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet
from rest_framework import serializers

from foundation.api_resources import Choice, FigureColumn, Link, ObjectFilter, RowSerializer, RowViewSet
from kpis.api.parameters import PeriodCode
from kpis.models import Contribution, Indicator


class ContributionRow(RowSerializer):
    """KPIのつながり; an end that the caller may not see is null"""

    id = serializers.UUIDField(source="public_id")
    parent = Link(Indicator)  # type: ignore[assignment]  # a member of that name
    child = Link(Indicator)
    state = Choice(Contribution.State.choices)
    weight = FigureColumn()
    factor = FigureColumn()
    position = serializers.IntegerField()
    first_period = PeriodCode(allow_null=True)
    last_period = PeriodCode(allow_null=True)
    recorded_at = serializers.DateTimeField()
    superseded_at = serializers.DateTimeField(allow_null=True)


class ContributionFilters(FilterSet):
    parent = ObjectFilter(Indicator, "parent", label="上位のKPI")
    child = ObjectFilter(Indicator, "child", label="下位のKPI")
    state = django_filters.ChoiceFilter(choices=Contribution.State.choices)
    current = django_filters.BooleanFilter(
        field_name="superseded_at", lookup_expr="isnull", label="今も有効か"
    )


class ContributionViewSet(RowViewSet):
    """KPIのつながり: which indicator feeds which, with weight and factor; ended ones stay on record."""

    queryset = Contribution.objects.all()
    serializer_class = ContributionRow
    filterset_class = ContributionFilters
    ordering_fields = ("position", "recorded_at", "state")

    def get_queryset(self) -> QuerySet[Any, Any]:
        return super().get_queryset().order_by("parent_id", "position", "id")

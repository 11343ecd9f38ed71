"""KPIのつながり in the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.api_resources import Choice, FigureColumn, Link, ObjectFilter, RowSerializer, RowViewSet
from foundation.idempotency import IdempotentMixin
from kpis.api.parameters import PeriodCode
from kpis.models import Contribution, Indicator
from kpis.services import contributions


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
    reason = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    superseded_at = serializers.DateTimeField(allow_null=True)


class ContributionFilters(FilterSet):
    parent = ObjectFilter(Indicator, "parent", label="上位のKPI")
    child = ObjectFilter(Indicator, "child", label="下位のKPI")
    state = django_filters.ChoiceFilter(choices=Contribution.State.choices)
    current = django_filters.BooleanFilter(
        field_name="superseded_at", lookup_expr="isnull", label="今も有効か"
    )


class Reason(serializers.Serializer):
    reason = serializers.CharField(max_length=contributions.MAX_REASON)


class ContributionViewSet(IdempotentMixin, RowViewSet):
    """KPIのつながり: which indicator feeds which, with weight and factor; ended ones stay on record."""

    queryset = Contribution.objects.all()
    serializer_class = ContributionRow
    filterset_class = ContributionFilters
    ordering_fields = ("position", "recorded_at", "state")

    def get_queryset(self) -> QuerySet[Any, Any]:
        return super().get_queryset().order_by("parent_id", "position", "id")

    @extend_schema(request=None, responses=ContributionRow)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, public_id: str) -> Response:
        """承認: from now on the child counts."""
        contributions.accept_contribution(actor=self.actor, contribution=self.get_object())
        return Response(self.rendered(public_id))

    @extend_schema(request=Reason, responses=ContributionRow)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, public_id: str) -> Response:
        """見送り; `reason` is told to whoever proposed it."""
        given = Reason(data=request.data)
        given.is_valid(raise_exception=True)
        contributions.decline_contribution(
            actor=self.actor, contribution=self.get_object(), reason=given.validated_data["reason"]
        )
        return Response(self.rendered(public_id))

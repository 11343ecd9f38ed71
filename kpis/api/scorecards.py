"""KPI一覧 in the API."""

from __future__ import annotations

import django_filters
from django_filters.rest_framework import FilterSet
from rest_framework import serializers

from ecosystems.models import Forum
from ecosystems.models.forum import Visibility
from foundation.api_resources import Choice, JoinedLink, Link, ObjectFilter, RowSerializer, RowViewSet
from kpis.models import Scorecard


class ScorecardRow(RowSerializer):
    """KPI一覧"""

    id = serializers.UUIDField(source="public_id")
    forum = Link(Forum)
    name = serializers.CharField()
    visibility = Choice(Visibility.choices)
    post = JoinedLink(signed_in=True)
    figures_at = serializers.DateTimeField(allow_null=True)


class ScorecardFilters(FilterSet):
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains")
    forum = ObjectFilter(Forum, "forum", label="地域共創の場")


class ScorecardViewSet(RowViewSet):
    """KPI一覧: the set of indicators that one vision, project or theme is judged by."""

    queryset = Scorecard.objects.all()
    serializer_class = ScorecardRow
    filterset_class = ScorecardFilters
    ordering_fields = ("name", "figures_at")

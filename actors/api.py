"""Organisations in the API."""

from __future__ import annotations

import django_filters
from rest_framework import serializers

from actors.filters import OrganizationFilter
from actors.models import Organization
from foundation.api_resources import Choice, RowSerializer, RowViewSet


class OrganizationRow(RowSerializer):
    """機関"""

    id = serializers.UUIDField(source="public_id")
    kind = Choice(Organization.Kind.choices)
    company_type = serializers.CharField()
    name = serializers.CharField()
    name_kana = serializers.CharField()
    short_name = serializers.CharField()
    is_fictitious = serializers.BooleanField()
    corporate_number = serializers.CharField()
    municipality_code = serializers.CharField()
    ror = serializers.CharField()
    prefecture_code = serializers.CharField()
    website = serializers.CharField()
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)


class OrganizationFilters(OrganizationFilter):
    """The page's filters, and the codes by which programs know an organisation."""

    municipality_code = django_filters.CharFilter()
    corporate_number = django_filters.CharFilter()
    ror = django_filters.CharFilter()


class OrganizationViewSet(RowViewSet):
    """機関: municipalities, universities, companies, banks and the others who meet in a forum."""

    queryset = Organization.objects.all()
    serializer_class = OrganizationRow
    filterset_class = OrganizationFilters
    ordering_fields = ("name_kana", "name", "kind", "municipality_code")


ROUTES = [("organizations", OrganizationViewSet)]

"""Organisations and communities in the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from actors.filters import CommunityFilter, OrganizationFilter
from actors.models import Community, CommunityMember, Organization, Person
from foundation.access import Actor
from foundation.api_resources import (
    Choice,
    Column,
    JoinedLink,
    LinkShape,
    ObjectFilter,
    Reader,
    Row,
    RowSerializer,
    RowViewSet,
    links,
)


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


class CommunityRow(RowSerializer):
    """コミュニティ"""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    value = Choice(Community.Value.choices)
    area_name = serializers.CharField()
    summary = serializers.CharField()
    reason = serializers.CharField()
    is_public = serializers.BooleanField()
    post = JoinedLink(signed_in=True)


class CommunityMemberShape(serializers.Serializer):
    """コミュニティのメンバー"""

    organization = LinkShape(allow_null=True)
    person = LinkShape(allow_null=True)
    is_leader = serializers.BooleanField()
    leads = serializers.CharField()
    is_local = serializers.BooleanField()
    role_note = serializers.CharField()
    since_on = serializers.DateField()
    until_on = serializers.DateField(allow_null=True)


_MEMBER = ("is_leader", "leads", "is_local", "role_note", "since_on", "until_on")


@extend_schema_field(CommunityMemberShape(many=True))
class CommunityMembers(Column):
    """The members that the caller may see, in order of their organisation; two queries."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        members = list(
            CommunityMember.objects.visible_to(actor)
            .filter(community_id__in=[row["pk"] for row in rows])
            .order_by("organization__name_kana", "organization__name", "pk")
            .values("community_id", "organization__public_id", "organization__name", "person_id", *_MEMBER)
        )
        people = links(Person, (each["person_id"] for each in members), actor)
        found: dict[int, list[Row]] = {}
        for each in members:
            public_id = each["organization__public_id"]
            organization = public_id and {"id": public_id, "name": each["organization__name"]}
            shown = {"organization": organization, "person": people.get(each["person_id"])}
            found.setdefault(each["community_id"], []).append(shown | {name: each[name] for name in _MEMBER})
        return lambda row: found.get(row["pk"], [])


class CommunityDetail(CommunityRow):
    """コミュニティ（メンバーを含む）"""

    members = CommunityMembers()


class MemberFilter(ObjectFilter):
    """Communities to which the organisation belongs or belonged, each once."""

    def filter(self, qs: QuerySet[Any, Any], value: Any) -> QuerySet[Any, Any]:
        if not value:
            return qs
        joined = CommunityMember.objects.filter(organization__public_id=value)
        return qs.filter(pk__in=joined.values("community_id"))


class CommunityFilters(CommunityFilter):
    is_public = django_filters.BooleanFilter()
    organization = MemberFilter(Organization, "pk", label="メンバーの機関")


class CommunityViewSet(RowViewSet):
    """コミュニティ: actors from inside and outside an area who gather around a value."""

    queryset = Community.objects.all()
    serializer_class = CommunityRow
    detail_class = CommunityDetail
    filterset_class = CommunityFilters
    ordering_fields = ("name", "value")


ROUTES = [("organizations", OrganizationViewSet), ("communities", CommunityViewSet)]

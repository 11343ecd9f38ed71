"""Forums, memberships, decisions, the agenda and cases in the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from actors.models import Organization
from ecosystems.filters import CaseFilter, DecisionFilter, ForumFilter
from ecosystems.models import AgendaItem, Case, Decision, DecisionStance, Forum, Meeting, Membership
from ecosystems.models.forum import Visibility
from foundation.access import Actor
from foundation.api_resources import (
    Choice,
    Column,
    JoinedLink,
    Link,
    LinkShape,
    ObjectFilter,
    Reader,
    Row,
    RowSerializer,
    RowViewSet,
)

# Forums ---------------------------------------------------------------------------------------------------------


class ForumRow(RowSerializer):
    """地域共創の場"""

    id = serializers.UUIDField(source="public_id")
    code = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    parent = Link(Forum)  # type: ignore[assignment]  # a member of that name
    core_body = JoinedLink()
    founded_on = serializers.DateField(allow_null=True)
    visibility = Choice(Visibility.choices)
    is_fictitious = serializers.BooleanField()
    is_public_record = serializers.BooleanField()


class ForumDetail(ForumRow):
    """地域共創の場（詳細）"""

    strengths = serializers.CharField()
    issues = serializers.CharField()


class ForumFilters(ForumFilter):
    parent = ObjectFilter(Forum, "parent", label="上位の場")
    core_body = ObjectFilter(Organization, "core_body", label="場の代表機関")
    code = django_filters.CharFilter()
    visibility = django_filters.ChoiceFilter(choices=Visibility.choices)


class ForumViewSet(RowViewSet):
    """地域共創の場: where organisations of a region agree on a vision and review it."""

    queryset = Forum.objects.all()
    serializer_class = ForumRow
    detail_class = ForumDetail
    filterset_class = ForumFilters
    ordering_fields = ("code", "name", "founded_on")


class MembershipRow(RowSerializer):
    """構成員"""

    id = serializers.UUIDField(source="public_id")
    forum = Link(Forum)
    organization = JoinedLink()
    role = Choice(Membership.Role.choices)
    sector = serializers.CharField()
    is_local = serializers.BooleanField()
    role_note = serializers.CharField()
    reason = serializers.CharField()
    joined_on = serializers.DateField()
    left_on = serializers.DateField(allow_null=True)


class MembershipFilters(FilterSet):
    forum = ObjectFilter(Forum, "forum", label="地域共創の場")
    organization = ObjectFilter(Organization, "organization", label="機関")
    role = django_filters.ChoiceFilter(choices=Membership.Role.choices)
    sector = django_filters.ChoiceFilter(choices=Membership.Sector.choices)
    active = django_filters.BooleanFilter(method="by_active", label="今日参加しているか")

    def by_active(self, rows: QuerySet[Any, Any], name: str, value: bool) -> QuerySet[Any, Any]:
        today = timezone.localdate()
        active = Q(left_on__isnull=True) | Q(left_on__gte=today)
        return rows.filter(active & Q(joined_on__lte=today) if value else ~(active & Q(joined_on__lte=today)))


class MembershipViewSet(RowViewSet):
    """構成員: which organisation belongs to which forum, in which role, from when to when."""

    queryset = Membership.objects.all()
    serializer_class = MembershipRow
    filterset_class = MembershipFilters
    ordering_fields = ("joined_on", "role")


# Meetings' outcome ----------------------------------------------------------------------------------------------


class DecisionRow(RowSerializer):
    """決定事項"""

    id = serializers.UUIDField(source="public_id")
    forum = Link(Forum)
    meeting = Link(Meeting)
    code = serializers.CharField()
    text = serializers.CharField()
    decided_on = serializers.DateField()
    responsible = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)
    policy_reflection = serializers.CharField()
    state = Choice(Decision.State.choices)
    state_note = serializers.CharField()
    post = JoinedLink(signed_in=True)


class StanceShape(serializers.Serializer):
    """各機関の回答"""

    organization = LinkShape()
    stance = Choice(DecisionStance.Stance.choices)
    answered_on = serializers.DateField(allow_null=True)
    condition = serializers.CharField()


@extend_schema_field(StanceShape(many=True))
class Stances(Column):
    """How the organisations answered; seen with the decision."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        stances = DecisionStance.objects.filter(decision_id__in=[row["pk"] for row in rows])
        for stance in stances.select_related("organization").order_by("id"):
            found.setdefault(stance.decision_id, []).append(
                {
                    "organization": {
                        "id": stance.organization.public_id,
                        "name": stance.organization.name,
                    },
                    "stance": stance.stance,
                    "answered_on": stance.answered_on,
                    "condition": stance.condition,
                }
            )
        return lambda row: found.get(row["pk"], [])


class DecisionDetail(DecisionRow):
    """決定事項（各機関の回答を含む）"""

    stances = Stances()


class DecisionFilters(DecisionFilter):
    forum = ObjectFilter(Forum, "forum", label="地域共創の場")
    decided_from = django_filters.DateFilter(field_name="decided_on", lookup_expr="gte")
    decided_to = django_filters.DateFilter(field_name="decided_on", lookup_expr="lte")
    due_to = django_filters.DateFilter(field_name="due_on", lookup_expr="lte")


class DecisionViewSet(RowViewSet):
    """決定事項: what a forum decided, who carries it out by when."""

    queryset = Decision.objects.all()
    serializer_class = DecisionRow
    detail_class = DecisionDetail
    filterset_class = DecisionFilters
    ordering_fields = ("decided_on", "due_on", "code", "state")


class AgendaItemRow(RowSerializer):
    """議題"""

    id = serializers.UUIDField(source="public_id")
    forum = Link(Forum)
    meeting = Link(Meeting)
    position = serializers.IntegerField()
    kind = Choice(AgendaItem.Kind.choices)
    title = serializers.CharField()
    proposer = serializers.CharField()
    source_label = serializers.CharField()
    source_url = serializers.CharField()
    post = JoinedLink(signed_in=True)


class AgendaItemFilters(FilterSet):
    q = django_filters.CharFilter(field_name="title", lookup_expr="icontains")
    forum = ObjectFilter(Forum, "forum", label="地域共創の場")
    meeting = ObjectFilter(Meeting, "meeting", label="会議")
    kind = django_filters.ChoiceFilter(choices=AgendaItem.Kind.choices)


class AgendaItemViewSet(RowViewSet):
    """議題: what stands on the agenda of a forum, and why."""

    queryset = AgendaItem.objects.all()
    serializer_class = AgendaItemRow
    filterset_class = AgendaItemFilters
    ordering_fields = ("position", "kind", "title")


# Cases ----------------------------------------------------------------------------------------------------------


class CaseRow(RowSerializer):
    """事例"""

    id = serializers.UUIDField(source="public_id")
    forum = Link(Forum)
    code = serializers.CharField()
    title = serializers.CharField()
    region = serializers.CharField()
    outcome = Choice(Case.Outcome.choices)
    visibility = Choice(Visibility.choices)
    source_code = serializers.CharField(source="source.code", allow_null=True)
    source_title = serializers.CharField(source="source.title", allow_null=True)


@extend_schema_field(LinkShape(many=True))
class CaseOrganizations(Column):
    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        joined = Case.organizations.through.objects.filter(case_id__in=[row["pk"] for row in rows])
        columns = joined.order_by("organization__name_kana", "organization__name", "organization_id")
        for case_id, public_id, label in columns.values_list(
            "case_id", "organization__public_id", "organization__name"
        ):
            found.setdefault(case_id, []).append({"id": public_id, "name": label})
        return lambda row: found.get(row["pk"], [])


class CaseDetail(CaseRow):
    """事例（特徴／成果／課題／要因）"""

    features = serializers.CharField()
    results = serializers.CharField()
    problems = serializers.CharField()
    factors = serializers.CharField()
    next_time = serializers.CharField()
    organizations = CaseOrganizations()


class CaseFilters(CaseFilter):
    forum = ObjectFilter(Forum, "forum", label="地域共創の場")


class CaseViewSet(RowViewSet):
    """事例: success or failure, told as 特徴／成果／課題／要因."""

    queryset = Case.objects.all()
    serializer_class = CaseRow
    detail_class = CaseDetail
    filterset_class = CaseFilters
    ordering_fields = ("code", "title", "outcome")


ROUTES = [
    ("forums", ForumViewSet),
    ("memberships", MembershipViewSet),
    ("decisions", DecisionViewSet),
    ("agenda-items", AgendaItemViewSet),
    ("cases", CaseViewSet),
]

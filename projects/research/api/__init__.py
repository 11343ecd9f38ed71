"""Projects and their corrections in the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django_filters.rest_framework import FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from actors.models import Organization
from ecosystems.models import Decision, Forum
from ecosystems.models.forum import Visibility
from foundation.api.fields import PublicIdField
from foundation.api_resources import (
    Choice,
    JoinedLink,
    Link,
    ObjectFilter,
    RowSerializer,
    RowViewSet,
)
from foundation.idempotency import HEADER, IdempotentMixin
from kpis.models import Indicator, Scorecard
from projects.research.api.columns import (
    MAY_READ,
    Funding,
    Guarded,
    Participations,
    Procedure,
    ProjectThemes,
    Team,
    TouchedIndicators,
)
from projects.research.filters import ProjectFilter
from projects.research.models import Correction, Project
from projects.research.services.registering import Registration, register_project
from visions.models import Theme


class ProjectRow(RowSerializer):
    """産学官プロジェクト"""

    id = serializers.UUIDField(source="public_id")
    forum = Link(Forum)
    code = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    kind = Choice(Project.Kind.choices)
    state = Choice(Project.State.choices)
    stage = Choice(Project.Stage.choices, allow_blank=True)
    lead = JoinedLink()
    scorecard = Link(Scorecard)
    starts_on = serializers.DateField()
    planned_ends_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    visibility = Choice(Visibility.choices)
    post = JoinedLink(signed_in=True)


class ProjectDetail(ProjectRow):
    """産学官プロジェクト（参加機関、テーマ、体制を含む。契約と金額は、見ることのできる人だけ）"""

    department = serializers.CharField()
    contract_number = Guarded("can_view_terms")
    contract_kind = Guarded("can_view_terms")
    contract_title = Guarded("can_view_title")
    participations = Participations()
    themes = ProjectThemes()
    team = Team()
    funding = Funding()


class ProjectFilters(ProjectFilter):
    forum = ObjectFilter(Forum, "forum", label="地域共創の場")
    theme = ObjectFilter(Theme, "themes", label="テーマ")
    lead = ObjectFilter(Organization, "lead", label="代表機関")
    running_on = django_filters.DateFilter(method="by_day", label="この日に実施中")

    def by_day(self, rows: QuerySet[Any, Any], name: str, value: Any) -> QuerySet[Any, Any]:
        return rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=value), starts_on__lte=value)


class ProjectInput(serializers.Serializer):
    """The seven things asked first; `confirmed`: it is another one than those that look like it"""

    forum = PublicIdField(queryset=Forum.objects.all())
    name = serializers.CharField(max_length=300)
    kind = Choice(Project.Kind.choices)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(required=False, allow_null=True)
    contract_number = serializers.CharField(required=False, allow_blank=True, max_length=64)
    department = serializers.CharField(required=False, allow_blank=True, max_length=200)
    partner_name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    corporate_number = serializers.CharField(required=False, allow_blank=True, max_length=30)
    partner_department = serializers.CharField(required=False, allow_blank=True, max_length=200)
    themes = PublicIdField(queryset=Theme.objects.select_related("vision"), many=True, required=False)
    confirmed = serializers.BooleanField(required=False, default=False)


class ProjectViewSet(IdempotentMixin, RowViewSet):
    """産学官プロジェクト: what organisations do together towards a theme."""

    queryset = Project.objects.all()
    serializer_class = ProjectRow
    detail_class = ProjectDetail
    filterset_class = ProjectFilters
    ordering_fields = ("code", "name", "starts_on", "ends_on", "state", "kind")

    def get_queryset(self) -> QuerySet[Any, Any]:
        rows: Any = super().get_queryset()
        found: QuerySet[Any, Any] = rows if self.action == "list" else rows.with_can(self.actor, *MAY_READ)
        return found

    @extend_schema(
        request=ProjectInput,
        responses={201: ProjectDetail},
        parameters=[
            OpenApiParameter(
                HEADER, OpenApiTypes.STR, OpenApiParameter.HEADER, description="同じ要求を一度だけ行う鍵"
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Register a project, led by the organisation acted for."""
        sent = ProjectInput(data=request.data, context={"request": request})
        sent.is_valid(raise_exception=True)
        given = dict(sent.validated_data)
        forum, confirmed = given.pop("forum"), given.pop("confirmed")
        project = register_project(
            actor=self.actor, forum=forum, given=Registration(**given), confirmed=confirmed
        )
        location = self.reverse_action("detail", args=[project.public_id])
        return Response(self.rendered(project.public_id), status=201, headers={"Location": location})


class CorrectionRow(RowSerializer):
    """軌道修正"""

    id = serializers.UUIDField(source="public_id")
    forum = Link(Forum)
    project = Link(Project)
    code = serializers.CharField()
    kind = Choice(Correction.Kind.choices)
    trigger = serializers.CharField()
    change = serializers.CharField()
    decision = Link(Decision, label="code")
    decided_on = serializers.DateField()
    effective_on = serializers.DateField()
    course = serializers.CharField()


class CorrectionDetail(CorrectionRow):
    """軌道修正（関係するKPIを含む。計画変更の手続は、契約の内容を見ることのできる人だけ）"""

    indicators = TouchedIndicators()
    procedure = Procedure()


class CorrectionFilters(FilterSet):
    forum = ObjectFilter(Forum, "forum", label="地域共創の場")
    project = ObjectFilter(Project, "project", label="プロジェクト")
    indicator = ObjectFilter(Indicator, "indicators", label="関係するKPI")
    kind = django_filters.ChoiceFilter(choices=Correction.Kind.choices)


class CorrectionViewSet(RowViewSet):
    """軌道修正: how plans and targets were reviewed, each with the decision that it rests on."""

    queryset = Correction.objects.all()
    serializer_class = CorrectionRow
    detail_class = CorrectionDetail
    filterset_class = CorrectionFilters
    ordering_fields = ("code", "decided_on", "effective_on", "kind")


ROUTES = [("projects", ProjectViewSet), ("corrections", CorrectionViewSet)]

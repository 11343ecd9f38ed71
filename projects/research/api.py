"""Projects in the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from actors.models import Organization
from ecosystems.models import Forum
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
from kpis.models import Scorecard
from projects.research.filters import ProjectFilter
from projects.research.models import Participation, Project
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
    lead = JoinedLink()
    scorecard = Link(Scorecard)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    visibility = Choice(Visibility.choices)
    post = JoinedLink(signed_in=True)


class ParticipationShape(serializers.Serializer):
    """参加機関"""

    organization = LinkShape()
    role = Choice(Participation.Role.choices)


@extend_schema_field(ParticipationShape(many=True))
class Participations(Column):
    """Who takes part, in order."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        joined = Participation.objects.filter(project_id__in=[row["pk"] for row in rows])
        for project_id, role, public_id, label in joined.order_by("position", "id").values_list(
            "project_id", "role", "organization__public_id", "organization__name"
        ):
            organization = {"id": public_id, "name": label}
            found.setdefault(project_id, []).append({"organization": organization, "role": role})
        return lambda row: found.get(row["pk"], [])


@extend_schema_field(LinkShape(many=True))
class ProjectThemes(Column):
    """The themes that the actor may see."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        themes = Theme.objects.visible_to(actor).filter(projects__in=[row["pk"] for row in rows])
        for project_id, public_id, label in themes.order_by("position", "id").values_list(
            "projects__id", "public_id", "name"
        ):
            found.setdefault(project_id, []).append({"id": public_id, "name": label})
        return lambda row: found.get(row["pk"], [])


class ProjectDetail(ProjectRow):
    """産学官プロジェクト（参加機関とテーマを含む）"""

    participations = Participations()
    themes = ProjectThemes()


class ProjectFilters(ProjectFilter):
    forum = ObjectFilter(Forum, "forum", label="地域共創の場")
    theme = ObjectFilter(Theme, "themes", label="テーマ")
    lead = ObjectFilter(Organization, "lead", label="代表機関")
    running_on = django_filters.DateFilter(method="by_day", label="この日に実施中")

    def by_day(self, rows: QuerySet[Any, Any], name: str, value: Any) -> QuerySet[Any, Any]:
        return rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=value), starts_on__lte=value)


class ProjectViewSet(RowViewSet):
    """産学官プロジェクト: what organisations do together towards a theme."""

    queryset = Project.objects.all()
    serializer_class = ProjectRow
    detail_class = ProjectDetail
    filterset_class = ProjectFilters
    ordering_fields = ("code", "name", "starts_on", "ends_on", "state", "kind")


ROUTES = [("projects", ProjectViewSet)]

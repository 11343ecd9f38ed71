"""Visions with their versions and themes in the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ecosystems.filters import containing
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
from kpis.models import Indicator, Scorecard
from visions.filters import VisionFilter
from visions.models import Step, Theme, Vision, VisionVersion


class VisionRow(RowSerializer):
    """地域ビジョン"""

    id = serializers.UUIDField(source="public_id")
    forum = Link(Forum)
    code = serializers.CharField()
    name = serializers.CharField()
    target_year = serializers.IntegerField()
    scorecard = Link(Scorecard)
    visibility = Choice(Visibility.choices)
    post = JoinedLink(signed_in=True)


class VersionShape(serializers.Serializer):
    """ビジョンの版"""

    id = serializers.UUIDField()
    number = serializers.CharField()
    text = serializers.CharField()
    plain_summary = serializers.CharField()
    change_note = serializers.CharField()
    agreed_on = serializers.DateField(allow_null=True)
    is_current = serializers.BooleanField()


@extend_schema_field(VersionShape(many=True))
class Versions(Column):
    """The fixed versions of a vision's words, newest first."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        versions = VisionVersion.objects.filter(vision_id__in=[row["pk"] for row in rows])
        columns = ("number", "text", "plain_summary", "change_note", "agreed_on", "is_current")
        for each in versions.visible_to(actor).values("vision_id", "public_id", *columns):
            vision_id, public_id = each.pop("vision_id"), each.pop("public_id")
            found.setdefault(vision_id, []).append({"id": public_id, **each})
        return lambda row: found.get(row["pk"], [])


class StepShape(serializers.Serializer):
    """節目"""

    by_fiscal_year = serializers.IntegerField()
    text = serializers.CharField()
    done_note = serializers.CharField()


class ThemeShape(serializers.Serializer):
    """テーマ"""

    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    reason = serializers.CharField()
    future = serializers.CharField()
    roles = serializers.CharField()
    steps = StepShape(many=True)
    indicators = LinkShape(many=True)


@extend_schema_field(ThemeShape(many=True))
class Themes(Column):
    """The themes of the backcast with their steps and the indicators that the actor may see; three queries."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        themes = Theme.objects.filter(vision_id__in=[row["pk"] for row in rows]).visible_to(actor)
        columns = ("code", "name", "reason", "future", "roles")
        listed = list(themes.order_by("position", "id").values("pk", "vision_id", "public_id", *columns))
        steps, indicators = _steps(listed), _indicators(listed, actor)
        found: dict[int, list[Row]] = {}
        for each in listed:
            key, vision_id, public_id = each.pop("pk"), each.pop("vision_id"), each.pop("public_id")
            beside = {"steps": steps.get(key, []), "indicators": indicators.get(key, [])}
            found.setdefault(vision_id, []).append({"id": public_id, **each, **beside})
        return lambda row: found.get(row["pk"], [])


def _steps(themes: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    steps = Step.objects.filter(theme_id__in=[theme["pk"] for theme in themes])
    rows: Any = steps.values("theme_id", "by_fiscal_year", "text", "done_note")
    for step in rows:
        found.setdefault(step.pop("theme_id"), []).append(step)
    return found


def _indicators(themes: Sequence[Row], actor: Actor) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    rows = Indicator.objects.visible_to(actor).filter(themes__in=[theme["pk"] for theme in themes])
    for theme_id, public_id, name in rows.order_by("position", "id").values_list(
        "themes__id", "public_id", "name"
    ):
        found.setdefault(theme_id, []).append({"id": public_id, "name": name})
    return found


class VisionDetail(VisionRow):
    """地域ビジョン（版とテーマを含む）"""

    versions = Versions()
    themes = Themes()


class VisionFilters(VisionFilter):
    forum = ObjectFilter(Forum, "forum", label="地域共創の場")
    target_year = django_filters.NumberFilter()

    def search(self, rows: QuerySet[Any, Any], name: str, value: str) -> QuerySet[Any, Any]:
        """Not by the forum's name: a public vision may be of a forum that its reader may not see."""
        return containing(rows, value, "name", "code")


class VisionViewSet(RowViewSet):
    """地域ビジョン: the future a region aims at, in versions, with the themes that lead there."""

    queryset = Vision.objects.all()
    serializer_class = VisionRow
    detail_class = VisionDetail
    filterset_class = VisionFilters
    ordering_fields = ("code", "name", "target_year")


ROUTES = [("visions", VisionViewSet)]

"""とりまとめ報告 in the API: the versions that the caller may read, one with its content, and publishing it."""

from __future__ import annotations

import django_filters
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.api_resources import Choice, Link, ObjectFilter, RowSerializer, RowViewSet
from foundation.idempotency import IdempotentMixin
from projects.reporting.models import CompiledReport, ReportingRound
from projects.reporting.services import compiling
from visions.models import Vision


class CompiledRow(RowSerializer):
    """One version; `vision` is null where it is of the whole forum."""

    id = serializers.UUIDField(source="public_id")
    round = Link(ReportingRound)
    vision = Link(Vision)
    version = serializers.IntegerField()
    state = Choice(CompiledReport.State.choices)
    as_of = serializers.DateTimeField()
    record_number = serializers.IntegerField()
    digest = serializers.CharField()
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)


class CompiledDetail(CompiledRow):
    """`content`: head, submission, figures, grades, balance, alignment, words, corrections; figures as exact text."""

    content = serializers.JSONField()


class CompiledFilters(FilterSet):
    round = ObjectFilter(ReportingRound, "round", label="報告依頼")
    vision = ObjectFilter(Vision, "vision", label="地域ビジョン")
    state = django_filters.ChoiceFilter(choices=CompiledReport.State.choices)


class CompiledViewSet(IdempotentMixin, RowViewSet):
    """とりまとめ報告: a round's reports and figures as of one moment."""

    queryset = CompiledReport.objects.all()
    serializer_class = CompiledRow
    detail_class = CompiledDetail
    filterset_class = CompiledFilters
    ordering_fields = ("as_of", "version", "published_at")

    @extend_schema(request=None, responses=CompiledDetail)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, public_id: str) -> Response:
        """Let the members of the forum read it."""
        compiling.publish(actor=self.actor, compiled=self.get_object())
        return Response(self.rendered(public_id))


ROUTES = [("compiled-reports", CompiledViewSet)]

"""書き出し in the API: ask for a file, look how far it is, fetch it by its address, stop it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from foundation import exports
from foundation.access import Actor
from foundation.api_resources import Choice, Column, JobError, Reader, Row, RowSerializer, RowViewSet
from foundation.idempotency import IdempotentMixin
from foundation.models.exports import Export
from foundation.models.jobs import Job


class ExportFileShape(serializers.Serializer):
    """The finished file; `url` gives it out to the requester alone, while their rights last."""

    name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    url = serializers.CharField()


@extend_schema_field(ExportFileShape(allow_null=True))
class ExportFile(Column):
    """The file of an export; null until it is there, and after it expired."""

    def keys(self, name: str) -> tuple[str, ...]:
        return ("file__public_id", "file__original_name", "file__size", "file__sha256")

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        return lambda row: (
            row["file__public_id"]
            and {
                "name": row["file__original_name"],
                "size": row["file__size"],
                "sha256": row["file__sha256"],
                "url": reverse("files:download", args=[row["file__public_id"]]),
            }
        )


class ExportError(JobError):
    """Why it failed, in words."""

    def keys(self, name: str) -> tuple[str, ...]:
        return ("job__error",)

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        said = super().reader(name, rows, actor)
        return lambda row: said({"error": row["job__error"]})


class ExportRow(RowSerializer):
    """A file that the caller asked for, and how far it is."""

    id = serializers.UUIDField(source="public_id")
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a member of that name
    format = Choice(Export.Format.choices)
    parameters = serializers.JSONField()
    as_of = serializers.DateTimeField(allow_null=True)
    state = Choice(Job.State.choices, source="job.state")
    done = serializers.IntegerField(source="job.done")
    total = serializers.IntegerField(source="job.total")
    error = extend_schema_field(serializers.CharField())(ExportError)()
    row_count = serializers.IntegerField(allow_null=True)
    file = ExportFile()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(source="job.finished_at", allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class ExportFilters(FilterSet):
    kind = django_filters.CharFilter()
    format = django_filters.ChoiceFilter(choices=Export.Format.choices)
    state = django_filters.ChoiceFilter(choices=Job.State.choices, field_name="job__state")


class ExportInput(serializers.Serializer):
    """`parameters` are those of the kind; `as_of` fixes the moment that the file speaks of"""

    kind = serializers.CharField(max_length=100)
    format = serializers.ChoiceField(choices=Export.Format.choices)
    parameters = serializers.DictField(required=False)
    as_of = serializers.DateTimeField(required=False, allow_null=True)


class ExportViewSet(IdempotentMixin, RowViewSet):
    """書き出し: one's own, newest first."""

    queryset = Export.objects.order_by("-created_at", "-id")
    serializer_class = ExportRow
    filterset_class = ExportFilters
    ordering_fields = ("created_at",)

    def get_queryset(self) -> QuerySet[Any, Any]:
        rows: QuerySet[Any, Any] = Export.objects.visible_to(self.actor).order_by("-created_at", "-id")
        return rows

    @extend_schema(request=ExportInput, responses={201: ExportRow})
    def create(self, request: Request) -> Response:
        """Ask for a file. It is made in the background: look again under its `id`."""
        given = ExportInput(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = {"parameters": {}, **given.validated_data}
        export = exports.request_export(actor=self.actor, **wanted)
        location = reverse("api:exports-detail", args=[export.public_id])
        return Response(
            self.rendered(export.public_id), status.HTTP_201_CREATED, headers={"Location": location}
        )

    @extend_schema(request=None, responses=ExportRow)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, public_id: str) -> Response:
        """Stop an export that waits or runs."""
        exports.cancel_export(actor=self.actor, export=self.get_object())
        return Response(self.rendered(public_id))


ROUTES = [("exports", ExportViewSet)]

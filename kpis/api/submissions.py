"""実績値の提出 in the API."""

from __future__ import annotations

import django_filters
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from actors.models import Organization
from foundation.api_resources import Choice, JoinedLink, Link, ObjectFilter, RowSerializer, RowViewSet
from foundation.errors import DomainError, MultipleErrors
from foundation.idempotency import IdempotentMixin
from kpis.models import Scorecard, Submission
from kpis.services import entering


class SubmissionRow(RowSerializer):
    """実績値の提出"""

    id = serializers.UUIDField(source="public_id")
    scorecard = Link(Scorecard)
    organization = JoinedLink()
    post = JoinedLink(signed_in=True)
    state = Choice(Submission.State.choices)
    submitted_at = serializers.DateTimeField(allow_null=True)
    approved_in_house_on = serializers.DateField(allow_null=True)
    document_number = serializers.CharField()
    note = serializers.CharField()
    created_at = serializers.DateTimeField()
    revision = serializers.IntegerField()


class SubmissionFilters(FilterSet):
    scorecard = ObjectFilter(Scorecard, "scorecard", label="KPI一覧")
    organization = ObjectFilter(Organization, "organization", label="提出する機関")
    state = django_filters.ChoiceFilter(choices=Submission.State.choices)


class SubmitInput(serializers.Serializer):
    """`revision`: the draft as it was read; a draft that somebody changed since is not submitted"""

    revision = serializers.IntegerField(required=False)
    note = serializers.CharField(required=False, allow_blank=True, max_length=entering.MAX_NOTE)


class SubmissionViewSet(IdempotentMixin, RowViewSet):
    """実績値の提出: figures that one organisation enters and submits together on one scorecard."""

    queryset = Submission.objects.all()
    serializer_class = SubmissionRow
    filterset_class = SubmissionFilters
    ordering_fields = ("submitted_at", "created_at", "state")

    @extend_schema(request=SubmitInput, responses=SubmissionRow)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, public_id: str) -> Response:
        """Submit a draft: its figures go into the ledger, all or nothing."""
        draft = self.get_object()
        given = SubmitInput(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            entering.submit(actor=self.actor, draft=draft, **given.validated_data)
        except MultipleErrors as errors:
            raise _by_cell(errors) from errors
        return Response(self.rendered(public_id))


def _by_cell(errors: MultipleErrors) -> MultipleErrors:
    """The refusals under `entries[<indicator>,<period>].<field>`."""
    named = [
        DomainError(
            each.code,
            each.message,
            field=f"entries[{each.details.get('indicator')},{each.details.get('period')}].{each.field}",
        )
        for each in errors.errors
    ]
    return MultipleErrors(errors.code, errors.message, named)

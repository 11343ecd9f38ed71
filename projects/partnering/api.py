"""Opportunities and interests in the API: the filters and facets of the pages, applying, answering, withdrawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from actors.models import Organization
from ecosystems.models import Forum, Membership
from foundation.access import Actor
from foundation.api_resources import (
    Choice,
    Column,
    JoinedLink,
    Link,
    ObjectFilter,
    Reader,
    Row,
    RowSerializer,
    RowViewSet,
)
from foundation.idempotency import HEADER, IdempotentMixin
from projects.partnering.facets import count_facets
from projects.partnering.filters import FACETS, OpportunityFilter
from projects.partnering.models import Interest, InterestEvent, Opportunity, OpportunityAudience
from projects.partnering.services import answering, applying
from projects.partnering.services.answering import MAX_WORDS, Answer
from projects.partnering.services.applying import MAX_MESSAGE

_KEY = OpenApiParameter(
    HEADER, OpenApiTypes.STR, OpenApiParameter.HEADER, description="同じ要求を一度だけ行う鍵"
)
_CHOICES: dict[str, Any] = {
    "direction": Opportunity.Direction.choices,
    "kind": Opportunity.Kind.choices,
    "poster": Organization.Kind.choices,
}


# --- opportunities ---------------------------------------------------------------------------------------------------


class OpportunityRow(RowSerializer):
    """連携募集; `state` open with a passed `closes_on` accepts nobody any more"""

    id = serializers.UUIDField(source="public_id")
    forum = Link(Forum)
    organization = JoinedLink()
    direction = Choice(Opportunity.Direction.choices)
    kind = Choice(Opportunity.Kind.choices)
    title = serializers.CharField()
    lead = serializers.CharField()
    terms = serializers.CharField()
    place = serializers.CharField()
    reply_days = serializers.IntegerField()
    closes_on = serializers.DateField(allow_null=True)
    visibility = Choice(Opportunity.Visibility.choices)
    state = Choice(Opportunity.State.choices)
    published_at = serializers.DateTimeField(allow_null=True)


class AudienceShape(serializers.Serializer):
    """見られる構成員: a role in the forum or a kind of organisation"""

    role = Choice(Membership.Role.choices, allow_blank=True)
    organization_kind = Choice(Organization.Kind.choices, allow_blank=True)


@extend_schema_field(AudienceShape(many=True))
class Audiences(Column):
    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        named = OpportunityAudience.objects.filter(opportunity_id__in=[row["pk"] for row in rows])
        columns = ("opportunity_id", "role", "organization_kind")
        for key, role, kind in named.order_by("id").values_list(*columns):
            found.setdefault(key, []).append({"role": role, "organization_kind": kind})
        return lambda row: found.get(row["pk"], [])


class OpportunityDetail(OpportunityRow):
    """連携募集（くわしい内容を含む）"""

    body = serializers.CharField()
    audiences = Audiences()


class OpportunityFilters(OpportunityFilter):
    forum = ObjectFilter(Forum, "forum", label="地域共創の場")
    organization = ObjectFilter(Organization, "organization", label="掲載機関")


class FacetValue(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a member of that name
    count = serializers.IntegerField()


class FacetShape(serializers.Serializer):
    """Counts under each value, as the caller may see them and the other conditions leave them"""

    count = serializers.IntegerField()
    direction = FacetValue(many=True)
    kind = FacetValue(many=True)
    poster = FacetValue(many=True)


class ApplyInput(serializers.Serializer):
    message = serializers.CharField(required=False, allow_blank=True, max_length=MAX_MESSAGE)
    is_name_withheld = serializers.BooleanField(required=False)


class OpportunityViewSet(IdempotentMixin, RowViewSet):
    """連携募集: what is published, and one's own organisation's drafts; the newest first."""

    queryset = Opportunity.objects.all()
    serializer_class = OpportunityRow
    detail_class = OpportunityDetail
    filterset_class = OpportunityFilters
    ordering_fields = ("published_at", "closes_on", "reply_days", "title")
    action_params = {"facets": tuple(OpportunityFilters.base_filters)}

    @extend_schema(responses=FacetShape, filters=True)
    @action(detail=False, methods=["get"], pagination_class=None)
    def facets(self, request: Request) -> Response:
        """絞り込みの件数, under the same conditions as the list."""
        chosen = {name: request.query_params[name] for name in FACETS if request.query_params.get(name)}
        unfaceted = {key: value for key, value in request.query_params.items() if key not in FACETS}
        asked = OpportunityFilters(request.query_params, queryset=self.get_queryset(), request=request)
        if not asked.is_valid():
            raise serializers.ValidationError(asked.errors)
        rows = OpportunityFilters(unfaceted, queryset=self.get_queryset(), request=request).qs
        found = count_facets(rows, chosen, _CHOICES)
        values = {
            name: [{"code": each.code, "label": each.label, "count": each.count} for each in values]
            for name, values in found.values.items()
        }
        return Response({"count": found.hits, **values})

    @extend_schema(request=ApplyInput, responses={201: OpenApiTypes.OBJECT}, parameters=[_KEY])
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, public_id: str) -> Response:
        """話を聞きたい, for the organisation acted for."""
        given = ApplyInput(data=request.data)
        given.is_valid(raise_exception=True)
        interest = applying.apply(actor=self.actor, opportunity=self.get_object(), **given.validated_data)
        row = Interest.objects.filter(pk=interest.pk).values(*InterestRow.keys())
        return Response(InterestRow.render(list(row), self.actor)[0], status=201)


# --- interests -------------------------------------------------------------------------------------------------------


class ForAnswering(Column):
    """A text that only those who answer may read; empty for others. One query a page."""

    def keys(self, name: str) -> tuple[str, ...]:
        return (name,)

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        answers = answerable(rows, actor)
        return lambda row: row[name] if row["pk"] in answers else ""


def answerable(rows: Sequence[Row], actor: Actor) -> set[int]:
    found = Interest.objects.filter(pk__in=[row["pk"] for row in rows]).allowed(actor, "answer")
    return set(found.order_by().values_list("pk", flat=True))


class InterestEventShape(serializers.Serializer):
    """経過の一件; `note` is empty for the applicant"""

    at = serializers.DateTimeField()
    state = Choice(Interest.State.choices)
    message = serializers.CharField()
    note = serializers.CharField()


@extend_schema_field(InterestEventShape(many=True))
class History(Column):
    """What happened, oldest first. Bare notes are left out for those who do not answer."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        answers = answerable(rows, actor)
        found: dict[int, list[Row]] = {}
        events = InterestEvent.objects.filter(interest_id__in=[row["pk"] for row in rows]).order_by("id")
        for event in events:
            reads = event.interest_id in answers
            if reads or event.message or event.from_state != event.to_state:
                note = event.note if reads else ""
                found.setdefault(event.interest_id, []).append(
                    {"at": event.at, "state": event.to_state, "message": event.message, "note": note}
                )
        return lambda row: found.get(row["pk"], [])


class InterestRow(RowSerializer):
    """話を聞きたい（申込み）; `email` is empty for those who do not answer"""

    id = serializers.UUIDField(source="public_id")
    opportunity = Link(Opportunity, label="title")
    organization = JoinedLink()
    introduced_by = JoinedLink()
    name = serializers.CharField()
    email = extend_schema_field(serializers.CharField())(ForAnswering)()
    message = serializers.CharField()
    is_name_withheld = serializers.BooleanField()
    confirmed_at = serializers.DateTimeField()
    reply_due_on = serializers.DateField()
    state = Choice(Interest.State.choices)
    outcome = Choice(Interest.Outcome.choices, allow_blank=True)
    outcome_note = serializers.CharField()
    reason = serializers.CharField()


class InterestDetail(InterestRow):
    """話を聞きたい（経過を含む）"""

    events = History()


class InterestFilters(FilterSet):
    opportunity = ObjectFilter(Opportunity, "opportunity", label="連携募集")
    state = django_filters.ChoiceFilter(choices=Interest.State.choices, label="状態")
    overdue = django_filters.BooleanFilter(method="by_overdue", label="返事の期限を過ぎた未回答")

    def by_overdue(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        late: Any = Interest.objects.overdue(timezone.localdate()).values("pk")
        return rows.filter(pk__in=late) if value else rows.exclude(pk__in=late)


class AnswerInput(serializers.Serializer):
    """`state` absent: a message or a note alone"""

    state = Choice(Interest.State.choices, required=False)
    message = serializers.CharField(required=False, allow_blank=True, max_length=MAX_WORDS)
    note = serializers.CharField(required=False, allow_blank=True, max_length=MAX_WORDS)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=MAX_WORDS)
    outcome = Choice(Interest.Outcome.choices, required=False, allow_blank=True)
    outcome_note = serializers.CharField(required=False, allow_blank=True, max_length=200)


class ReasonInput(serializers.Serializer):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=MAX_WORDS)


class InterestViewSet(IdempotentMixin, RowViewSet):
    """話を聞きたい（申込み）: one's own, and those one answers; by the day of the answer."""

    queryset = Interest.objects.all()
    serializer_class = InterestRow
    detail_class = InterestDetail
    filterset_class = InterestFilters
    ordering_fields = ("reply_due_on", "confirmed_at", "state")

    def get_queryset(self) -> QuerySet[Any, Any]:
        rows: QuerySet[Any, Any] = super().get_queryset().filter(confirmed_at__isnull=False)
        return rows

    @extend_schema(request=AnswerInput, responses=InterestDetail, parameters=[_KEY])
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, public_id: str) -> Response:
        """返答: a step, a message, a note."""
        interest = self.get_object()
        given = AnswerInput(data=request.data)
        given.is_valid(raise_exception=True)
        answering.answer_interest(actor=self.actor, interest=interest, answer=Answer(**given.validated_data))
        return Response(self.rendered(interest.public_id))

    @extend_schema(request=ReasonInput, responses=InterestDetail, parameters=[_KEY])
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, public_id: str) -> Response:
        """取下げ, by whoever applied."""
        interest = self.get_object()
        given = ReasonInput(data=request.data)
        given.is_valid(raise_exception=True)
        answering.withdraw_interest(actor=self.actor, interest=interest, **given.validated_data)
        return Response(self.rendered(interest.public_id))


ROUTES = [("opportunities", OpportunityViewSet), ("interests", InterestViewSet)]

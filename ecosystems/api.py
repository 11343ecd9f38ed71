"""Forums, memberships, decisions, the agenda and cases in the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from actors.models import Organization
from ecosystems import subjects
from ecosystems.filters import CaseFilter, DecisionFilter, ForumFilter, VoiceFilter
from ecosystems.models import AgendaItem, Case, Decision, DecisionStance, Forum, Meeting, Membership, Voice
from ecosystems.models.forum import Visibility
from ecosystems.services import voices
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
from foundation.idempotency import IdempotentMixin

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


# Voices ---------------------------------------------------------------------------------------------------------


class SubjectShape(serializers.Serializer):
    """何について: its key and its words"""

    key = serializers.CharField()
    name = serializers.CharField()


@extend_schema_field(SubjectShape(allow_null=True))
class SubjectColumn(Column):
    """What a question is about, where the reader may see it. One query per kind."""

    def keys(self, name: str) -> tuple[str, ...]:
        return ("about_key",)

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found = subjects.resolve_many({row["about_key"] for row in rows}, actor)
        shown = {key: {"key": key, "name": each.label} for key, each in found.items()}
        return lambda row: shown.get(row["about_key"])


@extend_schema_field(serializers.CharField())
class Handled(Column):
    """A column that only those who work on the question read; to others it is empty."""

    def __init__(self, column: str) -> None:
        self.column = column
        super().__init__()

    def keys(self, name: str) -> tuple[str, ...]:
        return (self.column,)

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        wanted = Voice.objects.filter(pk__in=[row["pk"] for row in rows]).allowed(actor, "handle")
        open_to = set(wanted.values_list("pk", flat=True)) if actor.is_authenticated else set()
        return lambda row: row[self.column] if row["pk"] in open_to else ""


class VoiceRow(RowSerializer):
    """ご意見・ご質問"""

    id = serializers.UUIDField(source="public_id")
    forum = Link(Forum)
    code = serializers.CharField()
    about = SubjectColumn()
    state = Choice(Voice.State.choices)
    channel = Choice(Voice.Channel.choices)
    received_on = serializers.DateField()
    due_on = serializers.DateField()
    answered_on = serializers.DateField(allow_null=True)
    asker = serializers.CharField()
    question = serializers.CharField(source="public_body")
    question_as_received = Handled("body")
    answer = serializers.CharField()
    answered_by = serializers.CharField(source="answered_by_label")
    is_published = serializers.BooleanField()
    post = JoinedLink(signed_in=True)


class VoiceFilters(VoiceFilter):
    forum = ObjectFilter(Forum, "forum", label="地域共創の場")
    state = django_filters.ChoiceFilter(choices=Voice.State.choices)
    due_to = django_filters.DateFilter(field_name="due_on", lookup_expr="lte")
    is_published = django_filters.BooleanFilter()


class VoiceInput(serializers.Serializer):
    """What was said by telephone or on paper. `about`: the key of the thing, e.g. `visions.vision:<id>`"""

    about = serializers.CharField(max_length=200)
    body = serializers.CharField(max_length=voices.MAX_BODY)
    asker = serializers.CharField(required=False, allow_blank=True, max_length=voices.MAX_ASKER)
    channel = Choice([(each.value, each.label) for each in (Voice.Channel.PHONE, Voice.Channel.DESK)])
    received_on = serializers.DateField()


class VoiceViewSet(IdempotentMixin, RowViewSet):
    """ご意見・ご質問: what residents asked. Everybody reads what was released; who works on them, all of theirs."""

    queryset = Voice.objects.all()
    serializer_class = VoiceRow
    filterset_class = VoiceFilters
    ordering_fields = ("received_on", "due_on", "answered_on", "state")

    @extend_schema(request=VoiceInput, responses={201: VoiceRow})
    def create(self, request: Request) -> Response:
        """Write down a question that came by telephone or on paper; residents themselves ask on the page."""
        given = VoiceInput(data=request.data)
        given.is_valid(raise_exception=True)
        words = given.validated_data
        voice = voices.enter(actor=self.actor, about_key=words.pop("about"), **words)
        location = self.reverse_action("detail", args=[voice.public_id])
        return Response(self.rendered(voice.public_id), status=201, headers={"Location": location})


ROUTES = [
    ("forums", ForumViewSet),
    ("memberships", MembershipViewSet),
    ("decisions", DecisionViewSet),
    ("agenda-items", AgendaItemViewSet),
    ("cases", CaseViewSet),
    ("voices", VoiceViewSet),
]

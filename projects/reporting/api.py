"""Reports in the API: what was submitted and what happened to it, and the steps of writing and reviewing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ecosystems.models import Forum
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
from foundation.errors import DomainError
from foundation.idempotency import IdempotentMixin
from projects.reporting.models import (
    ProgressReport,
    ReportEvent,
    ReportingRound,
    ReportReview,
    ReportVersion,
    ReviewNote,
    Side,
)
from projects.reporting.questions import ALIGNMENT, SCORES
from projects.reporting.services import reviewing, writing
from projects.research.models import Project

# --- rows ------------------------------------------------------------------------------------------------------------


class ReportReviewShape(serializers.Serializer):
    """自治体・大学それぞれの確認"""

    side = Choice(Side.choices)
    state = Choice(ReportReview.State.choices)
    decided_at = serializers.DateTimeField(allow_null=True)
    is_proxy = serializers.BooleanField()
    is_same_organization = serializers.BooleanField()
    note = serializers.CharField()
    condition = serializers.CharField()
    condition_due_on = serializers.DateField(allow_null=True)
    condition_met_on = serializers.DateField(allow_null=True)


@extend_schema_field(ReportReviewShape(many=True))
class Reviews(Column):
    """Both reviews of each report; one query a page."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        names = tuple(ReportReviewShape().fields)
        reviews = ReportReview.objects.filter(report_id__in=[row["pk"] for row in rows]).order_by("side")
        for each in reviews.values("report_id", *names):
            found.setdefault(each.pop("report_id"), []).append(each)
        return lambda row: found.get(row["pk"], [])


class ReportRow(RowSerializer):
    """進捗報告・実績報告"""

    id = serializers.UUIDField(source="public_id")
    round = Link(ReportingRound)
    project = JoinedLink()
    state = Choice(ProgressReport.State.choices)
    submitted_at = serializers.DateTimeField(allow_null=True)
    is_late = serializers.BooleanField()
    late_reason = serializers.CharField()
    resubmit_due_on = serializers.DateField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    revision = serializers.IntegerField()
    reviews = Reviews()


class ReportVersionShape(serializers.Serializer):
    """提出した版；`content` は提出したときのまま"""

    number = serializers.IntegerField()
    submitted_at = serializers.DateTimeField()
    submitted_by_name = serializers.CharField()
    organization = LinkShape(allow_null=True)
    is_late = serializers.BooleanField()
    note = serializers.CharField()
    content = serializers.JSONField()


@extend_schema_field(ReportVersionShape(many=True))
class Versions(Column):
    """Every submitted version, the oldest first."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        versions = ReportVersion.objects.filter(report_id__in=[row["pk"] for row in rows])
        for each in versions.select_related("organization").order_by("number"):
            organization = each.organization
            found.setdefault(each.report_id, []).append(
                {
                    "number": each.number,
                    "submitted_at": each.submitted_at,
                    "submitted_by_name": each.submitted_by_name,
                    "organization": organization
                    and {"id": organization.public_id, "name": organization.name},
                    "is_late": each.is_late,
                    "note": each.note,
                    "content": each.content,
                }
            )
        return lambda row: found.get(row["pk"], [])


class ReportEventShape(serializers.Serializer):
    """報告に起きたこと"""

    kind = Choice(ReportEvent.Kind.choices)
    at = serializers.DateTimeField()
    side = Choice(Side.choices, allow_blank=True)
    from_state = serializers.CharField()
    to_state = serializers.CharField()
    note = serializers.CharField()
    user_name = serializers.CharField()
    organization = LinkShape(allow_null=True)
    is_proxy = serializers.BooleanField()


@extend_schema_field(ReportEventShape(many=True))
class ReportEvents(Column):
    """The whole trail of each report, the oldest first."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        plain = ("kind", "at", "side", "from_state", "to_state", "note", "user_name", "is_proxy")
        events = ReportEvent.objects.filter(report_id__in=[row["pk"] for row in rows]).order_by("id")
        for each in events.values("report_id", "organization__public_id", "organization__name", *plain):
            public_id = each["organization__public_id"]
            organization = public_id and {"id": public_id, "name": each["organization__name"]}
            line = {name: each[name] for name in plain}
            found.setdefault(each["report_id"], []).append({**line, "organization": organization})
        return lambda row: found.get(row["pk"], [])


class ReviewNoteShape(serializers.Serializer):
    """一か所への指摘"""

    place = serializers.CharField()
    version = serializers.IntegerField()
    side = Choice(Side.choices)
    text = serializers.CharField()
    user_name = serializers.CharField()
    at = serializers.DateTimeField()


@extend_schema_field(ReviewNoteShape(many=True))
class ReviewNotes(Column):
    """What was written beside single places when the report was returned."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        notes = ReviewNote.objects.filter(report_id__in=[row["pk"] for row in rows]).order_by("id")
        for each in notes.values("report_id", "key", "version__number", "side", "text", "user_name", "at"):
            line = {"place": each["key"], "version": each["version__number"]}
            line |= {key: each[key] for key in ("side", "text", "user_name", "at")}
            found.setdefault(each["report_id"], []).append(line)
        return lambda row: found.get(row["pk"], [])


class ReportDetail(ReportRow):
    """進捗報告・実績報告（版、指摘、経過を含む）"""

    versions = Versions()
    notes = ReviewNotes()
    events = ReportEvents()


# --- input -----------------------------------------------------------------------------------------------------------


class ReportAnswerInput(serializers.Serializer):
    """One answer as it is typed; `key` is a question of the form, `alignment.<question>` or its `….note`"""

    key = serializers.CharField(max_length=64)
    text = serializers.CharField(allow_blank=True, max_length=20_000, trim_whitespace=False)


class SubmitReportInput(serializers.Serializer):
    """`revision`: the report as it was read"""

    revision = serializers.IntegerField(required=False)
    late_reason = serializers.CharField(required=False, allow_blank=True, max_length=300)
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class TakeBackInput(serializers.Serializer):
    note = serializers.CharField(max_length=300)


class ScoreInput(serializers.Serializer):
    """An answer to one of the four questions"""

    question = Choice(ALIGNMENT)
    score = serializers.ChoiceField([score for score, _word in SCORES])
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


class DecisionInput(serializers.Serializer):
    """What both decisions carry; `version` is the one that was read, `side` where one is named for both"""

    version = serializers.IntegerField()
    side = Choice([(side.value, side.label) for side in ReportReview.SIDES], required=False)
    alignment = ScoreInput(many=True, required=False)
    proxy_note = serializers.CharField(required=False, allow_blank=True, max_length=200)


class AcceptInput(DecisionInput):
    """確認; with a `condition` it is 条件付きで確認"""

    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    condition = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    condition_due_on = serializers.DateField(required=False, allow_null=True)


class ReturnInput(DecisionInput):
    """差戻し; `notes` says for each place what is to be mended"""

    notes = serializers.DictField(child=serializers.CharField(allow_blank=True, max_length=2000))
    resubmit_due_on = serializers.DateField(required=False, allow_null=True)


class ReportFilters(FilterSet):
    round = ObjectFilter(ReportingRound, "round", label="報告依頼")
    project = ObjectFilter(Project, "project", label="プロジェクト")
    forum = ObjectFilter(Forum, "round__forum", label="地域共創の場")
    state = django_filters.ChoiceFilter(choices=ProgressReport.State.choices)


def _side_in(request: Request) -> str:
    return str(request.data.get("side", "")) if isinstance(request.data, Mapping) else ""


# --- views -----------------------------------------------------------------------------------------------------------


class ReportViewSet(IdempotentMixin, RowViewSet):
    """進捗報告: what was submitted. What is being written is seen by those who write it, on its page alone."""

    queryset = ProgressReport.objects.all()
    serializer_class = ReportRow
    detail_class = ReportDetail
    filterset_class = ReportFilters
    ordering_fields = ("submitted_at", "approved_at", "state")

    def get_queryset(self) -> QuerySet[Any, Any]:
        rows: QuerySet[Any, Any] = super().get_queryset()
        return rows.order_by("-round__requested_on", "-round_id", "project__code", "project_id")

    def _given(self, shape: type[serializers.Serializer], request: Request) -> dict[str, Any]:
        given = shape(data=request.data)
        given.is_valid(raise_exception=True)
        found: dict[str, Any] = given.validated_data
        return found

    @extend_schema(request=ReportAnswerInput, responses=ReportDetail)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, public_id: str) -> Response:
        """Keep one answer of the report that is being written."""
        report = self.get_object()
        writing.save_answer(actor=self.actor, report=report, **self._given(ReportAnswerInput, request))
        return Response(self.rendered(public_id))

    @extend_schema(request=SubmitReportInput, responses=ReportDetail)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, public_id: str) -> Response:
        """提出: what is typed becomes the next version, whole."""
        report = self.get_object()
        writing.submit(actor=self.actor, report=report, **self._given(SubmitReportInput, request))
        return Response(self.rendered(public_id))

    @extend_schema(request=TakeBackInput, responses=ReportDetail)
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, public_id: str) -> Response:
        """取戻し, before either side has decided."""
        report = self.get_object()
        writing.take_back(actor=self.actor, report=report, **self._given(TakeBackInput, request))
        return Response(self.rendered(public_id))

    @extend_schema(request=AcceptInput, responses=ReportDetail)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, public_id: str) -> Response:
        """確認・条件付きで確認"""
        return self._decided(request, public_id, AcceptInput, reviewing.accept)

    @extend_schema(request=ReturnInput, responses=ReportDetail)
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    def send_back(self, request: Request, public_id: str) -> Response:
        """差戻し"""
        return self._decided(request, public_id, ReturnInput, reviewing.return_)

    def _decided(
        self,
        request: Request,
        public_id: str,
        shape: type[serializers.Serializer],
        decide: Callable[..., Any],
    ) -> Response:
        report = self.get_object()
        review = self._own_review(report, _side_in(request))
        given = self._given(shape, request)
        given.pop("side", None)
        scores = {each["question"]: (each["score"], each["note"]) for each in given.pop("alignment", [])}
        decide(actor=self.actor, review=review, alignment=scores, **given)
        return Response(self.rendered(public_id))

    def _own_review(self, report: ProgressReport, side: str) -> ReportReview:
        own = [each for each in report.reviews.all() if each.reviewer_post_id in self.actor.post_ids]
        if not own:
            raise PermissionDenied(_("この報告の確認者ではありません。"))
        chosen = [each for each in own if each.side == side] if side else own
        if len(chosen) != 1:
            raise DomainError("side", _("どちらの立場で確認するかを指定してください。"), field="side")
        return chosen[0]


ROUTES = [("reports", ReportViewSet)]

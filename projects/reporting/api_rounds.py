"""報告依頼 in the API: rounds, the board for those who may see it, and the secretariat's steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ecosystems.models import Forum
from foundation.access import require
from foundation.api_resources import Choice, JoinedLink, Link, ObjectFilter, RowSerializer, RowViewSet
from foundation.idempotency import IdempotentMixin
from kpis.api.parameters import PeriodCode, PeriodFilter
from projects.reporting.models import ProgressReport, Reminder, ReportingRound
from projects.reporting.selectors.board import (
    BoardRow,
    Wanted,
    board_rows,
    counts_of,
    reports_of,
    with_board,
)
from projects.reporting.services import reminding, rounds

if TYPE_CHECKING:
    Shape = serializers.Serializer[Any]
else:
    Shape = serializers.Serializer

MOST_ROWS = 500
STEPS = [each for each in Reminder.Step if each != Reminder.Step.PHONE]


class RoundRow(RowSerializer):
    """報告依頼"""

    id = serializers.UUIDField(source="public_id")
    forum = Link(Forum)
    code = serializers.CharField()
    name = serializers.CharField()
    kind = Choice(ReportingRound.Kind.choices)
    period = PeriodCode()
    requested_on = serializers.DateField()
    due_on = serializers.DateField()
    closes_on = serializers.DateField()
    state = Choice(ReportingRound.State.choices)
    opened_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    post = JoinedLink(signed_in=True)


class RoundDetail(RoundRow):
    """報告依頼（依頼文を含む）"""

    request_text = serializers.CharField()
    revision = serializers.IntegerField()


class RoundFilters(FilterSet):
    forum = ObjectFilter(Forum, "forum", label="地域共創の場")
    kind = django_filters.ChoiceFilter(choices=ReportingRound.Kind.choices)
    state = django_filters.ChoiceFilter(choices=ReportingRound.State.choices)
    period = PeriodFilter()
    due_before = django_filters.DateFilter("due_on", lookup_expr="lt", label="提出期限がこの日より前")


class BoardReview(Shape):
    """一つの立場の確認"""

    side = serializers.CharField()
    state = serializers.CharField()
    who = serializers.CharField()
    since = serializers.DateField(allow_null=True)
    is_proxy = serializers.BooleanField()


class BoardReport(Shape):
    """提出状況の一件"""

    id = serializers.UUIDField()
    project = serializers.CharField()
    lead = serializers.CharField()
    state = Choice(ProgressReport.State.choices)
    late = serializers.CharField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    exempt_reason = serializers.CharField()
    reviews = BoardReview(many=True)
    last_reminded_at = serializers.DateTimeField(allow_null=True)
    next_step = serializers.CharField()


class BoardShape(Shape):
    """提出状況: counts, and at most 500 reports in the order in which they are chased"""

    counts = serializers.DictField(child=serializers.IntegerField())
    total = serializers.IntegerField()
    results = BoardReport(many=True)


class RemindInput(Shape):
    """`step`: on which step of the ladder; without it each report goes one step up"""

    reports = serializers.ListField(child=serializers.UUIDField(), max_length=MOST_ROWS)
    step = serializers.ChoiceField(choices=[(each.value, each.label) for each in STEPS], required=False)
    note = serializers.CharField(required=False, allow_blank=True, max_length=300)


class Skipped(Shape):
    """督促しなかった報告と、その理由"""

    report = serializers.UUIDField()
    reason = serializers.CharField()


class RemindOutcome(Shape):
    """督促の結果"""

    reminded = serializers.IntegerField()
    skipped = Skipped(many=True)


class ExemptInput(Shape):
    """報告対象外"""

    report = serializers.UUIDField()
    reason = serializers.CharField(max_length=300)


class RoundViewSet(IdempotentMixin, RowViewSet):
    """報告依頼: the secretariat asks all projects of a forum for a report on a period."""

    queryset = ReportingRound.objects.all()
    serializer_class = RoundRow
    detail_class = RoundDetail
    filterset_class = RoundFilters
    ordering_fields = ("requested_on", "due_on", "closes_on", "name")

    @extend_schema(responses=BoardShape)
    @action(detail=True, methods=["get"])
    def board(self, request: Request, public_id: str) -> Response:
        """提出状況, for the secretariat and the reviewers of the forum."""
        round_ = self.get_object()
        require(self.actor, "board", round_)
        counts = counts_of(round_)
        reports = with_board(reports_of(round_, Wanted()))[:MOST_ROWS]
        rows = board_rows(round_, reports, timezone.localdate())
        return Response(
            {"counts": counts.groups, "total": counts.total, "results": [_board_row(row) for row in rows]}
        )

    @extend_schema(request=None, responses=RoundDetail)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, public_id: str) -> Response:
        """受付を始める: one report for every project that runs in the period."""
        rounds.open_round(actor=self.actor, round_=self.get_object())
        return Response(self.rendered(public_id))

    @extend_schema(request=None, responses=RoundDetail)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, public_id: str) -> Response:
        """受付を終える."""
        rounds.close_round(actor=self.actor, round_=self.get_object())
        return Response(self.rendered(public_id))

    @extend_schema(request=RemindInput, responses=RemindOutcome)
    @action(detail=True, methods=["post"])
    def remind(self, request: Request, public_id: str) -> Response:
        """督促: what is submitted or exempt is left alone and told."""
        round_ = self._run_by_actor()
        given = RemindInput(data=request.data)
        given.is_valid(raise_exception=True)
        step = given.validated_data.get("step")
        outcome = reminding.remind(
            actor=self.actor,
            round_=round_,
            reports=self._reports(round_)
            .filter(public_id__in=given.validated_data["reports"])
            .values_list("pk", flat=True),
            step=Reminder.Step(step) if step else None,
            note=given.validated_data.get("note", ""),
        )
        skipped = [{"report": report.public_id, "reason": why} for report, why in outcome.skipped]
        return Response({"reminded": len(outcome.sent), "skipped": skipped})

    @extend_schema(request=ExemptInput, responses=RoundDetail)
    @action(detail=True, methods=["post"])
    def exempt(self, request: Request, public_id: str) -> Response:
        """報告対象外 of one report of the round."""
        round_ = self._run_by_actor()
        given = ExemptInput(data=request.data)
        given.is_valid(raise_exception=True)
        report = get_object_or_404(self._reports(round_), public_id=given.validated_data["report"])
        rounds.exempt(actor=self.actor, report=report, reason=given.validated_data["reason"])
        return Response(self.rendered(public_id))

    def _run_by_actor(self) -> ReportingRound:
        """Rights first, then input."""
        round_: ReportingRound = self.get_object()
        require(self.actor, "change", round_)
        return round_

    def _reports(self, round_: ReportingRound) -> QuerySet[ProgressReport]:
        rows: QuerySet[ProgressReport] = ProgressReport.objects.visible_to(self.actor).filter(round=round_)
        return rows


def _board_row(row: BoardRow) -> dict[str, Any]:
    report = row.report
    return {
        "id": report.public_id,
        "project": report.project.name,
        "lead": report.project.lead.name,
        "state": report.state,
        "late": row.late,
        "submitted_at": report.submitted_at,
        "exempt_reason": report.exempt_reason,
        "reviews": [
            {
                "side": each.side,
                "state": each.label,
                "who": each.who,
                "since": each.since,
                "is_proxy": each.is_proxy,
            }
            for each in row.reviews
        ],
        "last_reminded_at": row.reminder.sent_at if row.reminder else None,
        "next_step": row.next_step,
    }


ROUTES = [("rounds", RoundViewSet)]

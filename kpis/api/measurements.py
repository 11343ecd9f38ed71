"""The ledger in the API: rows with their events, recording figures, reviewing them."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django_filters.rest_framework import FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from actors.models import Organization
from foundation.access import Actor
from foundation.api_resources import (
    Choice,
    Column,
    FigureColumn,
    JoinedLink,
    Link,
    ObjectFilter,
    Reader,
    Row,
    RowSerializer,
    RowViewSet,
)
from foundation.errors import DomainError, MultipleErrors
from foundation.idempotency import HEADER, IdempotentMixin
from kpis.api.explain_tree import events_of
from kpis.api.figures import EventShape
from kpis.api.parameters import PeriodCode, PeriodFilter
from kpis.models import Indicator, Measurement, MeasurementEvent, Scorecard, Submission
from kpis.rules import Missing, Nature
from kpis.selectors.recorded import LAST_WORD, last_word
from kpis.services import reviewing
from kpis.services.entering import MAX_NOTE, Typed
from kpis.services.planning import ENTERABLE_MISSING
from kpis.services.recording import record_figures

MOST_ROWS = 1000
Kind = MeasurementEvent.Kind


# Rows -----------------------------------------------------------------------------------------------------------


class Events(Column):
    """What happened to each row, oldest first; one query a page. `state` is made of the same."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found = events_of({row["pk"] for row in rows})
        for row in rows:
            row["events"] = found.get(row["pk"], [])
        return lambda row: row["events"]


@extend_schema_field(Choice(Kind.choices))
class State(Column):
    """提出済み, 承認済み, 差戻し or 取下げ; stands after `events`, from which it is made."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        return lambda row: last_word({event["kind"] for event in row["events"]}).value


class LinkId(Column):
    """The id of a relation that the actor may see, without a name of its own."""

    def keys(self, name: str) -> tuple[str, ...]:
        return (f"{name}_id",)

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        wanted = {row[f"{name}_id"] for row in rows} - {None}
        seen = Submission.objects.visible_to(actor).filter(pk__in=wanted).order_by() if wanted else None
        found = dict(seen.values_list("pk", "public_id")) if seen is not None else {}
        return lambda row: found.get(row[f"{name}_id"])


class MeasurementRow(RowSerializer):
    """実績値の一件; `events` in order of record, `number` is the 記録番号"""

    id = serializers.UUIDField(source="public_id")
    indicator = Link(Indicator)
    period = PeriodCode()
    value = FigureColumn()
    numerator = FigureColumn()
    denominator = FigureColumn()
    unit = serializers.CharField()
    nature = Choice(Nature.choices())
    missing = serializers.CharField()
    note = serializers.CharField()
    organization = JoinedLink()
    post = JoinedLink(signed_in=True)
    reporter_name = serializers.CharField()
    submission = extend_schema_field(OpenApiTypes.UUID)(LinkId)(allow_null=True)
    recorded_at = serializers.DateTimeField()
    events = extend_schema_field(EventShape(many=True))(Events)()
    state = State()


class MeasurementFilters(FilterSet):
    indicator = ObjectFilter(Indicator, "indicator", label="KPI")
    scorecard = ObjectFilter(Scorecard, "indicator__scorecard", label="KPI一覧")
    submission = ObjectFilter(Submission, "submission", label="提出")
    organization = ObjectFilter(Organization, "organization", label="報告した機関")
    period = PeriodFilter(label="この期間に含まれるもの")
    state = django_filters.ChoiceFilter(choices=Kind.choices, method="by_state", label="状態")
    nature = django_filters.ChoiceFilter(choices=Nature.choices())
    missing = django_filters.ChoiceFilter(choices=Missing.choices())
    recorded_from = django_filters.IsoDateTimeFilter(field_name="recorded_at", lookup_expr="gte")
    recorded_to = django_filters.IsoDateTimeFilter(field_name="recorded_at", lookup_expr="lte")

    def by_state(self, rows: QuerySet[Any, Any], name: str, value: str) -> QuerySet[Any, Any]:
        """The rows whose last word is this."""
        stronger = LAST_WORD[: LAST_WORD.index(Kind(value))]
        if stronger:
            rows = rows.filter(~_has(*stronger))
        return rows.filter(_has(value))


def _has(*kinds: str) -> Exists:
    return Exists(MeasurementEvent.objects.filter(measurement=OuterRef("pk"), kind__in=kinds))


# Input ----------------------------------------------------------------------------------------------------------


class ExactJSONParser(JSONParser):
    """JSON whose numbers stay exact: 0.1 is read as a decimal, never as a binary float."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        encoding = (parser_context or {}).get("encoding", "utf-8")
        try:
            return json.load(
                codecs.getreader(encoding)(stream), parse_float=Decimal, parse_constant=_no_constant
            )
        except (ValueError, RecursionError) as error:
            raise ParseError from error


def _no_constant(text: str) -> Any:
    raise ValueError(text)


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}], "nullable": True})
class FigureInput(serializers.Field):
    """A figure as text ("1,234.5", "▲5") or as a number; read by the same rules as what is typed on a page."""

    def __init__(self) -> None:
        super().__init__(required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, bool) or not isinstance(data, (str, int, Decimal)):
            raise serializers.ValidationError(_("値は数か文字列で指定してください。"))
        if isinstance(data, int) and abs(data) >= 10**64:
            raise serializers.ValidationError(_("数値は15桁までです。"))
        return str(data)


class FigureEntry(serializers.Serializer):
    """One figure: `value`, or `numerator` and `denominator`, or `missing` with the reason in `note`"""

    indicator = serializers.UUIDField()
    period = PeriodCode()
    value = FigureInput()
    numerator = FigureInput()
    denominator = FigureInput()
    nature = Choice(Nature.choices(), required=False)
    missing = Choice(
        [(each.value, each.label) for each in ENTERABLE_MISSING], required=False, allow_blank=True
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=MAX_NOTE)


class FigureEntries(serializers.Serializer):
    """Several figures of one scorecard, submitted together, all or nothing"""

    rows = FigureEntry(many=True, allow_empty=False, max_length=MOST_ROWS)  # type: ignore[call-arg]  # of the list
    note = serializers.CharField(required=False, allow_blank=True, max_length=MAX_NOTE)


class RecordedRows(serializers.Serializer):
    """What was recorded; figures that stood exactly so already are left out"""

    submission = serializers.UUIDField()
    results = MeasurementRow(many=True)


class Note(serializers.Serializer):
    note = serializers.CharField(required=False, allow_blank=True, max_length=MAX_NOTE)


def _one_or_many(name: str, one: Any, many: Any) -> PolymorphicProxySerializer:
    return PolymorphicProxySerializer(
        component_name=name, serializers=[one, many], resource_type_field_name=None
    )


# Views ----------------------------------------------------------------------------------------------------------


class MeasurementViewSet(IdempotentMixin, RowViewSet):
    """実績値: the ledger. Rows never change; what happens to them stands in their events."""

    queryset = Measurement.objects.all()
    serializer_class = MeasurementRow
    filterset_class = MeasurementFilters
    ordering_fields = ("recorded_at", "period")
    parser_classes = (ExactJSONParser,)

    @extend_schema(
        request=_one_or_many("FigureSubmission", FigureEntry, FigureEntries),
        responses={201: _one_or_many("FigureRecorded", MeasurementRow, RecordedRows)},
        parameters=[
            OpenApiParameter(
                HEADER, OpenApiTypes.STR, OpenApiParameter.HEADER, description="同じ要求を一度だけ行う鍵"
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Submit one figure, or several as `rows`, under the rules of the entry page."""
        several = isinstance(request.data, Mapping) and "rows" in request.data
        given = (FigureEntries if several else FigureEntry)(data=request.data)
        given.is_valid(raise_exception=True)
        rows = given.validated_data["rows"] if several else [given.validated_data]
        note = given.validated_data.get("note", "") if several else ""
        prefix = "rows[{row}]." if several else ""
        try:
            recorded = record_figures(actor=self.actor, typed=self._typed(rows, prefix), note=note)
        except MultipleErrors as errors:
            raise _with_paths(errors, prefix) from errors
        return self._created(recorded, several)

    def _typed(self, rows: Sequence[Row], prefix: str) -> list[Typed]:
        """The rows with their indicators, looked up among those the actor may see; one query."""
        wanted = {row["indicator"] for row in rows}
        seen = Indicator.objects.visible_to(self.actor).filter(public_id__in=wanted)
        found = {indicator.public_id: indicator for indicator in seen}
        unknown = [number for number, row in enumerate(rows) if row["indicator"] not in found]
        if unknown:
            message = _("指定されたものが見つかりません。")
            fields = {f"{prefix.format(row=number)}indicator": [message] for number in unknown}
            raise serializers.ValidationError(fields)
        return [Typed(**{**row, "indicator": found[row["indicator"]]}) for row in rows]

    def _created(self, recorded: Sequence[Measurement], several: bool) -> Response:
        keys = [row.pk for row in recorded]
        rows = Measurement.objects.filter(pk__in=keys).order_by("id").values(*MeasurementRow.keys())
        sent = MeasurementRow.render(list(rows), self.actor)
        if not several:
            location = self.reverse_action("detail", args=[sent[0]["id"]])
            return Response(sent[0], status=201, headers={"Location": location})
        submission = recorded[0].submission
        return Response({"submission": submission and submission.public_id, "results": sent}, status=201)

    @extend_schema(request=Note, responses=MeasurementRow)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, public_id: str) -> Response:
        """承認"""
        return self._reviewed(request, reviewing.approve)

    @extend_schema(request=Note, responses=MeasurementRow)
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    def send_back(self, request: Request, public_id: str) -> Response:
        """差戻し; `note` says what is to be mended."""
        return self._reviewed(request, reviewing.return_)

    @extend_schema(request=Note, responses=MeasurementRow)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, public_id: str) -> Response:
        """取下げ; `note` says why."""
        return self._reviewed(request, reviewing.withdraw)

    def _reviewed(self, request: Request, step: Callable[..., Any]) -> Response:
        row = self.get_object()
        given = Note(data=request.data)
        given.is_valid(raise_exception=True)
        step(actor=self.actor, measurements=[row], note=given.validated_data.get("note", ""))
        return Response(self.rendered(row.public_id))


def _with_paths(errors: MultipleErrors, prefix: str) -> MultipleErrors:
    """The refusals under the paths of the body: `rows[2].value`, or `value` where one figure was sent."""
    named = [
        DomainError(
            each.code, each.message, field=prefix.format(row=each.details.get("row")) + (each.field or "row")
        )
        for each in errors.errors
    ]
    return MultipleErrors(errors.code, errors.message, named)

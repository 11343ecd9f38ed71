"""Resources of the API: rows read as plain values, and the ground floor's own (jobs, notices).

A resource declares its row once, as a serializer: the OpenAPI document is drawn from it, and the rows of a list are
built from `.values()` by the same declaration, without a model instance or a bound field per row. A relation is
shown as `{"id", "name"}` where the actor may see its object, and as null where not; database keys never leave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import django_filters
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.drainage import set_override
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.access import Actor
from foundation.api import Pagination
from foundation.api.fields import actor_of
from foundation.api.views import AllowListOrdering, ReadOnlyScopedViewSet
from foundation.jobs import error_words
from foundation.models.jobs import Job
from foundation.models.notices import Notice

if TYPE_CHECKING:
    _Field: TypeAlias = serializers.Field[Any, Any, Any, Any]
    _Serializer: TypeAlias = serializers.Serializer[Any]
    _Paginator: TypeAlias = Paginator[Any]
else:
    _Field, _Serializer, _Paginator = serializers.Field, serializers.Serializer, Paginator

Row = dict[str, Any]
Reader = Callable[[Row], Any]


# Columns --------------------------------------------------------------------------------------------------------


class Column(_Field):
    """A member of a row that is made of other columns, or looked up for the whole page at once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def keys(self, name: str) -> tuple[str, ...]:
        """The columns it needs, as `.values()` names them."""
        return ()

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        """How it is made of one row; `rows` is the whole page, for one query at most."""
        raise NotImplementedError


class LinkShape(_Serializer):
    """A named object elsewhere in the API."""

    id = serializers.UUIDField()
    name = serializers.CharField()


@extend_schema_field(LinkShape(allow_null=True))
class Link(Column):
    """A relation, shown where the actor may see its object. One query a page."""

    def __init__(self, model: type[Model], *, label: str = "name") -> None:
        self.model, self.naming = model, label
        super().__init__()

    def keys(self, name: str) -> tuple[str, ...]:
        return (f"{name}_id",)

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        key = f"{name}_id"
        found = links(self.model, {row[key] for row in rows}, actor, self.naming)
        return lambda row: found.get(row[key])


@extend_schema_field(LinkShape(allow_null=True))
class JoinedLink(Column):
    """A relation to what everybody (or everybody signed in) may see; joined, without a query of its own."""

    def __init__(self, *, signed_in: bool = False) -> None:
        self.signed_in = signed_in
        super().__init__()

    def keys(self, name: str) -> tuple[str, ...]:
        return (f"{name}__public_id", f"{name}__name")

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        id_key, name_key = self.keys(name)
        if self.signed_in and not actor.is_authenticated:
            return lambda row: None
        return lambda row: row[id_key] and {"id": row[id_key], "name": row[name_key]}


def links(model: type[Model], keys: Iterable[Any], actor: Actor, label: str = "name") -> dict[Any, Row]:
    """{key: {"id", "name"}} of those the actor may see; one query, none when there is nothing to look up."""
    wanted = {key for key in keys if key is not None}
    if not wanted:
        return {}
    rows: Any = model._default_manager.filter(pk__in=wanted)
    found = rows.visible_to(actor).order_by().values_list("pk", "public_id", label)
    return {pk: {"id": public_id, "name": name} for pk, public_id, name in found}


class Choice(serializers.ChoiceField):
    """A choice by its stable code. The document shows each code with its label where it is used."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        codes = {**self.choices, **({"": ""} if self.allow_blank else {})}
        shapes = [
            {"type": "string", "enum": [str(code)], "title": str(label)} for code, label in codes.items()
        ]
        set_override(self, "field", {"oneOf": shapes})


class FigureColumn(serializers.CharField):
    """An exact figure as text: "12", "0.5"; null where there is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, read_only=True, **kwargs)


def plain_figure(value: Decimal | None) -> str | None:
    """All digits, no exponent, no trailing zeros."""
    if value is None:
        return None
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain_reader(field: _Field, key: str) -> Reader:
    if isinstance(field, FigureColumn):
        return lambda row: plain_figure(row[key])
    convert = getattr(field, "plain", None)
    if convert is not None:
        return lambda row: None if row[key] is None else convert(row[key])
    return itemgetter(key)


def _key_of(name: str, field: _Field) -> str:
    return str(field.source or name).replace(".", "__")


class RowSerializer(_Serializer):
    """Declares a row. A field reads the column of its `source` (dots lead through relations) or of its own name."""

    @classmethod
    def columns(cls) -> Mapping[str, _Field]:
        return cls._declared_fields

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """Every column to ask of the database, the key first."""
        return _keys(cls)

    @classmethod
    def render(cls, rows: Sequence[Row], actor: Actor) -> list[Row]:
        """The rows of a page as they are sent."""
        readers = [
            (
                name,
                field.reader(name, rows, actor)
                if isinstance(field, Column)
                else _plain_reader(field, _key_of(name, field)),
            )
            for name, field in cls.columns().items()
        ]
        return [{name: read(row) for name, read in readers} for row in rows]


@cache
def _keys(declared: type[RowSerializer]) -> tuple[str, ...]:
    keys = ["pk"]
    for name, field in declared.columns().items():
        keys += field.keys(name) if isinstance(field, Column) else (_key_of(name, field),)
    return tuple(dict.fromkeys(keys))


# Filters --------------------------------------------------------------------------------------------------------


class ObjectFilter(django_filters.UUIDFilter):
    """`?forum=<id>`: what belongs to the object; nothing where the actor may not see it or it does not exist."""

    def __init__(self, model: type[Model], path: str, **kwargs: Any) -> None:
        self.target, self.path = model, path
        super().__init__(**kwargs)

    def filter(self, qs: QuerySet[Any, Any], value: Any) -> QuerySet[Any, Any]:
        if not value:
            return qs
        rows: Any = self.target._default_manager.filter(public_id=value)
        actor = actor_of(self.parent.request)
        return qs.filter(**{f"{self.path}__in": rows.visible_to(actor).order_by().values("pk")})


class QuickFilterBackend(DjangoFilterBackend):
    """Builds the form of a FilterSet only for requests that filter."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        if view._filter_params().isdisjoint(request.query_params):
            return queryset
        return super().filter_queryset(request, queryset, view)


# View sets ------------------------------------------------------------------------------------------------------


class RowsPaginator(_Paginator):
    """Pages of `.values()` rows; a later page is found by its keys first, so that it costs about as the first."""

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        rows: Any = self.object_list
        if bottom == 0:
            return Page(list(rows[: self.per_page]), number, self)
        keys = list(rows.values_list("pk", flat=True)[bottom : bottom + self.per_page])
        found = {row["pk"]: row for row in rows.filter(pk__in=keys).order_by()}
        return Page([found[key] for key in keys if key in found], number, self)


class RowPagination(Pagination):
    django_paginator_class = RowsPaginator


class ErrorDetail(_Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]  # a member of that name
        child=serializers.ListField(child=serializers.CharField())
    )
    request_id = serializers.CharField()


class ErrorShape(_Serializer):
    """The one shape of every refusal."""

    error = ErrorDetail()


class ResourceSchema(AutoSchema):
    """Gathers operations by resource, and adds to each the refusals that it may answer with."""

    def get_tags(self) -> list[str]:
        return [self.view.basename]  # type: ignore[attr-defined]  # every view here is a router's

    def _get_response_bodies(self, *args: Any, **kwargs: Any) -> Any:
        bodies = super()._get_response_bodies(*args, **kwargs)
        statuses = {"GET": ("400", "404"), "POST": ("400", "403", "404", "409", "422")}
        for status in statuses.get(self.method, ()):
            bodies.setdefault(status, self._get_response_for_code(ErrorShape, status))
        return bodies


class RowViewSet(ReadOnlyScopedViewSet):
    """A list of rows and its single rows. `detail_class` may say more of one row than the list does."""

    serializer_class: type[RowSerializer]
    detail_class: type[RowSerializer] | None = None
    filter_backends = (QuickFilterBackend, AllowListOrdering)
    pagination_class = RowPagination
    permission_classes = (IsAuthenticatedOrReadOnly,)
    metadata_class = None
    schema = ResourceSchema()
    action_params: ClassVar[dict[str, Sequence[str]]] = {}

    def known_query_params(self) -> set[str]:
        return super().known_query_params() | set(self.action_params.get(self.action, ()))

    def get_serializer_class(self) -> type[RowSerializer]:
        return (self.detail_class if self.action == "retrieve" else None) or self.serializer_class

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        declared = self.get_serializer_class()
        rows = self.filter_queryset(self.get_queryset()).values(*declared.keys())
        return self.get_paginated_response(declared.render(self.paginate_queryset(rows) or [], self.actor))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.rendered(self.kwargs[self.lookup_field]))

    def rendered(self, public_id: Any) -> Row:
        """One row as it is sent; 404 where the actor may not see it."""
        declared = self.detail_class or self.serializer_class
        row = self.get_queryset().filter(public_id=public_id).values(*declared.keys()).first()
        if row is None:
            raise Http404
        return declared.render([row], self.actor)[0]


# Jobs and notices -----------------------------------------------------------------------------------------------


class JobError(Column):
    """What went wrong, in words; a fault of ours is not printed to people."""

    def keys(self, name: str) -> tuple[str, ...]:
        return ("error", "state")

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        return lambda row: error_words(row["error"])


class JobRow(RowSerializer):
    """A long piece of work that the caller asked for."""

    id = serializers.UUIDField(source="public_id")
    kind = serializers.CharField()
    state = Choice(Job.State.choices)
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    message = serializers.CharField()
    error = extend_schema_field(serializers.CharField())(JobError)()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class JobFilters(FilterSet):
    state = django_filters.ChoiceFilter(choices=Job.State.choices)
    kind = django_filters.CharFilter()


class JobViewSet(RowViewSet):
    """処理の状況: one's own jobs, newest first."""

    queryset = Job.objects.order_by("-id")
    serializer_class = JobRow
    filterset_class = JobFilters
    ordering_fields = ("created_at", "finished_at")

    def get_queryset(self) -> QuerySet[Any, Any]:
        rows: QuerySet[Any, Any] = Job.objects.visible_to(self.actor).order_by("-id")
        return rows


class NoticeRow(RowSerializer):
    """One thing the caller was told."""

    id = serializers.UUIDField(source="public_id")
    topic = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    url = serializers.CharField()
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class NoticeFilters(FilterSet):
    topic = django_filters.CharFilter()
    unread = django_filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")


class NoticeViewSet(RowViewSet):
    """お知らせ: one's own, newest first."""

    queryset = Notice.objects.order_by("-created_at", "-id")
    serializer_class = NoticeRow
    filterset_class = NoticeFilters
    ordering_fields = ("created_at",)


ROUTES = [("jobs", JobViewSet), ("notices", NoticeViewSet)]

"""View sets that start from what the actor may see and take only the parameters they declare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import exceptions, filters, mixins, viewsets
from rest_framework.request import Request

from foundation.access import Actor
from foundation.api.fields import actor_of
from foundation.api.pagination import Pagination


class AllowListOrdering(filters.OrderingFilter):
    """`?ordering=-due_on,name` by the names in the view's `ordering_fields`; others are refused.

    The key comes last, so that no two pages show the same row.
    """

    def get_default_valid_fields(
        self, queryset: Any, view: Any, context: Any = None
    ) -> list[tuple[str, str]]:
        """Without a declared list there is nothing to order by."""
        return []

    def remove_invalid_fields(
        self, queryset: Any, fields: Iterable[str], view: Any, request: Request
    ) -> list[str]:
        wanted = list(fields)
        valid = super().remove_invalid_fields(queryset, wanted, view, request)
        if len(valid) < len(wanted):
            raise exceptions.ValidationError({self.ordering_param: [_("この項目では並べ替えられません。")]})
        return valid

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any, Any], view: Any
    ) -> QuerySet[Any, Any]:
        ordering = self.get_ordering(request, queryset, view) or queryset.query.order_by
        ordering = ordering or queryset.model._meta.ordering
        return queryset.order_by(*ordering, "pk")


class ClosedParametersMixin:
    """Refuses query parameters that the view does not declare, with 400 in the one shape."""

    extra_query_params: Sequence[str] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        unknown = sorted(set(request.query_params) - self.known_query_params())
        if unknown:
            raise exceptions.ValidationError({name: [_("この条件は使えません。")] for name in unknown})

    def known_query_params(self) -> set[str]:
        """Filters, ordering and paging count on lists alone."""
        known = set(self.extra_query_params)
        if getattr(self, "action", "") == "list":
            known |= self._filter_params() | self._ordering_params() | self._page_params()
        return known

    def _filter_params(self) -> set[str]:
        filterset = getattr(self, "filterset_class", None)
        if filterset is None:
            return set()
        names: set[str] = set()
        for name, declared in filterset.base_filters.items():
            suffixes = getattr(declared.field.widget, "suffixes", ())
            names |= {f"{name}_{suffix}" if suffix else name for suffix in suffixes} or {name}
        return names

    def _ordering_params(self) -> set[str]:
        return {AllowListOrdering.ordering_param} if getattr(self, "ordering_fields", None) else set()

    def _page_params(self) -> set[str]:
        paginator = getattr(self, "paginator", None)
        names = (
            getattr(paginator, "page_query_param", None),
            getattr(paginator, "page_size_query_param", None),
        )
        return {name for name in names if name}


class ScopedViewSet(ClosedParametersMixin, viewsets.GenericViewSet):
    """Base of all view sets: rows the actor may see, found by their public id.

    A view set gives `queryset`, `serializer_class`, and what it allows of `filterset_class` and `ordering_fields`.
    """

    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    filter_backends = (DjangoFilterBackend, AllowListOrdering)
    pagination_class = Pagination
    ordering_fields: Sequence[str] = ()

    @property
    def actor(self) -> Actor:
        return actor_of(self.request)

    def get_queryset(self) -> QuerySet[Any, Any]:
        rows: Any = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows.none()  # type: ignore[no-any-return]
        return rows.visible_to(self.actor)  # type: ignore[no-any-return]


class ReadOnlyScopedViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """A list and its single rows, nothing to write."""

"""Bases of all pages: a list, one object, a form that calls a service. Each starts from what the actor may see.

An object that the actor may not see does not exist for them (404); one that they see but may not act on refuses
(403). A form keeps what was typed: domain errors come back beside their fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.views.generic import DetailView, FormView, ListView
from django.views.generic.base import ContextMixin

from foundation.access import Actor
from foundation.errors import DomainError, MultipleErrors

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    _ListView: TypeAlias = ListView[Any]
    _DetailView: TypeAlias = DetailView[Any]
    _FormView: TypeAlias = FormView[Any]
    _Paginator: TypeAlias = Paginator[Any]
else:
    _ListView, _DetailView, _FormView, _Paginator = ListView, DetailView, FormView, Paginator


class ActorMixin:
    """`self.actor`: who asks, with today's rights."""

    request: HttpRequest

    @property
    def actor(self) -> Actor:
        actor: Actor = getattr(self.request, "actor")  # noqa: B009 (set by the middleware of a floor above)
        return actor


class StaffPage(LoginRequiredMixin, ActorMixin):
    """A page for signed-in people; everybody else is led to the sign-in and back."""


class PublicPage(ActorMixin):
    """A page that anybody may open; what it shows still starts from what they may see."""


class SectionMixin(ContextMixin):
    """`section` marks the current entry of the main menu; `title` and `lead` head the page."""

    section = ""
    title: StrOrPromise = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(section=self.section, title=self.title, **kwargs)


class DeferredPaginator(_Paginator):
    """Finds the keys of a page first and reads only those rows in full; from the end, where that is nearer.

    So page 300 costs about as much as page 1, and the last page no more than the first.
    """

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        rows: Any = self.object_list
        if bottom == 0:
            return Page(rows[: self.per_page], number, self)
        keys = self._keys(rows, bottom, min(bottom + self.per_page, self.count))
        found = {row.pk: row for row in rows.filter(pk__in=keys)}
        return Page([found[key] for key in keys if key in found], number, self)

    def _keys(self, rows: Any, bottom: int, top: int) -> list[Any]:
        keys = rows.values_list("pk", flat=True)
        if bottom * 2 <= self.count:
            return list(keys[bottom:top])
        return list(keys.reverse()[self.count - top : self.count - bottom])[::-1]


class ListPage(ActorMixin, SectionMixin, _ListView):
    """A list: scoped, filtered by the same FilterSet as the API, ordered, paged, with its number of hits."""

    paginate_by = 50
    paginator_class = DeferredPaginator
    filterset_class: Any = None

    def scoped(self) -> QuerySet[Any]:
        """The rows the actor may see, with what the page prints (`for_list`, select_related …)."""
        model: Any = self.model
        rows: QuerySet[Any] = model._default_manager.visible_to(self.actor)
        return rows

    @cached_property
    def filterset(self) -> Any:
        if self.filterset_class is None:
            return None
        return self.filterset_class(self.request.GET, queryset=self.scoped(), request=self.request)

    def get_queryset(self) -> QuerySet[Any]:
        if self.filterset is None:
            return self.scoped()
        return self.filterset.qs if self.filterset.is_valid() else self.scoped().none()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        query = [(key, value) for key, value in self.request.GET.items() if key != "page"]
        return {**context, "filter": self.filterset, "query": urlencode(query)}


class ObjectPage(ActorMixin, SectionMixin, _DetailView):
    """One object, looked up by its public id among those the actor may see."""

    slug_field = "public_id"
    slug_url_kwarg = "public_id"
    needs: str = ""

    def scoped(self) -> QuerySet[Any]:
        model: Any = self.model
        rows: QuerySet[Any] = model._default_manager.visible_to(self.actor)
        return rows

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = self.scoped()
        found: QuerySet[Any] = rows.with_can(self.actor, self.needs) if self.needs else rows
        return found

    def get_object(self, queryset: QuerySet[Any] | None = None) -> Any:
        found = super().get_object(queryset)
        if self.needs and not getattr(found, f"can_{self.needs.split('.')[-1]}"):
            raise PermissionDenied
        return found


class ServiceForm(_FormView):
    """A form whose valid input goes to a service; what the service refuses stands beside its field."""

    def perform(self, form: Any) -> HttpResponse | None:
        """Call the service. Return a response, or None for `success_url`."""
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            done: HttpResponse = self.perform(form) or super().form_valid(form)
            return done
        except MultipleErrors as error:
            for each in [error, *error.errors]:
                add_error(form, each)
        except DomainError as error:
            add_error(form, error)
        response = self.form_invalid(form)
        response.status_code = 422
        return response


def add_error(form: Any, error: DomainError) -> None:
    """Put a domain error beside its field, or above the form."""
    form.add_error(error.field if error.field in form.fields else None, error.message)

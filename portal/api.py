"""The API's composition: every floor's resources under /api/v1/, with the OpenAPI document and its reading page."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import TemplateView
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ViewSetMixin

import actors.api
import ecosystems.api
import foundation.api.exports
import foundation.api_resources
import kpis.api
import projects.api
import visions.api
from foundation.pages import PublicPage

_FLOORS: tuple[list[tuple[str, Any]], ...] = (
    actors.api.ROUTES,
    ecosystems.api.ROUTES,
    kpis.api.ROUTES,
    visions.api.ROUTES,
    projects.api.ROUTES,
    foundation.api_resources.ROUTES,
    foundation.api.exports.ROUTES,
)


def _router() -> SimpleRouter:
    router = SimpleRouter()
    for routes in _FLOORS:
        for prefix, viewset in routes:
            assert issubclass(viewset, ViewSetMixin)  # noqa: S101 (a route of something else is a mistake here)
            router.register(prefix, viewset, basename=prefix)
    return router


class ApiDocs(PublicPage, TemplateView):
    """The OpenAPI document drawn by Swagger UI, from our own host and under the strict policy."""

    template_name = "portal/api_docs.html"


urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include((_router().urls, "api"))),
    path("schema/", SpectacularJSONAPIView.as_view(), name="api_schema"),
    path("docs/", ApiDocs.as_view(), name="api_docs"),
]

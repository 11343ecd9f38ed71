"""Two questions that machines ask: is the process alive, and may it be sent requests?

`/healthz` touches nothing but the process. `/readyz` tells the state of each thing that a request needs; it names
no host and shows no error text, since anybody may ask.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from foundation.pages import PublicPage
from portal.celery import app as celery_app

logger = logging.getLogger(__name__)
BROKER_TIMEOUT = 2.0
OK, FAILED, NOT_CONFIGURED = "ok", "failed", "not_configured"


def database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def migrations() -> str:
    """Whether every migration of the code has been applied."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return FAILED if missing else OK


def broker() -> str:
    """Whether the broker answers, where there is one; without one the local worker is the hands."""
    if not settings.CELERY_BROKER_URL:
        return NOT_CONFIGURED
    with celery_app.connection_for_write(settings.CELERY_BROKER_URL, connect_timeout=BROKER_TIMEOUT) as link:
        link.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT)
    return OK


CHECKS: dict[str, Callable[[], str]] = {"database": database, "migrations": migrations, "broker": broker}


def state_of(name: str) -> str:
    try:
        return CHECKS[name]()
    except Exception:
        logger.exception("readiness: %s", name)
        return FAILED


@method_decorator(never_cache, name="dispatch")
class Alive(PublicPage, View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@method_decorator(never_cache, name="dispatch")
class Ready(PublicPage, View):
    def get(self, request: HttpRequest) -> HttpResponse:
        checks = {name: state_of(name) for name in CHECKS}
        is_ready = FAILED not in checks.values()
        return JsonResponse({"ready": is_ready, "checks": checks}, status=200 if is_ready else 503)


urlpatterns = [
    path("healthz", Alive.as_view(), name="healthz"),
    path("readyz", Ready.as_view(), name="readyz"),
]

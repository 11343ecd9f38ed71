"""What is true of every request: it has an id, private answers are never cached, refusals have one face."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from foundation.api import error_body
from foundation.context import new_request_id
from foundation.errors import DomainError

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """A fresh id per request, in the audit trail, the log, and the answer's X-Request-ID."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = new_request_id()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class PrivateResponseMiddleware:
    """Whatever depends on a person is stored by nobody between us and them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated or request.session.accessed:
            response["Cache-Control"] = "private, no-store"
        return response


class DomainErrorMiddleware:
    """A domain error that no view caught: its sentence, with the way back, instead of a crash."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        if request.path.startswith("/api/"):
            return JsonResponse(error_body(exception.code, exception.message), status=exception.status)
        messages.error(request, exception.message)
        return render(request, "refused.html", {"error": exception}, status=exception.status)

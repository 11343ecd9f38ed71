"""The one shape of errors, from whatever was raised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from foundation import context
from foundation.errors import DomainError, MultipleErrors

Fields = dict[str, list[str]]


def error_body(
    code: str,
    message: str,
    fields: Mapping[str, list[str]] | None = None,
    details: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The one shape, also for answers that are made outside of REST framework."""
    error: dict[str, Any] = {
        "code": code,
        "message": message,
        "fields": dict(fields or {}),
        "request_id": context.request_id.get(),
    }
    if details:
        error["details"] = dict(details)
    return {"error": error}


def exception_handler(exc: Exception, context_: Mapping[str, Any]) -> Response | None:
    """REST framework's EXCEPTION_HANDLER. None (a fault of ours) goes on to Django as a 500."""
    answer = _answer(exc)
    if answer is not None:
        set_rollback()
    return answer


def _answer(exc: Exception) -> Response | None:
    if isinstance(exc, DomainError):
        fields = _domain_fields(exc)
        return Response(error_body(exc.code, exc.message, fields, exc.details), status=exc.status)
    if isinstance(exc, DjangoValidationError):
        return Response(error_body("invalid", _invalid(), _django_fields(exc)), status=400)
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if isinstance(exc, exceptions.ValidationError):
        return Response(error_body("invalid", _invalid(), dict(_flattened(exc.detail))), status=400)
    if isinstance(exc, exceptions.APIException):
        return Response(error_body(_code(exc), _message(exc)), status=exc.status_code, headers=_headers(exc))
    return None


def _invalid() -> str:
    return _("入力内容を確かめてください。")


def _domain_fields(error: DomainError) -> Fields:
    parts = error.errors if isinstance(error, MultipleErrors) else [error]
    fields: Fields = {}
    for part in parts:
        if part.field or isinstance(error, MultipleErrors):
            fields.setdefault(part.field or api_settings.NON_FIELD_ERRORS_KEY, []).append(part.message)
    return fields


def _django_fields(error: DjangoValidationError) -> Fields:
    if not hasattr(error, "error_dict"):
        return {api_settings.NON_FIELD_ERRORS_KEY: list(error.messages)}
    whole = api_settings.NON_FIELD_ERRORS_KEY
    return {(whole if key == NON_FIELD_ERRORS else key): value for key, value in error.message_dict.items()}


def _flattened(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """(path, sentences) of REST framework's nested details: {"rows": [{}, {"value": […]}]} → rows[1].value"""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from _flattened(value, f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list) and any(isinstance(item, (Mapping, list)) for item in detail):
        for place, item in enumerate(detail):
            yield from _flattened(item, f"{path}[{place}]")
    elif detail:
        sentences = detail if isinstance(detail, list) else [detail]
        yield path or api_settings.NON_FIELD_ERRORS_KEY, [str(sentence) for sentence in sentences]


def _code(exc: exceptions.APIException) -> str:
    codes = exc.get_codes()
    return codes if isinstance(codes, str) else "error"


def _message(exc: exceptions.APIException) -> str:
    """Our sentence for the common refusals (the framework's own tell of its inner workings)."""
    ours = {
        400: _("要求の内容を読み取れません。形式を確かめてください。"),
        401: _("サインインが必要です。"),
        403: _("この操作を行う権限がありません。"),
        404: _("見つかりません。"),
        405: _("この方法では要求できません。"),
        406: _("要求された形式では返せません。"),
        415: _("この形式の内容は受け取れません。JSONで送ってください。"),
        429: _("要求が多すぎます。しばらくしてからやり直してください。"),
    }
    return ours.get(exc.status_code, str(exc.detail))


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers

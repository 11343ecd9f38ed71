"""A write that arrives twice is performed once: `Idempotency-Key` in the API, `{% once_token %}` in forms.

The write and its remembered answer are one transaction, under a lock on the key: there is no moment in which one is
there without the other, and an attempt that fails leaves no trace, so that it may be repeated. What was refused
(a status from 400) is not remembered.

API: same key and same body → the first answer again (`Idempotent-Replayed: true`); same key and other body → 422;
the first still at work → 409. Forms: the second click waits for the first and goes where that one went.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from foundation import locks
from foundation.errors import DomainError, StateError
from foundation.models.idempotency import IdempotencyKey

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
FORM_FIELD = "once"
KEPT_FOR = timedelta(days=7)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

P = ParamSpec("P")


class KeyReused(DomainError):
    """The key was used for another request (HTTP 422, as in the IETF's draft of the header)."""

    status = 422


def new_token() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Attempt:
    """One arrival of a keyed request."""

    user_id: int | None
    key: str
    path: str
    method: str
    request_hash: str

    @property
    def lock_name(self) -> str:
        return f"idempotency:{self.user_id}:{self.key}:{self.path}"

    def earlier(self) -> IdempotencyKey | None:
        """The remembered answer to this key. Raises `KeyReused` where it answered something else."""
        found = IdempotencyKey.objects.filter(Q(user_id=self.user_id), key=self.key, path=self.path).first()
        if found and (found.method, found.request_hash) != (self.method, self.request_hash):
            raise KeyReused(
                "idempotency_key_reused", _("この Idempotency-Key は別の内容の要求で使われています。")
            )
        return found

    def remember(self, *, status: int, location: str = "", body: str = "") -> None:
        IdempotencyKey.objects.create(
            user_id=self.user_id,
            key=self.key,
            path=self.path,
            method=self.method,
            request_hash=self.request_hash,
            status=status,
            location=location,
            body=body,
        )


def expire(now: datetime | None = None) -> int:
    """Forget keys older than seven days; returns how many."""
    deleted, _by_model = IdempotencyKey.objects.filter(
        created_at__lt=(now or timezone.now()) - KEPT_FOR
    ).delete()
    return deleted


# API ------------------------------------------------------------------------------------------------------------


class IdempotentMixin:
    """For API views: every write with an `Idempotency-Key` is performed once. Stands before the DRF view class."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        key = request.headers.get(HEADER)
        if key is None or request.method not in _WRITES or not request.user.is_authenticated:
            return
        name = request.method.lower()
        handler = getattr(self, name, None)
        if handler is not None:
            setattr(self, name, _performed_once(handler, _attempt(request, key)))


def _attempt(request: Request, key: str) -> Attempt:
    if not _KEY.fullmatch(key):
        message = _("Idempotency-Key は200字以内の英数字・記号で指定してください。")
        raise DomainError("bad_idempotency_key", message)
    content = json.dumps(_plain(request.data), sort_keys=True, default=_file_digest)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Attempt(request.user.pk, key, request.path[:500], request.method or "", digest)


def _plain(data: Any) -> Any:
    return dict(data.lists()) if hasattr(data, "lists") else data


def _file_digest(value: Any) -> str:
    """An uploaded file by its content, anything else by its text."""
    if not hasattr(value, "chunks"):
        return str(value)
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return digest.hexdigest()


def _performed_once(handler: Callable[..., Response], attempt: Attempt) -> Callable[..., Response]:
    @wraps(handler)
    def perform(request: Request, *args: Any, **kwargs: Any) -> Response:
        with transaction.atomic():
            if not locks.try_exclusive(attempt.lock_name):
                raise StateError(
                    "in_progress",
                    _("同じ Idempotency-Key の要求を処理中です。少し待ってからやり直してください。"),
                )
            earlier = attempt.earlier()
            if earlier is not None:
                return _replayed(earlier)
            response = handler(request, *args, **kwargs)
            _remember(attempt, response)
            return response

    return perform


def _remember(attempt: Attempt, response: Response) -> None:
    if response.status_code >= 400:
        transaction.set_rollback(True)
        return
    body = "" if response.data is None else JSONRenderer().render(response.data).decode()
    attempt.remember(status=response.status_code, location=response.headers.get("Location", ""), body=body)


def _replayed(earlier: IdempotencyKey) -> Response:
    headers = {REPLAYED: "true"}
    if earlier.location:
        headers["Location"] = earlier.location
    return Response(json.loads(earlier.body) if earlier.body else None, earlier.status, headers=headers)


# Forms ----------------------------------------------------------------------------------------------------------


def submitted_once(request: HttpRequest, perform: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Perform the post of a form with a `{% once_token %}`; a repeated post gets the first one's redirect.

    Without a token the post is simply performed. A page that comes back with errors is not remembered: its new
    token is for the next try.
    """
    token = request.POST.get(FORM_FIELD, "")
    if not _KEY.fullmatch(token):
        return perform()
    user_id = request.user.pk if request.user.is_authenticated else None
    attempt = Attempt(user_id, token, request.path[:500], "FORM", "")
    with transaction.atomic():
        locks.exclusive(attempt.lock_name)
        earlier = attempt.earlier()
        if earlier is not None:
            return HttpResponseRedirect(earlier.location)
        response = perform()
        if isinstance(response, HttpResponse) and 300 <= response.status_code < 400:
            attempt.remember(status=response.status_code, location=response.headers.get("Location", ""))
        return response


class OnceFormMixin:
    """For form views: `post` is performed once per `{% once_token %}`. Stands before the view class."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        handler = super().post  # type: ignore[misc]
        return submitted_once(request, lambda: handler(request, *args, **kwargs))


def once(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """For view functions: a post is performed once per `{% once_token %}`."""

    @wraps(view)
    def perform(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        return submitted_once(request, lambda: view(request, *args, **kwargs))

    return perform

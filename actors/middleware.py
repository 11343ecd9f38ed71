"""`request.actor`: who acts, for which organisation, with today's rights. Loaded when first asked for."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from actors.facts import build_actor
from foundation.access import ANONYMOUS, Actor

ACTING_FOR = "acting_for"


def actor_of(request: HttpRequest) -> Actor:
    """The actor of a request; the organisation acted for is kept in the session."""
    if not request.user.is_authenticated:
        return ANONYMOUS
    return build_actor(request.user, request.session.get(ACTING_FOR))


class ActorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: actor_of(request))  # type: ignore[attr-defined]
        return self.get_response(request)

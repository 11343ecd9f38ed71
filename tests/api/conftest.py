"""Asking the API as one of the people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.access.world import World, make_world
from tests.conftest import People

ROOT = "/api/v1/"


@pytest.fixture
def world(people: People) -> World:
    return make_world(people)


class Caller:
    """One person's client: paths below /api/v1/, bodies in JSON."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, path: str, **headers: Any) -> Any:
        return self.client.get(ROOT + path, **headers)

    def post(self, path: str, data: Any = None, **headers: Any) -> Any:
        return self.client.post(ROOT + path, data or {}, content_type="application/json", **headers)


@pytest.fixture
def ask(people: People) -> Callable[[str], Caller]:
    """`ask("reporter").get("forums/")`; "anonymous" is not signed in."""
    callers: dict[str, Caller] = {}

    def call(name: str) -> Caller:
        if name not in callers:
            client = Client()
            if name != "anonymous":
                client.force_login(getattr(people, name))
            callers[name] = Caller(client)
        return callers[name]

    return call

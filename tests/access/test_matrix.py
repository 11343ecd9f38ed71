"""MATRIX: every person × every address × own and foreign object × every method, against the declared table."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from foundation.models import AuditEntry
from tests.access.addresses import Address, addresses
from tests.access.audience import ANONYMOUS, AUDIENCE, NAMES, Audience
from tests.access.world import World, make_world
from tests.conftest import People

pytestmark = pytest.mark.django_db

UNSAFE = ("post", "put", "patch", "delete")
REFUSED = frozenset({302, 403, 404, 405})


@dataclass
class Probe:
    """Asks as everybody, and keeps count."""

    world: World
    clients: dict[str, Client]
    checks: int = 0
    wrong: list[str] = field(default_factory=list)

    def url(self, address: Address, audience: Audience, side: str) -> str:
        objects = getattr(self.world, side)
        ids = [str(objects[kind].public_id) for kind in audience.of]
        return reverse(address.name, kwargs=dict(zip(address.arguments, ids, strict=True)))

    def expect(self, ok: bool, said: str, status: int) -> None:
        self.checks += 1
        if not ok or status >= 500:
            self.wrong.append(f"{said} → {status}")


@pytest.fixture
def probe(people: People, caplog: pytest.LogCaptureFixture) -> Probe:
    caplog.set_level(logging.ERROR, "django")
    clients = {}
    for name in NAMES:
        clients[name] = Client(raise_request_exception=False)
        if name != ANONYMOUS:
            clients[name].force_login(getattr(people, name))
    return Probe(make_world(people), clients)


def cases() -> Iterator[tuple[Address, Audience, str]]:
    for address in addresses():
        audience = AUDIENCE.get(address.name)
        if audience is not None:
            yield address, audience, "own"
            if audience.of:
                yield address, audience, "foreign"


def expected_get(audience: Audience, name: str, side: str) -> frozenset[int]:
    """The statuses with which GET may answer."""
    if audience.signed_in and name == ANONYMOUS:
        # A view that takes POST alone may say so before it asks who comes.
        return frozenset({302}) if audience.reads else frozenset({302, 405})
    if not audience.reads:
        return frozenset({405})
    if not audience.sees(name, side):
        return frozenset({302} if audience.invites and name == ANONYMOUS else {404})
    if not audience.passes(name, side):
        return frozenset({403})
    return frozenset({302} if audience.leads_on and name != ANONYMOUS else audience.answers)


def led_rightly(response: Any, audience: Audience, name: str) -> bool:
    """A redirect leads to the sign-in, or where the address says that it leads on."""
    if response.status_code != 302:
        return True
    to_sign_in = response["Location"].startswith("/accounts/login/")
    return to_sign_in == (name == ANONYMOUS)


def test_reading_answers_as_the_table_says(probe: Probe, capsys: Any) -> None:
    for address, audience, side in cases():
        url = probe.url(address, audience, side)
        for name, client in probe.clients.items():
            response = client.get(f"{url}?{audience.asks}" if audience.asks else url)
            expected = expected_get(audience, name, side)
            ok = response.status_code in expected and led_rightly(response, audience, name)
            probe.expect(
                ok, f"GET {address.name} {side} {name}, expected {sorted(expected)}", response.status_code
            )
    report(probe, capsys, "reading")


def may_write(audience: Audience, name: str, side: str, method: str) -> bool:
    return (
        method in ("post", "put")  # Django's forms take PUT as POST
        and audience.writes
        and (name != ANONYMOUS or audience.open_to_visitors)
        and audience.sees(name, side)
        and audience.passes(name, side)
    )


def write(client: Client, method: str, url: str, data: Any) -> tuple[Any, bool]:
    """(the answer, whether anything was noted in the audit trail); undone afterwards."""
    with transaction.atomic():
        before = AuditEntry.objects.count()
        json = {"content_type": "application/json"} if url.startswith("/api/") or method != "post" else {}
        response = getattr(client, method)(url, data or {}, **json)
        noted = AuditEntry.objects.count() > before
        transaction.set_rollback(True)
    return response, noted


def test_writing_without_the_right_is_refused_and_leaves_no_trace(probe: Probe, capsys: Any) -> None:
    for address, audience, side in cases():
        url = probe.url(address, audience, side)
        for name, client in probe.clients.items():
            for method in UNSAFE:
                response, noted = write(client, method, url, audience.data)
                allowed = may_write(audience, name, side, method)
                ok = allowed or (response.status_code in REFUSED and not noted)
                said = f"{method.upper()} {address.name} {side} {name}, allowed: {allowed}"
                probe.expect(ok, said, response.status_code)
    report(probe, capsys, "writing")


def test_who_may_act_through_the_api_is_not_refused(probe: Probe, capsys: Any) -> None:
    for address, audience, side in cases():
        if audience.data is None:
            continue
        for name, client in probe.clients.items():
            if may_write(audience, name, side, "post"):
                response, noted = write(client, "post", probe.url(address, audience, side), audience.data)
                probe.expect(
                    noted and response.status_code == 200,
                    f"POST {address.name} {side} {name}",
                    response.status_code,
                )
    report(probe, capsys, "acting")


def test_a_foreign_object_and_none_at_all_are_answered_alike(probe: Probe) -> None:
    for address, audience, _side in cases():
        if not audience.of or not address.name.startswith("api:") or audience.sees("member", "foreign"):
            continue
        foreign = probe.url(address, audience, "foreign")
        public_id = str(probe.world.foreign[audience.of[0]].public_id)
        nowhere = foreign.replace(public_id, "00000000-0000-4000-8000-000000000000")
        asked = f"?{audience.asks}" if audience.asks else ""
        answers = [_without_id(probe.clients["member"].get(url + asked)) for url in (foreign, nowhere)]
        assert answers[0] == answers[1], address.name


def _without_id(response: Any) -> tuple[int, Any]:
    body = response.json()
    body["error"].pop("request_id")
    return response.status_code, body


def report(probe: Probe, capsys: Any, what: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\naccess matrix, {what}: {probe.checks} checks, {len(probe.wrong)} wrong\n")
    assert "\n".join(probe.wrong) == ""

"""TWO WORLDS: what a person may not see changes no byte of what they get, by any filter, order, search or page."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.urls import reverse

from portal.api import _router
from tests.access.world import World, fill, submit
from tests.api.test_reading import RESOURCES
from tests.factories.actors import make_holder, make_post
from tests.factories.ecosystems import join, make_forum
from tests.factories.kpis import make_indicator, make_scorecard

pytestmark = pytest.mark.django_db

# Words of the hidden rows, of the visible ones, and of both.
WORDS = ("秘", "あ", "の", "試験", "指標", "K")


def add_hidden(outsider: Any) -> list[dict[str, Any]]:
    """Forums of outsiders, full of everything, and a case, a vision and a project that only they see."""
    added = []
    for number in range(3):
        post = make_post(name=f"秘の担当{number}")
        forum = make_forum(core_body=post.organization, name=f"秘の場{number}（架空）", visibility="members")
        join(forum, post.organization)
        card = make_scorecard(forum, name=f"秘のKPI{number}", post=post)
        added.append(fill(forum, card, post.organization, post, outsider, f"秘{number}"))
    return added


def add_beside(world: World) -> None:
    """Hidden rows on what people do see: an indicator for participants that feeds a visible one, and a draft vision."""
    card = world.people.scorecard
    secret = make_indicator(card, fields={"visibility": "participants", "name": "秘の指標"})
    submit_secret(world, secret)
    project = world.own["project"]
    for model, row in ((type(project), project), (type(world.own["case"]), world.own["case"])):
        model.objects.create(
            **{
                field.attname: getattr(row, field.attname)
                for field in model._meta.concrete_fields
                if field.name
                not in ("id", "public_id", "visibility", "scorecard", "created_at", "updated_at")
            },
            visibility="draft",
        )


def submit_secret(world: World, secret: Any) -> None:
    people = world.people
    submit(people.scorecard, secret, people.city, world.own["post"], people.reporter, "FY2025-Q1", "987654")


def viewsets() -> dict[str, Any]:
    return {prefix: viewset for prefix, viewset, _name in _router().registry}


def queries(viewset: Any, world: World) -> list[str]:
    """Every declared filter with several values, every order both ways, and pages."""
    found = ["", "page_size=2", "page=2&page_size=1"]
    found += [f"ordering={sign}{name}" for name, sign in product(viewset.ordering_fields, ("", "-"))]
    for name, declared in viewset.filterset_class.base_filters.items():
        found += [f"{name}={value}" for value in values(name, declared, world)]
    return found


def values(name: str, declared: Any, world: World) -> list[str]:
    choices = declared.extra.get("choices")
    if choices:
        return [str(code) for code, _label in choices]
    if hasattr(declared, "target"):
        objects = [*world.own.values(), *world.foreign.values()]
        rows = [each for each in objects if isinstance(each, declared.target)]
        return [str(row.public_id) for row in rows]
    kind = type(declared).__name__
    by_kind = {
        "BooleanFilter": ["true", "false"],
        "DateFilter": ["2025-04-01", "2030-01-01"],
        "IsoDateTimeFilter": ["2025-04-01T00:00:00Z", "2030-01-01T00:00:00Z"],
        "NumberFilter": ["2030", "2031"],
        "PeriodFilter": ["FY2025", "FY2025-Q1", "FY2030"],
        "CharFilter": list(WORDS),
    }
    return by_kind[kind]


@pytest.fixture
def probes(world: World) -> list[str]:
    found = []
    for prefix, viewset in viewsets().items():
        url = reverse(f"api:{prefix}-list")
        found += [f"{url}?{query}" for query in queries(viewset, world)]
    return found


def answers(client: Any, probes: list[str]) -> dict[str, tuple[int, bytes]]:
    found = {}
    for url in probes:
        response = client.get(url)
        body = response.content
        if response.status_code != 200:
            body = str(response.json()["error"]["fields"]).encode()
        found[url] = (response.status_code, body)
    return found


def test_every_list_is_probed(probes: list[str]) -> None:
    assert {url.split("/")[3] for url in probes} == set(RESOURCES)
    assert len(probes) > 150


@pytest.mark.parametrize("name", ["anonymous", "member", "stranger"])
def test_forums_of_others_change_nothing(world: World, ask: Any, probes: list[str], name: str) -> None:
    # Organisations are open to everybody: nothing is hidden there.
    probes = [url for url in probes if "/organizations/" not in url]
    outsider = make_holder(make_post(name="秘の担当"), "秘 太郎（架空）")
    client = ask(name).client
    before, again = answers(client, probes), answers(client, probes)
    hidden = add_hidden(outsider)
    after = answers(client, probes)
    assert before == again, "noise"
    assert [url for url in probes if before[url] != after[url]] == []
    assert [each for each in hidden if str(each["indicator"].public_id) in str(after)] == []


def test_rows_for_participants_change_nothing_for_a_member(world: World, ask: Any, probes: list[str]) -> None:
    client = ask("member").client
    before = answers(client, probes)
    add_beside(world)
    after = answers(client, probes)
    assert [url for url in probes if before[url] != after[url]] == []
    assert "987654" not in str(after)
    assert "987654" in ask("reviewer").get("measurements/").content.decode()

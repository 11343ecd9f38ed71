"""Fixed numbers of queries: a list at most 8, a row at most 10, with one row and with twenty more."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.access.world import fill
from tests.api.test_reading import KIND, RESOURCES
from tests.factories.actors import make_post
from tests.factories.ecosystems import join, make_forum
from tests.factories.kpis import make_scorecard

pytestmark = pytest.mark.django_db
LIST, ROW = 8, 10
# What only the one whom it concerns sees.
OWN = ("jobs", "exports", "notices")


def count(caller, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert caller.get(path).status_code == 200
    return len(captured)


@pytest.fixture
def crowded(world):
    """Twenty more of everything, in forums of the administrator's portal."""
    for number in range(20):
        post = make_post(name=f"担当 {number}")
        forum = make_forum(core_body=post.organization, name=f"場{number}（架空）", visibility="members")
        join(forum, post.organization)
        card = make_scorecard(forum, post=post)
        fill(forum, card, post.organization, post, world.people.reporter, f"み{number}")
    return world


@pytest.mark.parametrize("resource", RESOURCES)
def test_list_and_row_keep_their_budget(world, ask, resource):
    caller = ask("administrator" if resource not in OWN else "reporter")
    assert count(caller, f"{resource}/") <= LIST
    assert count(caller, f"{resource}/{world.own[KIND[resource]].public_id}/") <= ROW


def test_twenty_more_rows_cost_no_further_query(crowded, ask):
    for resource in RESOURCES:
        caller = ask("administrator" if resource not in OWN else "reporter")
        assert caller.get(f"{resource}/").json()["count"] >= 21
        assert count(caller, f"{resource}/") <= LIST, resource
        assert count(caller, f"{resource}/?page_size=10&page=2") <= LIST + 1, resource
        assert count(caller, f"{resource}/{crowded.own[KIND[resource]].public_id}/") <= ROW, resource


def test_filters_cost_no_further_query(crowded, ask):
    card, indicator = crowded.own["scorecard"].public_id, crowded.own["indicator"].public_id
    caller = ask("administrator")
    assert count(caller, f"indicators/?scorecard={card}&kind=measured&q=指標") <= LIST
    assert count(caller, f"measurements/?indicator={indicator}&state=submitted&period=FY2025") <= LIST


def test_series_and_explanation_keep_their_budget(crowded, ask):
    total, caller = crowded.own["total"].public_id, ask("administrator")
    assert count(caller, f"indicators/{total}/series/") <= ROW
    assert count(caller, f"indicators/{total}/explain/?period=FY2025-Q1&basis=provisional") <= 15

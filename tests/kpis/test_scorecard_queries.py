"""What the pages of figures cost: the same number of queries with 1 and with 60 indicators, 1 and 12 periods."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundation import lanes
from kpis.models import Indicator, Scorecard
from kpis.periods import Period, periods_between
from kpis.services import ledger
from kpis.services.ledger import Entry, Signer
from kpis.services.targets import TargetInput, set_targets
from tests.factories.kpis import SYSTEM, contribute, make_indicator, make_rolled_up

pytestmark = pytest.mark.django_db
FIRST, LAST = Period.parse("FY2021-Q1"), Period.parse("FY2023-Q4")
SIZES = [(1, 1), (60, 12)]


def fill(card: Scorecard, count: int, periods: int) -> list[Indicator]:
    """So many rolled-up indicators, each with one child on the same card, targets and figures."""
    tops = []
    for _number in range(count):
        child = make_indicator(card, first_period=FIRST)
        top = make_rolled_up(card, first_period=FIRST)
        contribute(child, top)
        target = TargetInput(Period.parse("FY2023"), Decimal(10))
        set_targets(actor=SYSTEM, indicator=top, targets=[target])
        tops.append(top)
    children = Indicator.objects.filter(scorecard=card, kind=Indicator.Kind.MEASURED)
    span = periods_between(FIRST, LAST)[:periods]
    entries = [Entry(child, period, "count", value=Decimal(3)) for child in children for period in span]
    with transaction.atomic():
        at = ledger.begin(child.pk for child in children)
        rows = ledger.record(entries, Signer(name="試験"), None, at)
        ledger.write_events(rows, "approved", Signer(name="試験"), at)
    lanes.drain("rollup")
    return tops


def get(client: Client, user: Any, name: str, public_id: Any, query: str = "") -> Any:
    client.force_login(get_user_model().objects.get(pk=user.pk))
    return f"{reverse(name, args=[public_id])}{query}"


@pytest.mark.parametrize(("count", "periods"), SIZES)
def test_scorecard_takes_seven_queries(client, people, django_assert_num_queries, count, periods):
    """session, user, facts, card, indicators with targets, contributions beneath, cells; a filled slot adds its one."""
    fill(people.scorecard, count, periods)
    address = get(client, people.reporter, "kpis:scorecard", people.scorecard.public_id, "?fy=FY2023")
    with django_assert_num_queries(7):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize(("count", "periods"), SIZES)
def test_scorecard_of_an_earlier_moment_takes_a_fixed_number(
    client, people, django_assert_num_queries, count, periods
):
    fill(people.scorecard, count, periods)
    today = f"?fy=FY2023&as_of={timezone.localdate()}"
    address = get(client, people.reporter, "kpis:scorecard", people.scorecard.public_id, today)
    with django_assert_num_queries(8):
        assert client.get(address).status_code == 200


def test_unchanged_scorecard_answers_in_four_queries(client, people, django_assert_num_queries):
    people.scorecard.refresh_from_db()
    seen = f"?seen={people.scorecard.figures_version}"
    address = get(client, people.reporter, "kpis:scorecard_live", people.scorecard.public_id, seen)
    with django_assert_num_queries(4):
        assert client.get(address).status_code == 204


@pytest.mark.parametrize(("count", "periods"), SIZES)
def test_indicator_takes_eleven_queries(client, people, django_assert_num_queries, count, periods):
    top = fill(people.scorecard, count, periods)[0]
    address = get(client, people.reporter, "kpis:indicator", top.public_id)
    with django_assert_num_queries(11):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("count", [1, 60])
def test_list_takes_eight_queries_at_most(client, people, django_assert_max_num_queries, count):
    for _number in range(count):
        make_indicator(people.scorecard)
    client.force_login(people.reporter)
    with django_assert_max_num_queries(8):
        assert client.get(reverse("kpis:indicator_list")).status_code == 200
    if count > 50:
        with django_assert_max_num_queries(8):
            assert client.get(reverse("kpis:indicator_list") + "?page=2").status_code == 200


@pytest.mark.parametrize("width", [1, 20])
def test_reason_takes_as_many_queries_whatever_the_width_of_the_tree(
    client, people, django_assert_num_queries, width
):
    top = make_rolled_up(people.scorecard, first_period=FIRST)
    middle = make_rolled_up(people.scorecard, first_period=FIRST)
    contribute(middle, top)
    for position in range(width):
        contribute(make_indicator(people.scorecard, first_period=FIRST), middle, position=position)
    with transaction.atomic():
        children = list(Indicator.objects.filter(kind=Indicator.Kind.MEASURED))
        at = ledger.begin(child.pk for child in children)
        figures = [Entry(child, FIRST, "count", value=Decimal(1)) for child in children]
        ledger.record(figures, Signer(name="試験"), None, at)
    lanes.drain("rollup")
    address = get(client, people.reporter, "kpis:why", top.public_id, "?period=FY2021&basis=provisional")
    with django_assert_num_queries(13):
        assert client.get(address).status_code == 200

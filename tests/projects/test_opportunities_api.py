"""Opportunities and interests by API: the same rights, the same refusals, each write once."""

from __future__ import annotations

import pytest
from django.test import Client

from projects.models import Interest
from tests.factories.actors import make_holder, make_post
from tests.factories.partnering import make_interest, make_opportunity

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/"


@pytest.fixture
def opportunity(people):
    post = make_post(people.city, name="窓口")
    return make_opportunity(people.forum, people.city, post=post, reply_days=3)


def caller(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def send(client: Client, path: str, data=None, **headers):
    return client.post(ROOT + path, data or {}, content_type="application/json", headers=headers)


def test_the_same_key_applies_once(opportunity, people):
    client, path = caller(people.member), f"opportunities/{opportunity.public_id}/apply/"
    first, second = (send(client, path, {"message": "見学"}, idempotency_key="k1") for _call in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert first.json()["state"] == "applied"
    assert Interest.objects.count() == 1
    again = send(client, path, idempotency_key="k2")
    assert again.status_code == 409
    assert again.json()["error"]["code"] == "already_applied"


def test_a_visitor_applies_on_the_page_and_not_here(opportunity):
    assert send(Client(), f"opportunities/{opportunity.public_id}/apply/").status_code == 403


def test_the_poster_answers_and_the_applicant_withdraws(opportunity, people):
    interest = make_interest(opportunity, applicant=people.member)
    path = f"interests/{interest.public_id}/"
    answered = send(caller(people.reporter), f"{path}answer/", {"state": "received", "message": "承りました"})
    assert answered.status_code == 200
    assert [event["state"] for event in answered.json()["events"]] == ["applied", "received"]
    refused = send(caller(people.reporter), f"{path}answer/", {"state": "declined"})
    assert refused.status_code == 400
    assert "reason" in refused.json()["error"]["fields"]
    assert send(caller(people.reporter), f"{path}withdraw/").status_code == 403
    assert send(caller(people.member), f"{path}withdraw/", {"reason": "都合"}).json()["state"] == "withdrawn"
    assert send(caller(people.stranger), f"{path}answer/", {"message": "x"}).status_code == 404


def test_facets_refuse_what_the_list_refuses(opportunity):
    client = Client()
    assert client.get(f"{ROOT}opportunities/facets/?nonsense=1").status_code == 400
    assert client.get(f"{ROOT}opportunities/facets/?kind=nonsense").status_code == 400
    body = client.get(f"{ROOT}opportunities/facets/?state=open").json()
    assert body["count"] == client.get(f"{ROOT}opportunities/?state=open").json()["count"] == 1
    assert body["kind"] == [{"code": "equipment", "label": "設備", "count": 1}]


def test_unconfirmed_and_foreign_interests_are_not_listed(opportunity, people):
    make_interest(opportunity)
    Interest.objects.create(opportunity=opportunity, name="未確認", email="a@example.jp")
    assert caller(people.reporter).get(f"{ROOT}interests/").json()["count"] == 1
    assert caller(people.administrator).get(f"{ROOT}interests/").json()["count"] == 1
    assert caller(make_holder(make_post())).get(f"{ROOT}interests/").json()["count"] == 0
    assert Client().get(f"{ROOT}interests/").json()["count"] == 0

"""A refusal that no view caught is shown as a sentence, once, with the way back."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import include, path

from foundation.errors import StateError

SENTENCE = "この回の受付は終了しました。"


def refuse(request):
    raise StateError("closed", SENTENCE)


urlpatterns = [path("refuse/", refuse), path("", include("portal.urls"))]


@pytest.mark.urls(__name__)
def test_refusal_shows_its_sentence_once_and_the_way_back(client, people):
    client.force_login(people.member)
    response = client.post("/refuse/", HTTP_REFERER="http://testserver/forums/")
    assert response.status_code == 409
    assert response.text.count(SENTENCE) == 1
    assert 'href="http://testserver/forums/"' in response.text


@pytest.mark.urls(__name__)
def test_sentence_does_not_follow_to_the_next_page(client, people):
    client.force_login(people.member)
    client.post("/refuse/")
    assert SENTENCE not in client.get("/home/").text


@pytest.mark.urls(__name__)
def test_visitors_are_told_too(client, db):
    assert SENTENCE in client.post("/refuse/").text


def test_a_stale_form_says_what_to_do_in_words(db) -> None:
    page = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "x"})
    assert page.status_code == 403
    assert "もう一度送ってください" in page.content.decode()

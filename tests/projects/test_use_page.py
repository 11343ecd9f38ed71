"""「使うには」: written by who may change the project, read by residents."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories.projects import make_project


@pytest.fixture
def project(people):
    return make_project(people.forum, lead=people.city)


def address(project) -> str:
    return reverse("projects:project_use", args=[project.public_id])


SENT = {"text": "前日の正午までに。", "phone": "000-000-0000", "hours": "平日", "revision": "0"}


def test_who_leads_the_project_writes_it_and_residents_read_it(client, people, project):
    page = reverse("projects:project_detail", args=[project.public_id])
    assert "使うには" not in client.get(page).text
    client.force_login(people.reporter)
    assert address(project) in client.get(page).text
    assert client.post(address(project), SENT)["Location"] == page
    client.logout()
    text = client.get(page).text
    assert 'href="tel:000-000-0000"' in text
    assert address(project) not in text
    assert f"/voices/ask/?about=projects.project%3A{project.public_id}" in text


def test_others_who_see_the_project_do_not_write_it(client, people, project):
    client.force_login(people.member)
    assert client.post(address(project), SENT).status_code == 403
    project.refresh_from_db()
    assert project.use_text == ""


@pytest.mark.parametrize("phone", ["電話", "javascript:alert(1)", "0" * 40, "090 1234"])
def test_what_is_no_number_is_refused_and_nothing_typed_is_lost(client, people, project, phone):
    client.force_login(people.reporter)
    response = client.post(address(project), SENT | {"phone": phone})
    assert response.status_code == 422
    assert "前日の正午までに。" in response.text


def test_two_people_at_once_do_not_overwrite_each_other(client, people, project):
    client.force_login(people.reporter)
    client.post(address(project), SENT)
    response = client.post(address(project), SENT | {"text": "別の案内"})
    assert response.status_code == 422
    assert "別の案内" in response.text
    project.refresh_from_db()
    assert project.use_text == "前日の正午までに。"

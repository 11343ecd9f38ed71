"""The pages of projects."""

from __future__ import annotations

import pytest
from django.urls import reverse

from projects.models import Project
from tests.factories.actors import make_organization
from tests.factories.ecosystems import make_forum
from tests.factories.kpis import contribute, make_indicator, make_rolled_up, make_scorecard
from tests.factories.projects import correct, fund, make_project
from tests.factories.visions import make_theme, make_vision

LIST = "/projects/"


def page(project: Project) -> str:
    return reverse("projects:project_detail", args=[project.public_id])


@pytest.mark.parametrize("rows", [1, 25])
def test_list_costs_the_same_for_one_row_and_for_many(client, people, rows, django_assert_num_queries):
    vision = make_vision()
    for _number in range(rows):
        make_project(vision.forum, themes=[make_theme(vision)])
    client.force_login(people.member)
    with django_assert_num_queries(7):
        response = client.get(LIST)
    assert len(response.context["page_obj"]) == rows


@pytest.mark.parametrize("rows", [1, 20])
@pytest.mark.parametrize(("who", "queries"), [("member", 10), ("reporter", 14)])
def test_page_costs_the_same_for_one_of_each_and_for_many(
    client, people, rows, who, queries, django_assert_num_queries
):
    vision = make_vision(people.forum)
    card = make_scorecard(vision.forum, visibility="public")
    project = make_project(
        vision.forum,
        lead=people.city,
        themes=[make_theme(vision) for _number in range(rows)],
        partners=[make_organization() for _number in range(rows)],
        scorecard=card,
    )
    total = make_rolled_up(vision.scorecard, fields={"visibility": "public"})
    for number in range(rows):
        contribute(make_indicator(card, fields={"visibility": "public"}), total)
        fund(project, {2024: number, 2025: number})
        correct(people.forum, project)
    client.force_login(getattr(people, who))
    with django_assert_num_queries(queries):
        response = client.get(page(project))
    assert len(response.context["rows"]) == len(response.context["corrections"]) == rows


def test_project_of_members_does_not_exist_for_strangers(client, people):
    project = make_project(people.forum, visibility="members")
    client.force_login(people.stranger)
    assert client.get(page(project)).status_code == 404
    assert project.name not in client.get(LIST).text
    client.force_login(people.member)
    assert project.name in client.get(page(project)).text


def test_partner_sees_the_project_of_participants(client, people):
    project = make_project(make_forum(), visibility="participants", partners=[people.company])
    client.force_login(people.member)
    assert client.get(page(project)).status_code == 200
    client.force_login(people.reporter)
    assert client.get(page(project)).status_code == 404


def test_project_without_a_theme_is_shown_as_such(client, people):
    project = make_project(make_forum())
    assert "テーマ未接続" in client.get(page(project)).text
    assert "テーマ未接続" in client.get(LIST).text


def test_list_is_narrowed_by_kind_and_state(client, people):
    forum = make_forum()
    make_project(forum, name="続く研究（架空）")
    make_project(forum, name="止めた研究（架空）", state="stopped")
    make_project(forum, name="止めた実証（架空）", state="stopped", kind="demonstration")
    found = client.get(LIST, {"kind": "joint_research", "state": "stopped"}).context["page_obj"]
    assert [each.name for each in found] == ["止めた研究（架空）"]


def test_list_is_narrowed_by_theme_and_by_none(client, people):
    vision = make_vision()
    theme = make_theme(vision)
    make_project(vision.forum, name="つながる研究（架空）", themes=[theme])
    make_project(vision.forum, name="離れた研究（架空）")
    found = client.get(LIST, {"theme": str(theme.public_id)}).context["page_obj"]
    assert [each.name for each in found] == ["つながる研究（架空）"]
    found = client.get(LIST, {"theme": "none"}).context["page_obj"]
    assert [each.name for each in found] == ["離れた研究（架空）"]


def test_project_on_a_hidden_theme_is_shown_and_found_as_one_without(client, people):
    hidden = make_theme(make_vision(visibility="members"))
    make_project(hidden.vision.forum, name="隠れた題の研究（架空）", themes=[hidden])
    found = client.get(LIST, {"theme": "none"}).context["page_obj"]
    assert [each.name for each in found] == ["隠れた題の研究（架空）"]
    assert str(hidden.public_id) not in client.get(LIST).text
    assert client.get(LIST, {"theme": str(hidden.public_id)}).context["page_obj"].paginator.count == 0

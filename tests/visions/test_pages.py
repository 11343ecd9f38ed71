"""The pages of visions."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from actors.models import Signature
from tests.factories.ecosystems import join, make_forum
from tests.factories.kpis import make_indicator
from tests.factories.projects import make_project
from tests.factories.visions import add_step, make_theme, make_version, make_vision
from visions.models import Vision, VisionStance, VisionVersion

LIST = "/visions/"


def page(vision: Vision) -> str:
    return reverse("visions:vision_detail", args=[vision.public_id])


def agree(
    version: VisionVersion, organization, stance: str = Signature.Stance.AGREED, **fields
) -> VisionStance:
    return VisionStance.objects.create(version=version, organization=organization, stance=stance, **fields)


@pytest.mark.parametrize("rows", [1, 25])
def test_list_costs_the_same_for_one_row_and_for_many(client, people, rows, django_assert_num_queries):
    for _number in range(rows):
        make_vision()
    client.force_login(people.member)
    with django_assert_num_queries(6):
        response = client.get(LIST)
    assert len(response.context["page_obj"]) == rows


@pytest.mark.parametrize("rows", [1, 25])
def test_page_costs_the_same_for_one_of_each_and_for_many(client, people, rows, django_assert_num_queries):
    vision = make_vision(people.forum)
    for number in range(rows):
        theme = make_theme(vision)
        theme.indicators.add(make_indicator(vision.scorecard, fields={"visibility": "public"}))
        add_step(theme, 2032, f"節目{number}")
        make_project(people.forum, themes=[theme])
        version = make_version(vision, f"2.{number}", is_current=False)
        agree(version, people.city)
    client.force_login(people.member)
    with django_assert_num_queries(10):
        response = client.get(page(vision))
    assert len(response.context["themes"]) == rows


def test_vision_for_members_does_not_exist_for_strangers(client, people):
    vision = make_vision(people.forum, visibility="members")
    assert client.get(page(vision)).status_code == 404
    client.force_login(people.stranger)
    assert client.get(page(vision)).status_code == 404
    client.force_login(people.member)
    assert client.get(page(vision)).status_code == 200


def test_events_stand_under_their_years_from_the_target_year_back(client, people):
    client.force_login(people.member)
    vision = make_vision()
    first, second = make_theme(vision, position=1), make_theme(vision, position=2)
    add_step(first, 2029, "分別基準の統一")
    add_step(first, 2032, "加工拠点2か所")
    add_step(second, 2026, "2市町での運行", done_note="令和8年4月 済")
    backcast = client.get(page(vision)).context["backcast"]
    assert backcast.years == [2032, 2029, 2026]
    assert [[[step.text for step in cell] for cell in cells] for _theme, cells in backcast.rows] == [
        [["加工拠点2か所"], ["分別基準の統一"], []],
        [[], [], ["2市町での運行"]],
    ]


def test_newest_words_in_force_head_the_page_and_older_versions_stay(client, people):
    client.force_login(people.member)
    vision = make_vision()
    vision.versions.update(is_current=False, agreed_on=date(2024, 2, 15))
    make_version(
        vision, "1.1", text="新しい言葉。", agreed_on=date(2025, 8, 28), change_note="目標値の見直し"
    )
    response = client.get(page(vision))
    assert response.context["version"].number == "1.1"
    assert [each.number for each in response.context["versions"]] == ["1.1", "1.0"]


def test_members_see_the_answer_of_each_organisation_to_each_version(client, people):
    vision = make_vision(people.forum)
    vision.versions.update(agreed_on=date(2024, 2, 15))
    old, new = (
        vision.versions.get(),
        make_version(vision, "1.1", is_current=False, agreed_on=date(2025, 8, 28)),
    )
    agree(old, people.company)
    agree(new, people.company, Signature.Stance.PENDING, condition="社内で協議中")
    client.force_login(people.member)
    response = client.get(page(vision))
    [(organization, row)] = response.context["answers"]
    assert organization == people.company
    assert [each.number for each in response.context["versions"]] == ["1.1", "1.0"]
    assert [each.stance for each in row] == ["pending", "agreed"]
    assert "社内で協議中" in response.text


def test_answers_of_organisations_are_not_shown_outside_the_forum(client, people):
    vision = make_vision(people.forum)
    agree(vision.versions.get(), people.company, Signature.Stance.PENDING, condition="社内で撤退を検討中")
    assert "社内で撤退を検討中" not in client.get(page(vision)).text
    client.force_login(people.stranger)
    assert "社内で撤退を検討中" not in client.get(page(vision)).text


def test_kpi_for_members_is_left_out_for_visitors(client, people):
    vision = make_vision(people.forum)
    theme = make_theme(vision)
    for name, visibility in (("開いた数字", "public"), ("内輪の数字", "members")):
        theme.indicators.add(
            make_indicator(vision.scorecard, fields={"name": name, "visibility": visibility})
        )
    text = client.get(page(vision)).text
    assert "開いた数字" in text
    assert "内輪の数字" not in text


def test_project_stands_under_each_of_its_themes(client, people):
    client.force_login(people.member)
    vision = make_vision()
    themes = [make_theme(vision), make_theme(vision), make_theme(vision)]
    make_project(vision.forum, themes=themes[:2], name="共用保管庫（架空）")
    make_project(vision.forum, themes=themes[:1], name="内輪の研究（架空）", visibility="members")
    shown = client.get(page(vision)).context["themes"]
    assert [[project["name"] for project in projects] for _theme, projects in shown] == [
        ["共用保管庫（架空）"],
        ["共用保管庫（架空）"],
        [],
    ]


def test_visitor_reads_plain_words_and_staff_the_terms(client, people):
    vision = make_vision()
    assert "めざす数字" in client.get(page(vision)).text
    client.force_login(people.member)
    assert "めざす数字" not in client.get(page(vision)).text
    assert reverse("visions:vision_plain", args=[vision.public_id]) in client.get(page(vision)).text


def test_scorecard_that_may_not_be_opened_is_not_linked(client, people):
    forum = make_forum()
    join(forum, people.city)
    vision = make_vision(forum)
    vision.scorecard.visibility = "members"
    vision.scorecard.save()
    assert client.get(page(vision)).context["plain"].figures_url == ""
    client.force_login(people.stranger)
    assert client.get(page(vision)).context["scorecard_url"] == ""
    client.force_login(people.reporter)
    assert client.get(page(vision)).context["scorecard_url"]

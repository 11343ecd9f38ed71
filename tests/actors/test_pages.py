"""The pages of organisations."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from actors.models import Assignment, Organization, Person
from tests.factories.actors import make_community, make_member, make_organization, make_post
from tests.factories.ecosystems import join, make_forum
from tests.factories.projects import make_project

LIST = "/organizations/"


def page(organization: Organization) -> str:
    return reverse("actors:organization_detail", args=[organization.public_id])


@pytest.mark.parametrize("rows", [1, 25])
def test_list_costs_the_same_for_one_row_and_for_many(client, people, rows, django_assert_num_queries):
    for number in range(rows):
        make_organization(f"試験{number}市（架空）", name_kana=f"しけん{number}")
    client.force_login(people.member)
    with django_assert_num_queries(5):
        response = client.get(LIST, {"q": "試験"})
    assert len(response.context["page_obj"]) == rows


@pytest.mark.parametrize("rows", [1, 25])
def test_page_costs_the_same_for_one_tie_and_for_many(client, people, rows, django_assert_num_queries):
    for _number in range(rows):
        forum = make_forum()
        join(forum, people.company)
        make_post(people.company)
        make_project(forum, lead=people.company, partners=[people.city])
        make_member(make_community(), people.company)
    client.force_login(people.member)
    with django_assert_num_queries(11):
        response = client.get(page(people.company))
    assert len(response.context["projects"]) == rows
    assert len(response.context["communities"]) == rows


def test_katakana_finds_a_reading_in_hiragana(client, people):
    make_organization("汐凪市（架空）", name_kana="しおなぎし")
    found = client.get(LIST, {"q": "シオナギ"}).context["page_obj"]
    assert [each.name for each in found] == ["汐凪市（架空）"]


def test_list_is_narrowed_by_kind_and_prefecture(client, people):
    make_organization("北の大学（架空）", kind="university", prefecture_code="01")
    make_organization("南の大学（架空）", kind="university", prefecture_code="47")
    found = client.get(LIST, {"kind": "university", "prefecture": "47"}).context["page_obj"]
    assert [each.name for each in found] == ["南の大学（架空）"]


def test_search_without_a_hit_offers_to_drop_the_conditions(client, people):
    response = client.get(LIST, {"q": "どこにもない名前"})
    assert "条件に合う機関はありません" in response.text
    assert f'href="{LIST}"' in response.text


def test_visitor_sees_the_profile_but_no_post(client, people):
    make_post(people.city, name="秘書担当", email="hisho@example.jp")
    response = client.get(page(people.city))
    assert people.city.name in response.text
    assert "hisho@example.jp" not in response.text


def test_strangers_see_the_posts_but_not_who_holds_them(client, people):
    client.force_login(people.stranger)
    text = client.get(page(people.city)).text
    assert "環境課 担当" in text
    assert "報告 花子" not in text


def test_own_people_see_who_holds_a_post_but_no_announced_change(client, people):
    post = make_post(people.city, name="企画担当")
    successor = Person.objects.create(name="後任 七郎（架空）")
    Assignment.objects.create(post=post, person=successor, from_on=timezone.localdate() + timedelta(days=10))
    client.force_login(people.reporter)
    text = client.get(page(people.city)).text
    assert "報告 花子" in text
    assert "後任 七郎" not in text


def test_membership_of_a_closed_forum_is_not_shown_to_strangers(client, people):
    assert people.forum.name not in client.get(page(people.city)).text
    client.force_login(people.member)
    assert people.forum.name in client.get(page(people.city)).text


def test_ended_membership_is_kept_with_its_last_day(client, people):
    forum = make_forum(name="開いた場（架空）")
    membership = join(forum, people.company)
    membership.left_on = date(2026, 3, 31)
    membership.save()
    assert "令和8年3月31日" in client.get(page(people.company)).text

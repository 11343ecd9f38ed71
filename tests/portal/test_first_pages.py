"""The door for visitors, the home page, and the change of the organisation acted for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from actors.middleware import ACTING_FOR
from actors.models import Assignment, Person, Post
from ecosystems.models import Forum
from foundation.models import Job, Message, Notice
from kpis.periods import Period
from kpis.services.ledger import Signer
from tests.factories.actors import make_organization, make_post
from tests.factories.ecosystems import decide, join, make_forum, write_case
from tests.factories.kpis import event, make_indicator, make_scorecard, report
from tests.factories.visions import make_vision

HOME = "/home/"


def post_of(user) -> Post:
    return Post.objects.get(assignments__person__user=user)


# --- the door --------------------------------------------------------------------------------------------------------


def test_visitor_finds_open_visions_forums_and_cases(client, people):
    make_vision(make_forum(name="開いた場（架空）"), name="開いたビジョン（架空）")
    make_vision(people.forum, name="内輪のビジョン（架空）", visibility="members")
    write_case("開いた事例")
    text = client.get("/").text
    for shown in (
        "開いた場（架空）",
        "開いたビジョン（架空）",
        "開いた事例",
        "捨てていたものを売れるものに変えます。",
    ):
        assert shown in text
    for hidden in ("内輪のビジョン", people.forum.name):
        assert hidden not in text


def test_forums_from_public_record_stand_apart(client, people):
    record = make_forum(name="公表資料の地域", is_public_record=True)
    make_vision(record, name="公表資料の計画")
    context = client.get("/").context
    assert context["records"] == [record]
    assert record not in context["forums"]
    assert context["visions"] == []


@pytest.mark.parametrize("rows", [1, 12])
def test_door_costs_the_same_for_few_and_for_many(client, db, rows, django_assert_num_queries):
    for _number in range(rows):
        make_vision()
        write_case()
    with django_assert_num_queries(4):
        client.get("/")


def test_signed_in_people_are_led_on_to_their_home(client, people):
    client.force_login(people.member)
    assert client.get("/").url == HOME


# --- home ------------------------------------------------------------------------------------------------------------


def test_visitor_is_led_to_the_sign_in(client, db):
    assert client.get(HOME).url.startswith(reverse("account_login"))


@pytest.mark.parametrize("rows", [1, 25])
def test_home_costs_the_same_for_one_of_each_and_for_many(client, people, rows, django_assert_num_queries):
    post = post_of(people.reviewer)
    for number in range(rows):
        decide(people.forum, f"D{number}", post=post)
        make_vision(people.forum)
        card = make_scorecard(people.forum)
        make_indicator(card, fields={"post": post})
        report(make_indicator(card), "FY2025-Q1", "5")
        Notice.objects.create(user_id=people.reviewer.pk, topic="t", title="知らせ", key=str(number))
        forum = make_forum()
        join(forum, people.university)
    client.force_login(people.reviewer)
    with django_assert_num_queries(14):
        response = client.get(HOME)
    assert len(response.context["waiting"]) == 3 * rows


@pytest.mark.parametrize("rows", [1, 25])
def test_home_of_an_administrator_costs_one_query_more(client, people, rows, django_assert_num_queries):
    now = timezone.now()
    for number in range(rows):
        Job.objects.create(
            kind=f"k{number}",
            state="failed",
            available_at=now,
            finished_at=now,
            error="Traceback\nValueError: 誤り",
        )
        Message.objects.create(
            topic=f"t{number}", payload={}, available_at=now, dead_at=now, last_error="届かない"
        )
    client.force_login(people.administrator)
    with django_assert_num_queries(7):
        response = client.get(HOME)
    assert len(response.context["troubles"]) == min(2 * rows, 10)


def test_failures_of_the_system_are_shown_to_administrators_alone(client, people):
    now = timezone.now()
    Job.objects.create(
        kind="export",
        state="failed",
        available_at=now,
        finished_at=now,
        error="Traceback\n  行\nValueError: 誤り",
    )
    client.force_login(people.secretary)
    assert client.get(HOME).context["troubles"] == []
    client.force_login(people.administrator)
    [trouble] = client.get(HOME).context["troubles"]
    assert trouble.error == "ValueError: 誤り"


def test_newest_failure_comes_first_whatever_its_kind(client, people):
    now = timezone.now()
    Job.objects.create(kind="old", state="failed", available_at=now, finished_at=now - timedelta(days=2))
    Message.objects.create(topic="middle", payload={}, available_at=now, dead_at=now - timedelta(days=1))
    Job.objects.create(kind="new", state="failed", available_at=now, finished_at=now)
    client.force_login(people.administrator)
    assert [each.name for each in client.get(HOME).context["troubles"]] == ["new", "middle", "old"]


def test_own_forums_are_listed_with_visions_and_scorecards(client, people):
    vision = make_vision(people.forum)
    make_forum(name="よその場（架空）")
    client.force_login(people.member)
    response = client.get(HOME)
    [(forum, visions)] = response.context["forums"]
    assert forum == people.forum
    assert [each["name"] for each in visions] == [vision.name]
    assert reverse("kpis:scorecard", args=[vision.scorecard.public_id]) in response.text


def test_nothing_waiting_says_what_comes_here(client, people):
    client.force_login(people.member)
    assert "いま、あなたを待っているものはありません" in client.get(HOME).text


# --- what waits ------------------------------------------------------------------------------------------------------


def kinds(client, user) -> list[str]:
    client.force_login(user)
    return [item.kind for item, _due in client.get(HOME).context["waiting"]]


def test_submitted_figure_waits_for_its_reviewers_alone(client, people):
    report(make_indicator(people.scorecard), "FY2025-Q1", "5")
    assert kinds(client, people.reviewer) == ["実績値の確認"]
    assert kinds(client, people.secretary) == []
    assert kinds(client, people.stranger) == []


@pytest.mark.parametrize("kind", ["approved", "returned", "withdrawn"])
def test_settled_figure_no_longer_waits_for_a_reviewer(client, people, kind):
    event(report(make_indicator(people.scorecard), "FY2025-Q1", "5"), kind)
    assert kinds(client, people.reviewer) == []


def returned(people, period: str = "FY2025-Q1"):
    indicator = make_indicator(people.scorecard)
    signer = Signer(name="報告者", organization_id=people.city.pk)
    row = report(indicator, period, "5", signer=signer)
    event(row, "returned", "確かめてください")
    return indicator, signer


def test_returned_figure_waits_for_the_organisation_that_reported_it(client, people):
    returned(people)
    assert kinds(client, people.reporter) == ["差戻しへの対応"]
    assert kinds(client, people.reviewer) == []


def test_returned_figure_that_was_entered_anew_waits_no_more(client, people):
    indicator, signer = returned(people)
    report(indicator, "FY2025-Q1", "6", signer=signer)
    assert kinds(client, people.reporter) == []


def test_ended_periods_without_a_figure_wait_for_the_keeper(client, people):
    last = Period.of(timezone.localdate(), 3).previous()
    indicator = make_indicator(
        people.scorecard, fields={"post": post_of(people.reporter)}, first_period=last.shift(-2)
    )
    report(indicator, last.shift(-1).code, "5")
    client.force_login(people.reporter)
    [(item, due)] = client.get(HOME).context["waiting"]
    assert item.kind == "実績値の入力"
    assert item.note == f"{last.shift(-2).label} ほか1期"
    assert due is None


def test_withdrawn_figure_leaves_its_period_to_be_entered(client, people):
    last = Period.of(timezone.localdate(), 3).previous()
    indicator = make_indicator(people.scorecard, fields={"post": post_of(people.reporter)}, first_period=last)
    row = report(indicator, last.code, "5")
    assert kinds(client, people.reporter) == []
    event(row, "withdrawn")
    assert kinds(client, people.reporter) == ["実績値の入力"]


def test_decision_waits_for_the_post_that_carries_it_out_with_its_due_day(client, people):
    today = timezone.localdate()
    decide(people.forum, "D1", post=post_of(people.secretary), due_on=today - timedelta(days=234))
    decide(people.forum, "D2", deputy_post=post_of(people.secretary), due_on=today)
    decide(people.forum, "D3", post=post_of(people.secretary), due_on=today, state="done")
    client.force_login(people.secretary)
    response = client.get(HOME)
    assert [(item.note, due.words) for item, due in response.context["waiting"]] == [
        ("D1", "期限超過（234日）"),
        ("D2", "今日まで"),
    ]
    assert kinds(client, people.member) == []


# --- acting for ------------------------------------------------------------------------------------------------------


def second_post(user):
    organization = make_organization("兼務先社（架空）", kind="company")
    person = Person.objects.get(user=user)
    Assignment.objects.create(post=make_post(organization), person=person, from_on=timezone.localdate())
    return organization


def test_person_with_two_organisations_chooses_for_which_to_act(client, people):
    organization = second_post(people.member)
    client.force_login(people.member)
    assert people.company.name in client.get(HOME).text
    response = client.post(reverse("portal:switch"), {"organization": organization.public_id}, follow=True)
    assert response.redirect_chain == [(HOME, 302)]
    assert response.context["request"].actor.organization_id == organization.pk
    assert "所属を「兼務先社（架空）」に切り替えました。" in response.text


def test_organisation_of_others_is_no_choice(client, people):
    client.force_login(people.member)
    response = client.post(reverse("portal:switch"), {"organization": people.city.public_id})
    assert response.status_code == 422
    assert "この機関の担当ではありません" in response.text
    assert ACTING_FOR not in client.session


def test_forums_follow_the_organisation_acted_for(client, people):
    organization = second_post(people.member)
    forum = make_forum(name="兼務先の場（架空）", visibility="members")
    join(forum, organization)
    client.force_login(people.member)
    client.post(reverse("portal:switch"), {"organization": organization.public_id})
    assert [each for each, _visions in client.get(HOME).context["forums"]] == [Forum.objects.get(pk=forum.pk)]


def test_organisation_acted_for_now_is_marked(client, people):
    second_post(people.member)
    client.force_login(people.member)
    form = client.get(reverse("portal:switch")).context["form"]
    assert form["organization"].value() == people.company.public_id


def test_database_keys_do_not_stand_on_the_page(client, people):
    organization = second_post(people.member)
    client.force_login(people.member)
    text = client.get(reverse("portal:switch")).text
    assert f'value="{organization.public_id}"' in text
    assert f'value="{organization.pk}"' not in text

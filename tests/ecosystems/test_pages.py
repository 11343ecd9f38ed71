"""The pages of forums, of what they decide, and of public record."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from actors.models import Signature
from ecosystems.models import AgendaItem, Decision, Membership, RoadmapItem, Source
from tests.factories.actors import make_community, make_member, make_organization, make_post
from tests.factories.ecosystems import answer, decide, give_duty, hold_meeting, join, make_forum, write_case
from tests.factories.kpis import make_scorecard
from tests.factories.visions import make_version, make_vision

Stance = Signature.Stance
FORUMS = "/forums/"


def address(name: str, obj) -> str:
    return reverse(f"ecosystems:{name}", args=[obj.public_id])


# --- forums ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 25])
def test_forum_list_costs_the_same_for_one_row_and_for_many(client, people, rows, django_assert_num_queries):
    for _number in range(rows):
        make_vision(make_forum())
    client.force_login(people.member)
    with django_assert_num_queries(6):
        response = client.get(FORUMS)
    assert len(response.context["page_obj"]) == rows + 1


@pytest.mark.parametrize("rows", [1, 25])
def test_forum_page_costs_the_same_for_one_of_each_and_for_many(
    client, people, rows, django_assert_num_queries
):
    for number in range(rows):
        organization = make_organization()
        join(people.forum, organization)
        give_duty(people.forum, make_post(organization), "member")
        make_vision(people.forum)
        make_scorecard(people.forum)
        decide(people.forum, f"D{number}")
        make_member(make_community(is_public=True), organization)
    client.force_login(people.member)
    with django_assert_num_queries(12):
        response = client.get(address("forum_detail", people.forum))
    assert len(response.context["decisions"]) == rows
    assert len(response.context["communities"]) == rows


def test_forum_of_members_does_not_exist_for_strangers(client, people):
    url = address("forum_detail", people.forum)
    assert client.get(url).status_code == 404
    client.force_login(people.stranger)
    assert client.get(url).status_code == 404
    assert people.forum.name not in client.get(FORUMS).text


def test_members_stand_by_sector_inside_and_outside_the_area(client, people):
    outside = make_organization("遠方社（架空）")
    join(people.forum, outside)
    Membership.objects.filter(organization=outside).update(sector="industry", is_local=False)
    client.force_login(people.member)
    [industry] = [
        row
        for row in client.get(address("forum_detail", people.forum)).context["members"].sectors
        if row.label == "産"
    ]
    assert [each.organization for each in industry.outside] == [outside]
    assert industry.local == []


def test_who_left_stands_apart_from_the_members_of_today(client, people):
    Membership.objects.filter(organization=people.company).update(left_on=date(2026, 3, 31))
    client.force_login(people.secretary)
    members = client.get(address("forum_detail", people.forum)).context["members"]
    assert [each.organization for each in members.former] == [people.company]
    assert members.count == 2


def test_all_owners_are_named_side_by_side(client, people):
    forum = make_forum()
    for name in ("い町（架空）", "う町（架空）"):
        join(forum, make_organization(name), Membership.Role.OWNER)
    text = client.get(address("forum_detail", forum)).text
    assert "い町（架空）" in text
    assert "う町（架空）" in text
    assert "権限は対等です。" in text


def test_visitor_of_a_public_forum_sees_neither_meetings_nor_decisions_nor_posts(client, people):
    forum = make_forum()
    decide(forum, "D9", text="内輪の決定")
    text = client.get(address("forum_detail", forum)).text
    assert "内輪の決定" not in text
    assert "次の会議" not in text
    assert "場での担当" not in text


def test_vision_for_members_stays_off_the_page_of_a_visitor(client, people):
    forum = make_forum()
    make_vision(forum, name="内輪のビジョン（架空）", visibility="members")
    assert "内輪のビジョン" not in client.get(address("forum_detail", forum)).text


def test_scorecard_of_the_forum_itself_is_linked_but_not_that_of_a_vision_twice(client, people):
    forum = make_forum()
    make_vision(forum, name="開いたビジョン（架空）")
    make_scorecard(forum, name="場のKPI", visibility="public")
    assert [card["name"] for card in client.get(address("forum_detail", forum)).context["scorecards"]] == [
        "場のKPI"
    ]


def test_overdue_decision_is_marked_with_its_days(client, people):
    decide(people.forum, "D5-4", due_on=timezone.localdate() - timedelta(days=3))
    client.force_login(people.member)
    text = client.get(address("forum_detail", people.forum)).text
    assert "期限超過（3日）" in text


# --- decisions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 25])
def test_decision_list_costs_the_same_for_one_row_and_for_many(
    client, people, rows, django_assert_num_queries
):
    vision = make_vision(people.forum)
    for number in range(rows):
        decision = decide(people.forum, f"D{number}")
        answer(decision, people.city, Stance.AGREED)
        answer(decision, people.company, Stance.PENDING)
        make_version(vision, f"2.{number}", decision=decision, is_current=False)
    client.force_login(people.member)
    with django_assert_num_queries(9):
        response = client.get(address("decision_list", people.forum))
    assert len(response.context["decisions"]) == rows


def test_visitor_is_led_to_the_sign_in_before_decisions(client, people):
    response = client.get(address("decision_list", people.forum))
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_stranger_who_sees_a_public_forum_is_refused_its_decisions(client, people):
    client.force_login(people.stranger)
    forum = make_forum()
    assert client.get(address("decision_list", forum)).status_code == 403
    assert client.get(address("agenda", forum)).status_code == 403
    assert client.get(address("decision_list", people.forum)).status_code == 404


def test_answers_of_all_sides_stand_in_one_row(client, people):
    decision = decide(people.forum)
    answer(decision, people.city, Stance.AGREED)
    answer(decision, people.company, Stance.CONDITIONAL, condition="予算の成立を条件とする")
    client.force_login(people.member)
    response = client.get(address("decision_list", people.forum))
    [(shown, row)] = response.context["answers"]
    assert shown == decision
    assert {each.organization: each.stance for each in row} == {
        people.city: Stance.AGREED,
        people.company: Stance.CONDITIONAL,
    }
    assert "予算の成立を条件とする" in response.text


def test_decision_that_went_into_no_policy_is_marked_and_found(client, people):
    decide(people.forum, "D1", policy_reflection="総合戦略（架空）改訂")
    decide(people.forum, "D2", policy_reflection="未反映")
    decide(people.forum, "D3", policy_reflection="")
    decide(people.forum, "D4", state=Decision.State.WITHDRAWN)
    client.force_login(people.member)
    url = address("decision_list", people.forum)
    assert {each.code for each in client.get(url).context["decisions"] if each.is_unreflected} == {"D2", "D3"}
    assert {each.code for each in client.get(url, {"reflection": "no"}).context["decisions"]} == {"D2", "D3"}


def test_open_decision_counts_as_overdue_from_the_day_after(client, people):
    today = timezone.localdate()
    decide(people.forum, "D1", due_on=today)
    decide(people.forum, "D2", due_on=today - timedelta(days=1))
    client.force_login(people.member)
    url = address("decision_list", people.forum)
    assert [each.code for each in client.get(url, {"state": "overdue"}).context["decisions"]] == ["D2"]
    assert [each.code for each in client.get(url, {"state": "open"}).context["decisions"]] == ["D1"]


def test_decision_names_the_version_it_brought_about(client, people):
    decision = decide(people.forum)
    make_version(
        make_vision(people.forum, name="海のビジョン（架空）"), "1.1", decision=decision, is_current=False
    )
    client.force_login(people.member)
    assert "海のビジョン（架空） 第1.1版" in client.get(address("decision_list", people.forum)).text


# --- agenda ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 25])
def test_agenda_costs_the_same_for_one_item_and_for_many(client, people, rows, django_assert_num_queries):
    meeting = hold_meeting(people.forum)
    for number in range(rows):
        AgendaItem.objects.create(forum=people.forum, meeting=meeting, title=f"議題{number}")
        AgendaItem.objects.create(forum=people.forum, title=f"候補{number}")
    client.force_login(people.member)
    with django_assert_num_queries(8):
        response = client.get(address("agenda", people.forum))
    assert len(response.context["waiting"]) == rows


def test_agenda_item_says_where_it_came_from(client, people):
    AgendaItem.objects.create(
        forum=people.forum,
        meeting=hold_meeting(people.forum),
        title="分別基準",
        source_label="D5-4 の期限超過",
    )
    client.force_login(people.member)
    assert "D5-4 の期限超過" in client.get(address("agenda", people.forum)).text


# --- cases and roadmaps ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 25])
def test_case_list_costs_the_same_for_one_row_and_for_many(client, people, rows, django_assert_num_queries):
    source = Source.objects.create(code="S1", title="試験の報告書")
    for number in range(rows):
        write_case(f"事例{number}", source=source)
    client.force_login(people.member)
    with django_assert_num_queries(6):
        response = client.get("/cases/")
    assert len(response.context["page_obj"]) == rows


def test_case_page_prints_its_source_and_leaves_out_empty_chapters(client, people, django_assert_num_queries):
    source = Source.objects.create(code="S1", title="試験の報告書", publisher="試験省", year="2008")
    case = write_case(source=source, factors="売り先がなかった")
    client.force_login(people.member)
    with django_assert_num_queries(5):
        response = client.get(address("case_detail", case))
    assert [label for label, _text in response.context["chapters"]] == ["特徴", "要因"]
    assert "試験省「試験の報告書」（2008）" in response.text


def test_case_of_a_closed_forum_does_not_exist_for_strangers(client, people):
    case = write_case(forum=people.forum, visibility="members")
    client.force_login(people.stranger)
    assert client.get(address("case_detail", case)).status_code == 404


@pytest.mark.parametrize("rows", [1, 25])
def test_roadmap_costs_the_same_for_one_line_and_for_many(client, people, rows, django_assert_num_queries):
    forum = make_forum()
    for number in range(rows):
        RoadmapItem.objects.create(forum=forum, position=number, issue=f"課題{number}")
    client.force_login(people.member)
    with django_assert_num_queries(5):
        response = client.get(address("roadmap", forum))
    assert sum(len(section.items) for section in response.context["sections"]) == rows


def test_roadmap_keeps_its_own_columns_and_prints_on_a4_landscape(client, people):
    forum = make_forum()
    RoadmapItem.objects.create(
        forum=forum, position=1, section="多様性強化戦略 別表１", issue="人材", ministries="試験省"
    )
    text = client.get(address("roadmap", forum)).text
    for heading in ("課題", "課題解決の方向", "改革の概要", "実施時期", "所管府省及び連携府省"):
        assert f'<th scope="col">{heading}</th>' in text
    assert "p-landscape" in text
    assert "多様性強化戦略" in text


def test_forum_without_a_roadmap_has_no_such_page(client, people):
    assert client.get(address("roadmap", make_forum())).status_code == 404

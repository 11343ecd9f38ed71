"""Communities: who is seen, what ties them and for whom, what stands out, and who edits it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from actors.models import Community, CommunityMember
from actors.services import communities
from actors.ties import Network, network_of
from foundation.access import ANONYMOUS
from foundation.errors import DomainError, LostEdit
from foundation.models import AuditEntry
from kpis.rules import Value
from tests.factories.actors import (
    make_community,
    make_holder,
    make_member,
    make_organization,
    make_person,
    make_post,
)
from tests.factories.ecosystems import join, make_forum
from tests.factories.projects import make_project

LIST = "/communities/"
TODAY = date(2026, 11, 20)


def page(community: Community, name: str = "community_detail") -> str:
    return reverse(f"actors:{name}", args=[community.public_id])


def of_member(member: CommunityMember, name: str = "community_member") -> str:
    return reverse(f"actors:{name}", args=[member.community.public_id, member.public_id])


@pytest.fixture
def sea(people):
    """A public community of the city, the university and the company, kept by the city."""
    post = make_post(people.city, name="共創担当")
    community = make_community("海のコミュニティ（架空）", is_public=True, post=post, area_name="あの海")
    for organization in (people.city, people.university, people.company):
        make_member(community, organization)
    return community


def network(community: Community, actor: Any = ANONYMOUS, *, with_places: bool = False) -> Network:
    return network_of(community, actor, timezone.localdate(), with_places=with_places)


def pairs(found: Network) -> set[frozenset[str]]:
    return {frozenset((tie.one.full_name, tie.other.full_name)) for tie in found.ties}


# --- ties ------------------------------------------------------------------------------------------------------------


def make_shared(forum: Any, **fields: Any) -> Any:
    """A project whose sides agreed to publish who takes part."""
    return make_project(forum, discloses_partner=True, **fields)


def test_partners_that_are_not_published_are_tied_for_those_inside_alone(people, sea):
    make_project(people.forum, lead=people.university, partners=[people.company])
    assert network(sea).ties == []
    assert len(network(sea, actor=people.actor("member")).ties) == 1


def test_organisations_of_one_project_are_tied_each_to_each(people, sea):
    make_shared(make_forum(), lead=people.university, partners=[people.company, people.city])
    assert len(network(sea).ties) == 3


def test_several_projects_of_a_pair_are_one_tie_with_several_reasons(people, sea):
    forum = make_forum()
    for day in (date(2025, 4, 1), date(2024, 4, 1)):
        make_shared(forum, lead=people.university, partners=[people.company], starts_on=day)
    (tie,) = network(sea).ties
    assert len(tie.reasons) == 2
    assert tie.since == date(2024, 4, 1)


def test_a_stopped_project_leaves_a_past_tie_whatever_its_plan_said(people, sea):
    later = timezone.localdate() + timedelta(days=400)
    make_shared(
        make_forum(), lead=people.university, partners=[people.company], state="stopped", ends_on=later
    )
    found = network(sea)
    assert [tie.is_past for tie in found.ties] == [True]
    assert {node.full_name for node in found.alone} == {
        people.city.name,
        people.university.name,
        people.company.name,
    }


def test_a_project_that_has_not_begun_ties_nobody_yet(people, sea):
    soon = timezone.localdate() + timedelta(days=30)
    make_shared(make_forum(), lead=people.university, partners=[people.company], starts_on=soon)
    assert network(sea).ties == []


def test_sitting_in_the_same_forum_counts_only_where_it_is_asked_for(people, sea):
    forum = make_forum(visibility="public")
    join(forum, people.city)
    join(forum, people.university)
    assert network(sea).ties == []
    assert pairs(network(sea, with_places=True)) == {frozenset((people.city.name, people.university.name))}


def test_members_of_a_forum_at_different_times_are_not_tied(people, sea):
    forum = make_forum(visibility="public")
    first = join(forum, people.city)
    first.left_on = date(2024, 3, 31)
    first.save()
    second = join(forum, people.university)
    second.joined_on = date(2024, 4, 1)
    second.save()
    assert network(sea, with_places=True).ties == []


def test_hidden_project_leaves_no_tie_no_count_and_no_byte(client, people, sea):
    """Two worlds: with and without a project and a forum that only its own people may see."""
    before = client.get(page(sea) + "?ties=all").content
    make_shared(people.forum, lead=people.university, partners=[people.company], visibility="participants")
    closed = make_forum(visibility="members")
    join(closed, people.city)
    join(closed, people.university)
    assert client.get(page(sea) + "?ties=all").content == before
    client.force_login(people.member)
    assert "つながりの一覧" in client.get(page(sea)).text


# --- what stands out -------------------------------------------------------------------------------------------------


def test_the_one_in_the_middle_is_told_and_who_stands_alone(client, people, sea):
    alone = make_organization("ひとり社（架空）")
    make_member(sea, alone)
    forum = make_forum()
    make_shared(forum, lead=people.university, partners=[people.company])
    make_shared(forum, lead=people.university, partners=[people.city])
    found = network(sea)
    assert [node.full_name for node in found.keystones] == [people.university.name]
    assert [node.full_name for node in found.alone] == [alone.name]
    text = client.get(page(sea)).text
    assert "この主体が抜けると、ほかのメンバーどうしのつながりが分かれます。" in text


def test_two_parts_without_a_tie_between_them_are_told(client, people, sea):
    others = [make_organization(), make_organization()]
    for each in others:
        make_member(sea, each)
    forum = make_forum()
    make_shared(forum, lead=people.university, partners=[people.company])
    make_shared(forum, lead=others[0], partners=[others[1]])
    assert network(sea).group_count == 2
    assert "2つのまとまりに分かれています" in client.get(page(sea)).text


def test_who_left_is_kept_apart_and_holds_nothing_together(client, people, sea):
    former = CommunityMember.objects.get(community=sea, organization=people.university)
    former.until_on = date(2024, 3, 31)
    former.save()
    make_shared(make_forum(), lead=people.university, partners=[people.company, people.city])
    found = network(sea)
    assert [node.full_name for node in found.former] == [people.university.name]
    assert found.keystones == []
    assert len(found.present) == 2
    assert "令和6年3月31日まで" in client.get(page(sea)).text


def test_counts_from_inside_and_outside(people, sea):
    CommunityMember.objects.filter(community=sea, organization=people.company).update(is_local=False)
    found = network(sea)
    assert (found.local_count, found.outside_count) == (2, 1)


# --- the page --------------------------------------------------------------------------------------------------------


def test_leaders_come_first_with_what_they_lead(client, people, sea):
    CommunityMember.objects.filter(community=sea, organization=people.company).update(
        is_leader=True, leads="販売を引っ張る"
    )
    response = client.get(page(sea))
    assert [node.full_name for node in response.context["network"].leaders] == [people.company.name]
    assert response.text.index("販売を引っ張る") < response.text.index("そのほかのメンバー")


def test_drawing_has_words_for_who_cannot_see_it_and_a_table_beneath(client, people, sea):
    make_shared(make_forum(), name="抽出の研究（架空）", lead=people.university, partners=[people.company])
    text = client.get(page(sea)).text
    assert 'role="img" aria-labelledby="network-title network-text"' in text
    assert "続いているつながりが1組あります" in text
    assert "抽出の研究（架空）" in text
    assert "共同研究（1組）" in text


def test_names_of_people_are_for_signed_in_people_alone(client, people, sea):
    expert = make_person("専門 一郎（架空）")
    make_member(sea, None, person=expert)
    make_member(sea, people.city, person=make_person("市の 二郎（架空）"))
    visitor = client.get(page(sea))
    assert "専門 一郎" not in visitor.text
    assert "市の 二郎" not in visitor.text
    assert len(visitor.context["network"].present) == 3
    assert "3" in client.get(LIST).text
    client.force_login(people.stranger)
    signed_in = client.get(page(sea))
    assert "専門 一郎" in signed_in.text
    assert "市の 二郎" in signed_in.text
    assert len(signed_in.context["network"].present) == 4


def test_community_of_members_does_not_exist_for_others(client, people):
    community = make_community("内輪（架空）")
    make_member(community, people.company)
    assert client.get(page(community)).status_code == 404
    client.force_login(people.stranger)
    assert client.get(page(community)).status_code == 404
    assert "内輪" not in client.get(LIST).text
    client.force_login(people.member)
    assert client.get(page(community)).status_code == 200
    assert "内輪" in client.get(LIST).text


@pytest.mark.parametrize("rows", [1, 20])
def test_page_costs_the_same_for_one_member_and_for_many(client, people, rows):
    community, forum = make_community(is_public=True), make_forum()
    join(forum, people.city)
    make_member(community, people.city)
    for _number in range(rows):
        organization = make_organization()
        make_member(community, organization, person=make_person())
        join(forum, organization)
        make_shared(forum, lead=people.city, partners=[organization])
    client.force_login(people.member)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(page(community) + "?ties=all")
    assert len(response.context["network"].lasting) >= rows
    assert len(captured) <= 9


@pytest.mark.parametrize("rows", [1, 20])
def test_list_costs_the_same_for_one_community_and_for_many(client, people, rows, django_assert_num_queries):
    for _number in range(rows):
        make_member(make_community(is_public=True), make_organization(), person=make_person())
    client.force_login(people.member)
    with django_assert_num_queries(7):
        response = client.get(LIST)
    assert len(response.context["page_obj"]) == rows


def test_list_is_narrowed_by_value_and_by_words(client, people):
    make_community("浜の集まり（架空）", is_public=True, value="social")
    make_community("山の集まり（架空）", is_public=True, value="economic", area_name="奥山")
    assert [each.name for each in client.get(LIST, {"value": "social"}).context["page_obj"]] == [
        "浜の集まり（架空）"
    ]
    assert [each.name for each in client.get(LIST, {"q": "奥山"}).context["page_obj"]] == [
        "山の集まり（架空）"
    ]
    assert "条件に合うコミュニティはありません" in client.get(LIST, {"q": "どこにもない"}).text


def test_organisation_page_names_its_communities(client, people, sea):
    text = client.get(reverse("actors:organization_detail", args=[people.city.public_id])).text
    assert sea.name in text


def test_values_are_those_of_the_kpis():
    assert [(str(code), str(label)) for code, label in Community.Value.choices] == Value.choices()


# --- editing ---------------------------------------------------------------------------------------------------------


def new_member(**more: Any) -> dict[str, Any]:
    return {"is_local": "yes", "since_on": "2026-04-01", "once": more.pop("once", ""), **more}


def test_keeper_finds_an_organisation_and_adds_it_once_for_a_double_click(client, people, sea):
    newcomer = make_organization("新しい社（架空）", name_kana="あたらしいしゃ")
    client.force_login(people.reporter)
    url = page(sea, "community_members") + "?q=アタラシイ"
    assert "新しい社（架空）" in client.get(url).text
    data = new_member(organization=str(newcomer.public_id), role_note="試作", once="once-1")
    for _click in range(2):
        assert client.post(url, data).status_code == 302
    member = CommunityMember.objects.get(community=sea, organization=newcomer)
    assert (member.role_note, member.since_on) == ("試作", date(2026, 4, 1))
    assert AuditEntry.objects.filter(action="actors.add_community_member").count() == 1


def test_adding_nobody_is_refused_in_words(client, people, sea):
    client.force_login(people.reporter)
    response = client.post(page(sea, "community_members") + "?q=市", new_member())
    assert response.status_code == 422
    assert "機関か人を選んでください。" in response.text


def test_the_same_organisation_twice_is_refused_in_words(client, people, sea):
    client.force_login(people.reporter)
    data = new_member(organization=str(people.company.public_id))
    response = client.post(page(sea, "community_members") + "?q=社", data)
    assert response.status_code == 422
    assert "この機関は、すでにメンバーです。" in response.text


def test_last_day_before_the_first_is_refused(people, sea):
    member = CommunityMember.objects.get(community=sea, organization=people.company)
    with pytest.raises(DomainError, match="参加日以後"):
        communities.change_member(
            actor=people.actor("reporter"), member=member, seen=0, until_on=date(2020, 1, 1)
        )


def test_second_editor_sees_both_versions_and_overwrites_nothing(client, people, sea):
    member = CommunityMember.objects.get(community=sea, organization=people.company)
    communities.change_member(
        actor=people.actor("secretary"), member=member, seen=0, role_note="先の人の役割"
    )
    client.force_login(people.reporter)
    data = {"is_local": "yes", "since_on": "2023-04-01", "role_note": "後の人の役割", "revision": "0"}
    response = client.post(of_member(member), data)
    assert response.status_code == 409
    assert "先の人の役割" in response.text
    assert "後の人の役割" in response.text
    member.refresh_from_db()
    assert member.role_note == "先の人の役割"


def test_an_entry_made_by_mistake_is_taken_back_and_stays_in_the_trail(client, people, sea):
    member = CommunityMember.objects.get(community=sea, organization=people.company)
    client.force_login(people.reporter)
    assert client.post(of_member(member, "community_member_strike")).status_code == 302
    assert not CommunityMember.objects.filter(pk=member.pk).exists()
    entry = AuditEntry.objects.get(action="actors.strike_community_member")
    assert entry.before["community"] == sea.name


def test_change_of_somebody_taken_back_meanwhile_is_told(people, sea):
    member = CommunityMember.objects.get(community=sea, organization=people.company)
    stale = CommunityMember.objects.get(pk=member.pk)
    communities.strike_member(actor=people.actor("reporter"), member=member)
    with pytest.raises(Http404):
        communities.change_member(actor=people.actor("reporter"), member=stale, seen=0, role_note="x")


def test_member_who_does_not_keep_the_community_may_look_and_not_edit(client, people, sea):
    client.force_login(people.member)
    assert client.get(page(sea)).status_code == 200
    for name in ("community_edit", "community_members"):
        assert client.get(page(sea, name)).status_code == 403
    with pytest.raises(PermissionDenied):
        communities.add_member(
            actor=people.actor("member"),
            community=sea,
            organization=make_organization(),
            since_on=TODAY,
        )


def test_a_holder_of_a_post_founds_a_community_that_the_post_keeps(client, people):
    post = make_post(people.company, name="広報")
    user = make_holder(post, "広報 八郎（架空）")
    client.force_login(user)
    data = {"name": "新しい集まり（架空）", "value": "human", "post": str(post.public_id), "is_public": "on"}
    response = client.post(reverse("actors:community_found"), data)
    community = Community.objects.get(name="新しい集まり（架空）")
    assert response["Location"] == page(community, "community_members")
    assert community.post == post


def test_post_of_somebody_else_is_no_choice(client, people):
    client.force_login(people.member)
    foreign = make_post(people.city, name="市の担当")
    data = {"name": "よその集まり（架空）", "value": "human", "post": str(foreign.public_id)}
    assert client.post(reverse("actors:community_found"), data).status_code == 422
    assert not Community.objects.filter(name="よその集まり（架空）").exists()


def test_description_is_changed_with_its_revision(client, people, sea):
    client.force_login(people.reporter)
    form = client.get(page(sea, "community_edit")).context["form"]
    data = {"name": "海と浜（架空）", "value": "economic", "post": str(form["post"].initial), "revision": "0"}
    assert client.post(page(sea, "community_edit"), data).status_code == 302
    sea.refresh_from_db()
    assert (sea.name, sea.revision, sea.is_public) == ("海と浜（架空）", 1, False)
    with pytest.raises(LostEdit):
        communities.change_community(
            actor=people.actor("reporter"), community=sea, seen=0, name="上書き（架空）"
        )


def test_pasted_text_is_kept_without_what_no_page_can_carry(client, people, sea):
    client.force_login(people.reporter)
    post = str(sea.post.public_id)
    text = "一行目\r\n二行目\u202e"
    data = {
        "name": "海の\tコミュニティ（架空）",
        "value": "social",
        "post": post,
        "summary": text,
        "revision": "0",
    }
    assert client.post(page(sea, "community_edit"), data).status_code == 302
    sea.refresh_from_db()
    assert (sea.name, sea.summary) == ("海の コミュニティ（架空）", "一行目\n二行目")


def test_formula_and_markup_in_a_name_stay_words(client, people, sea):
    make_member(sea, make_organization('=1+1<img src=x onerror="alert(1)">（架空）'))
    text = client.get(page(sea)).text
    assert "<img src=x" not in text
    assert "&lt;img" in text


# --- API -------------------------------------------------------------------------------------------------------------


def test_api_gives_members_without_the_names_of_people_to_visitors(client, people, sea):
    make_member(sea, None, person=make_person("専門 一郎（架空）"))
    url = f"/api/v1/communities/{sea.public_id}/"
    assert len(client.get(url).json()["members"]) == 3
    client.force_login(people.stranger)
    members = client.get(url).json()["members"]
    assert [each["person"]["name"] for each in members if each["person"]] == ["専門 一郎（架空）"]


def test_api_finds_the_communities_of_an_organisation_each_once(client, people, sea):
    make_member(sea, people.city, person=make_person())
    found = client.get(f"/api/v1/communities/?organization={people.city.public_id}").json()
    assert [each["name"] for each in found["results"]] == [sea.name]

"""Registering joint research: seven things first, then section by section; nothing twice, nothing overwritten."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from time_machine import travel

from actors.models import Organization
from ecosystems.models import Membership
from foundation.errors import DomainError, LostEdit, MultipleErrors
from foundation.models import AuditEntry
from kpis.models import Scorecard
from projects.models import Participation, Project, TeamRole
from projects.research.services.partners import Partner, set_partners
from projects.research.services.registering import (
    Duplicate,
    Registration,
    register_project,
    revise_project,
)
from projects.research.services.sections import OVERVIEW, mark_of, stored_overview
from projects.research.services.team import Checked, check_team
from tests.factories.actors import actor_of, make_holder, make_organization, make_post
from tests.factories.ecosystems import join
from tests.factories.projects import make_project
from tests.factories.visions import make_theme, make_vision

NEW = "/projects/new/"
NUMBER, ANOTHER = "9999999999999", "9888888888888"  # right by their check digit, and nobody's
WRONG = "8999999999999"


def given(**fields) -> Registration:
    return Registration(
        **{"name": "残さの研究（架空）", "kind": "joint_research", "starts_on": date(2026, 4, 1), **fields}
    )


def register(people, who: str = "reporter", confirmed: bool = False, **fields) -> Project:
    return register_project(
        actor=people.actor(who), forum=people.forum, given=given(**fields), confirmed=confirmed
    )


def typed(**fields) -> dict:
    """What the page of seven things sends."""
    return {"name": "残さの研究（架空）", "kind": "joint_research", "starts_on": "2026-04-01", **fields}


def section(project: Project, place: str) -> str:
    return reverse(f"projects:project_{place}", args=[project.public_id])


# --- the service ------------------------------------------------------------------------------------------------------


@travel("2026-11-20T03:00:00Z", tick=False)
def test_a_project_comes_with_its_own_scorecard_kept_by_the_post_of_whoever_registers(people):
    theme = make_theme(make_vision(people.forum))
    project = register(
        people,
        contract_number="架・共研R8-020",
        partner_name="あ社（架空）",
        department="環境課",
        ends_on=date(2029, 3, 31),
        themes=[theme],
    )
    assert (project.lead, project.state, project.code) == (people.city, "running", "P1")
    assert (project.contract_kind, project.planned_ends_on) == ("joint_research", date(2029, 3, 31))
    assert project.post.assignments.filter(person__user=people.reporter).exists()
    assert project.scorecard.name == project.name
    assert project.scorecard.post == project.post
    assert set(project.scorecard.participants.all()) == {people.city, people.company}
    assert list(project.themes.all()) == [theme]
    assert AuditEntry.objects.filter(action="projects.register_project_forum").count() == 1


def test_projects_of_a_forum_are_numbered_on(people):
    make_project(people.forum, code="P7")
    make_project(people.forum, code="特別1")
    assert register(people).code == "P8"


@travel("2026-03-31T14:59:59Z", tick=False)
def test_a_project_that_begins_tomorrow_is_being_prepared(people):
    assert register(people).state == Project.State.PREPARING


def test_partner_is_found_by_number_by_name_or_stays_as_given(people):
    Organization.objects.filter(pk=people.company.pk).update(corporate_number=NUMBER)
    by_number = register(people, name="い", corporate_number="9-9999-9999-9999").participations.get()
    assert (by_number.organization, by_number.given_name) == (people.company, "")
    by_name = register(people, name="ろ", partner_name="あ社（架空）").participations.get()
    assert by_name.organization == people.company
    unknown = register(people, name="は", partner_name="よその社（架空）").participations.get()
    assert (unknown.organization, unknown.name, unknown.corporate_number) == (None, "よその社（架空）", "")


def test_two_organisations_of_one_name_are_not_guessed_at(people):
    for _number in range(2):
        make_organization("同名社（架空）")
    assert register(people, partner_name="同名社（架空）").participations.get().organization is None


def test_a_name_with_another_number_is_somebody_else(people):
    Organization.objects.filter(pk=people.company.pk).update(corporate_number=NUMBER)
    other = register(people, partner_name="あ社（架空）", corporate_number=ANOTHER)
    assert other.participations.get().organization is None


def test_everything_wrong_is_told_at_once_beside_its_field(people):
    foreign = make_theme(make_vision())
    with pytest.raises(MultipleErrors) as caught:
        register(people, corporate_number=WRONG, ends_on=date(2020, 1, 1), themes=[foreign])
    assert [error.field for error in caught.value.errors] == ["corporate_number", "ends_on", "themes"]
    assert "検査用数字" in caught.value.errors[0].message
    assert Project.objects.count() == Scorecard.objects.exclude(pk=people.scorecard.pk).count() - 1 == 0


def test_only_members_of_the_forum_register(people):
    with pytest.raises(Http404):
        register(people, "stranger")
    observer = make_post(make_organization("か県（架空）"))
    join(people.forum, observer.organization, Membership.Role.OBSERVER)
    with pytest.raises(PermissionDenied):
        register_project(actor=actor_of(make_holder(observer)), forum=people.forum, given=given())
    Membership.objects.filter(organization=people.city).update(left_on=date(2024, 3, 31))
    with pytest.raises(Http404):
        register(people, "reporter")


def test_one_like_it_is_told_and_registered_when_confirmed(people):
    first = register(people, contract_number="架・共研R8-020")
    with pytest.raises(Duplicate) as same_number:
        register(people, name="別の名（架空）", contract_number=" 架・共研R8-020 ")
    assert same_number.value.projects == [first]
    with pytest.raises(Duplicate):
        register(people)
    assert register(people, confirmed=True).pk != first.pk
    # Another organisation's own numbering is no duplicate.
    assert register(people, "member", name="会社の研究（架空）", contract_number="架・共研R8-020")


def test_a_project_that_one_may_not_see_is_not_told_as_a_duplicate(people):
    hidden = register(people, "member")
    Project.objects.filter(pk=hidden.pk).update(visibility="participants")
    assert register(people)


# --- partners ---------------------------------------------------------------------------------------------------------


def test_scorecard_follows_the_partners(people):
    project = register(people, partner_name="あ社（架空）")
    supporter = make_organization("う金庫（架空）")
    partners = [
        Partner("よその社（架空）"),
        Partner("あ大学（架空）", department="工学部"),
        Partner(supporter.name, role=Participation.Role.SUPPORTER),
    ]
    set_partners(actor=people.actor("reporter"), project=project, partners=partners)
    assert [row.name for row in project.participations.all()] == [each.name for each in partners]
    assert set(project.scorecard.participants.all()) == {people.city, people.university}


def test_rows_keep_their_identity_when_they_are_changed(people):
    project = register(people, partner_name="あ社（架空）")
    row = project.participations.get()
    set_partners(
        actor=people.actor("reporter"),
        project=project,
        partners=[Partner("あ社（架空）", department="開発課", id=row.public_id)],
    )
    row.refresh_from_db()
    assert row.department == "開発課"


def test_lines_that_change_places_keep_their_rows(people):
    project = register(people)
    actor = people.actor("reporter")
    names = ["あ社（架空）", "あ大学（架空）", "よその社（架空）"]
    set_partners(actor=actor, project=project, partners=[Partner(name) for name in names])
    ids = dict(project.participations.values_list("position", "public_id"))
    turned = [Partner(name, id=ids[place]) for place, name in enumerate(reversed(names), 1)]
    before = {row.name: row.pk for row in project.participations.all()}
    set_partners(actor=actor, project=project, partners=turned)
    assert [row.name for row in project.participations.all()] == names[::-1]
    assert {row.name: row.pk for row in project.participations.all()} == before


def test_a_linked_line_stays_linked_though_another_bears_its_name(people):
    project = register(people, partner_name="あ社（架空）")
    row = project.participations.get()
    make_organization("あ社（架空）")
    unchanged = Partner("あ社（架空）", department="開発課", id=row.public_id)
    set_partners(actor=people.actor("reporter"), project=project, partners=[unchanged])
    assert project.participations.get().organization == people.company


def test_the_same_organisation_and_the_lead_are_refused_with_their_row(people):
    project = register(people)
    for partners in (
        [Partner("あ社（架空）"), Partner("あ社（架空）")],
        [Partner("あ大学（架空）"), Partner("あ市（架空）")],
    ):
        with pytest.raises(DomainError) as caught:
            set_partners(actor=people.actor("reporter"), project=project, partners=partners)
        assert caught.value.details["row"] == 1
    assert project.participations.count() == 0


def test_who_only_takes_part_changes_nothing(people):
    project = register(people, partner_name="あ社（架空）")
    with pytest.raises(PermissionDenied):
        set_partners(actor=people.actor("member"), project=project, partners=[])
    with pytest.raises(Http404):
        set_partners(actor=people.actor("stranger"), project=project, partners=[])


def test_participation_is_of_an_organisation_or_of_a_name(people):
    from django.db import IntegrityError, transaction

    project = register(people)
    for fields in ({}, {"organization": people.company, "given_name": "あ社"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Participation.objects.create(project=project, **fields)


# --- sections: two editors --------------------------------------------------------------------------------------------


def test_second_editor_of_a_section_sees_both_versions_and_overwrites_nothing(people):
    project = register(people)
    actor = people.actor("reporter")
    seen = mark_of(stored_overview(project, actor))
    values = {name: getattr(project, name) for name in OVERVIEW}
    revise_project(
        actor=actor, project=project, values=values | {"summary": "先の概要"}, themes=[], seen=seen
    )
    with pytest.raises(LostEdit) as caught:
        revise_project(
            actor=people.actor("secretary"),
            project=project,
            values=values | {"summary": "後の概要"},
            themes=[],
            seen=seen,
        )
    changed = [row for row in caught.value.details["rows"] if row["changed"]]
    assert [(row["label"], row["theirs"], row["mine"]) for row in changed] == [
        ("概要", "先の概要", "後の概要")
    ]
    assert caught.value.details["who"] == "報告 花子（架空）"
    assert Project.objects.get(pk=project.pk).summary == "先の概要"


def test_editors_of_different_sections_do_not_hinder_each_other(people):
    project = register(people)
    actor = people.actor("reporter")
    seen = mark_of(stored_overview(project, actor))
    check_team(actor=actor, project=project, roles=[Checked("ip", "missing")])
    values = {name: getattr(project, name) for name in OVERVIEW}
    revise_project(actor=actor, project=project, values=values | {"summary": "概要"}, themes=[], seen=seen)
    assert Project.objects.get(pk=project.pk).revision == 2


def test_stopping_needs_the_decision_that_a_correction_brings(people):
    project = register(people)
    values = {name: getattr(project, name) for name in OVERVIEW} | {"state": "stopped"}
    with pytest.raises(DomainError) as caught:
        revise_project(actor=people.actor("reporter"), project=project, values=values, themes=[])
    assert caught.value.field == "state"


def test_team_roles_keep_their_identity_and_may_become_unchecked(people):
    project = register(people)
    actor = people.actor("reporter")
    check_team(actor=actor, project=project, roles=[Checked("ip", "missing"), Checked("research", "present")])
    row = TeamRole.objects.get(project=project, role="ip")
    check_team(actor=actor, project=project, roles=[Checked("ip", "present", "あ大学"), Checked("research")])
    row.refresh_from_db()
    assert (row.state, row.who) == ("present", "あ大学")
    assert [each.role for each in project.team_roles.all()] == ["ip"]


# --- pages ------------------------------------------------------------------------------------------------------------


def forum_key(people) -> dict[str, str]:
    return {"forum": str(people.forum.public_id)}


def test_page_registers_and_leads_to_the_first_section(client, people):
    client.force_login(people.reporter)
    response = client.post(NEW, typed(**forum_key(people), partner_name="よその社（架空）", once="k1"))
    project = Project.objects.get()
    assert response.status_code == 302
    assert response["Location"] == section(project, "edit")
    assert project.participations.get().name == "よその社（架空）"


def test_double_submit_registers_once(client, people):
    client.force_login(people.reporter)
    data = typed(**forum_key(people), once="same")
    first, second = client.post(NEW, data), client.post(NEW, data)
    assert first["Location"] == second["Location"]
    assert Project.objects.count() == 1


def test_wrong_check_digit_is_refused_beside_the_field_and_what_was_typed_stays(client, people):
    client.force_login(people.reporter)
    response = client.post(NEW, typed(**forum_key(people), corporate_number=WRONG, department="工学部"))
    assert response.status_code == 422
    assert "検査用数字が合いません" in response.context["form"].errors["corporate_number"][0]
    assert f'value="{WRONG}"' in response.text
    assert 'value="工学部"' in response.text
    assert not Project.objects.exists()


def test_duplicate_is_linked_and_can_be_confirmed(client, people):
    client.force_login(people.reporter)
    first = register(people)
    response = client.post(NEW, typed(**forum_key(people)))
    assert response.status_code == 409
    assert reverse("projects:project_detail", args=[first.public_id]) in response.text
    response = client.post(NEW, typed(**forum_key(people), confirmed="on"))
    assert response.status_code == 302
    assert Project.objects.count() == 2


def test_number_is_looked_up_while_typing(client, people):
    Organization.objects.filter(pk=people.company.pk).update(corporate_number=NUMBER)
    client.force_login(people.reporter)
    found = client.get("/projects/new/partner/", {"corporate_number": NUMBER}).text
    assert "あ社（架空）" in found
    assert "hx-swap-oob" in found
    assert "検査用数字" in client.get("/projects/new/partner/", {"corporate_number": WRONG}).text
    assert "登録がありません" in client.get("/projects/new/partner/", {"corporate_number": ANOTHER}).text


def test_what_was_typed_when_the_session_had_ended_is_back_after_the_sign_in(client, people):
    response = client.post(NEW, typed(**forum_key(people), department="工学部", once="k"))
    assert response["Location"].startswith("/accounts/login/")
    assert not Project.objects.exists()
    client.force_login(people.reporter)
    page = client.get(NEW)
    assert "サインインし直す前の入力を戻しました" in page.text
    assert 'value="工学部"' in page.text
    assert "サインインし直す前" not in client.get(NEW).text


def test_sections_keep_what_was_typed_when_the_session_had_ended(client, people):
    project = register(people)
    url = section(project, "funding")
    client.post(url, {"s0-name": "あ社", "s0-2026-amount": "１２a", "seen": "x"})
    client.force_login(people.reporter)
    page = client.get(url)
    assert 'value="１２a"' in page.text
    assert not project.funding_sources.exists()


def test_page_of_two_editors_shows_the_conflict_and_keeps_both(client, people):
    project = register(people)
    url = section(project, "team")
    client.force_login(people.reporter)
    seen = client.get(url).context["seen"]
    data = {"team-TOTAL_FORMS": 6, "team-INITIAL_FORMS": 6, "seen": seen}
    for number, role in enumerate(TeamRole.Role.values):
        data |= {f"team-{number}-role": role, f"team-{number}-state": "present"}
    assert client.post(url, data).status_code == 302
    again = client.post(url, data | {"team-5-state": "missing"})
    assert again.status_code == 409
    assert "ほかの人が先に保存しています" in again.text
    assert project.team_roles.get(role="ip").state == "present"
    # Having looked at both, the second may still decide for theirs.
    chosen = client.post(url, data | {"team-5-state": "missing", "seen": again.context["seen"]})
    assert chosen.status_code == 302
    assert project.team_roles.get(role="ip").state == "missing"


def test_partners_page_tells_the_line_that_is_wrong(client, people):
    project = register(people)
    client.force_login(people.reporter)
    url = section(project, "partners")
    data = {"partners-TOTAL_FORMS": 2, "partners-INITIAL_FORMS": 0, "seen": client.get(url).context["seen"]}
    data |= {"partners-0-partner_name": "あ社（架空）", "partners-0-role": "partner"}
    data |= {"partners-1-corporate_number": WRONG, "partners-1-role": "partner"}
    response = client.post(url, data)
    assert response.status_code == 422
    assert "検査用数字" in response.context["form"].forms[1].errors["corporate_number"][0]
    assert not project.participations.exists()


def test_overview_page_writes_the_contract_and_what_may_be_published(client, people):
    project = register(people)
    client.force_login(people.reporter)
    url = section(project, "edit")
    data = {
        "seen": client.get(url).context["seen"], "name": project.name, "kind": project.kind, "state": "running",
        "stage": "applied", "contract_kind": "joint_research", "starts_on": "2026-04-01",
        "planned_ends_on": "2028-03-31", "ends_on": "2027-03-31", "visibility": "public",
        "discloses_partner": "1", "discloses_title": "0", "discloses_amount": "total", "next": "on",
    }  # fmt: skip
    response = client.post(url, data)
    assert response["Location"] == section(project, "partners")
    project.refresh_from_db()
    assert (project.stage, project.discloses_partner, project.discloses_amount) == ("applied", True, "total")
    assert project.is_extended
    assert Scorecard.objects.get(pk=project.scorecard_id).visibility == "public"
    wrong = client.post(url, data | {"ends_on": "2020-01-01", "seen": ""})
    assert wrong.status_code == 422
    assert "終了日は開始日以後" in wrong.text


def test_side_without_an_office_is_shown_as_a_risk(client, people):
    project = register(people, partner_name="あ社（架空）", department="工学部")
    client.force_login(people.reporter)
    page = client.get(section(project, "detail")).text
    assert page.count("担当部署が未登録") == 1
    assert "工学部" in page


# --- by API -----------------------------------------------------------------------------------------------------------

API = "/api/v1/projects/"


def sent(people, **fields) -> dict:
    body = {"forum": str(people.forum.public_id), "name": "残さの研究（架空）", "kind": "joint_research"}
    return {**body, "starts_on": "2026-04-01", **fields}


def send(client, body: dict, key: str = ""):
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return client.post(API, body, content_type="application/json", **headers)


def test_api_registers_once_per_key(client, people):
    client.force_login(people.reporter)
    body = sent(people, partner_name="よその社（架空）", contract_number="架・共研R8-020")
    first, second = send(client, body, "key-1"), send(client, body, "key-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert Project.objects.count() == 1
    row = first.json()
    assert row["contract_number"] == "架・共研R8-020"
    assert row["participations"][0] == {
        "organization": None, "name": "よその社（架空）", "department": "", "role": "partner",
    }  # fmt: skip
    assert client.get(first["Location"]).json() == row


def test_api_tells_of_one_like_it_and_takes_a_confirmation(client, people):
    client.force_login(people.reporter)
    first = register(people)
    refused = send(client, sent(people))
    assert refused.status_code == 409
    assert refused.json()["error"]["details"] == {"projects": [str(first.public_id)]}
    assert send(client, sent(people, confirmed=True)).status_code == 201


def test_api_refuses_a_wrong_number_beside_its_field_and_strangers_altogether(client, people):
    client.force_login(people.reporter)
    refused = send(client, sent(people, corporate_number=WRONG))
    assert refused.status_code == 400
    assert "corporate_number" in refused.json()["error"]["fields"]
    client.force_login(people.stranger)
    assert send(client, sent(people)).status_code == 400  # to them the forum does not exist
    assert not Project.objects.exists()

"""Lists and single rows: scoped, lean, without database keys; filters, order and pages by closed lists."""

from __future__ import annotations

import json
import re
from uuid import uuid4

import pytest

from foundation.models.jobs import Job

pytestmark = pytest.mark.django_db

RESOURCES = [
    "organizations",
    "communities",
    "forums",
    "memberships",
    "decisions",
    "agenda-items",
    "cases",
    "voices",
    "visions",
    "projects",
    "corrections",
    "opportunities",
    "interests",
    "reports",
    "scorecards",
    "indicators",
    "contributions",
    "measurements",
    "submissions",
    "rounds",
    "compiled-reports",
    "jobs",
    "exports",
    "notices",
]
KIND = {
    "organizations": "organization",
    "forums": "forum",
    "memberships": "membership",
    "decisions": "decision",
    "agenda-items": "agenda_item",
    "cases": "case",
    "visions": "vision",
    "projects": "project",
    "corrections": "correction",
    "scorecards": "scorecard",
    "indicators": "indicator",
    "contributions": "contribution",
    "measurements": "measurement",
    "submissions": "submission",
    "rounds": "round",
    "jobs": "job",
    "notices": "notice",
    "exports": "export",
    "compiled-reports": "published",
    "reports": "report",
    "opportunities": "opportunity",
    "interests": "interest",
    "voices": "voice",
    "communities": "community",
}


def ids(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


@pytest.mark.parametrize("resource", RESOURCES)
def test_list_and_row_show_own_and_hide_foreign(world, ask, resource):
    own = str(world.own[KIND[resource]].public_id)
    foreign = str(world.foreign[KIND[resource]].public_id)
    listed = ids(ask("reporter").get(f"{resource}/"))
    assert own in listed
    assert (foreign in listed) == (resource == "organizations")
    assert ask("reporter").get(f"{resource}/{own}/").json()["id"] == own


@pytest.mark.parametrize("resource", RESOURCES)
def test_no_database_key_and_no_internal_column_is_sent(world, ask, resource):
    for row in ask("reporter").get(f"{resource}/").json()["results"]:
        assert not [name for name in row if name == "pk" or name.endswith("_id")]
        assert re.fullmatch("[0-9a-f-]{36}", row["id"])


@pytest.mark.parametrize("resource", RESOURCES)
def test_unknown_parameters_orders_and_values_are_refused_in_the_one_shape(world, ask, resource):
    for query, name in (
        ("nonsense=1", "nonsense"),
        ("ordering=password", "ordering"),
        ("id__in=1", "id__in"),
    ):
        response = ask("reporter").get(f"{resource}/?{query}")
        assert response.status_code == 400
        assert response.json()["error"]["code"] == "invalid"
        assert name in response.json()["error"]["fields"]


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_row_knows_no_parameters(world, ask, resource):
    own = world.own[KIND[resource]].public_id
    assert ask("reporter").get(f"{resource}/{own}/?ordering=name").status_code == 400


def test_pages_follow_each_other_without_gap_or_repetition(world, ask):
    for _number in range(5):
        Job.objects.create(
            kind="test", requested_by_id=world.people.reporter.pk, available_at="2025-04-01T00:00:00Z"
        )
    seen: list[str] = []
    url = "jobs/?page_size=3&ordering=created_at"
    for page in (1, 2, 3):
        seen += ids(ask("reporter").get(f"{url}&page={page}"))
    assert len(seen) == len(set(seen)) == 8
    assert ask("reporter").get(f"{url}&page=1").json()["count"] == 8
    assert ask("reporter").get(f"{url}&page=4").status_code == 404


def test_filters_narrow_and_a_foreign_object_is_as_empty_as_none(world, ask):
    member = ask("member")
    own, foreign = world.own["scorecard"].public_id, world.foreign["scorecard"].public_id
    assert str(world.own["indicator"].public_id) in ids(member.get(f"indicators/?scorecard={own}"))
    assert ids(member.get(f"indicators/?scorecard={foreign}")) == []
    assert ids(member.get(f"indicators/?scorecard={uuid4()}")) == []


def test_malformed_id_in_a_filter_is_refused(world, ask):
    response = ask("member").get("indicators/?scorecard=1")
    assert response.status_code == 400
    assert "scorecard" in response.json()["error"]["fields"]


def test_measurements_are_filtered_by_state(world, ask):
    row = str(world.own["measurement"].public_id)
    caller = ask("reviewer")
    assert ids(caller.get("measurements/?state=submitted")) == [row]
    caller.post(f"measurements/{row}/approve/")
    assert ids(caller.get("measurements/?state=submitted")) == []
    assert ids(caller.get("measurements/?state=approved")) == [row]


def test_measurements_are_filtered_by_any_period_that_holds_them(world, ask):
    row = str(world.own["measurement"].public_id)
    assert ids(ask("reporter").get("measurements/?period=FY2025")) == [row]
    assert ids(ask("reporter").get("measurements/?period=FY2024")) == []
    wrong = ask("reporter").get("measurements/?period=2025Q1").json()["error"]["fields"]["period"][0]
    assert "FY2025-Q1" in wrong


def test_indicator_carries_its_sheet_and_targets(world, ask):
    row = ask("member").get(f"indicators/{world.own['indicator'].public_id}/").json()
    assert row["sheet"]["grain"] == "quarter"
    assert row["sheet"]["unit"] == "count"
    assert row["sheet"]["first_period"] == "FY2025-Q1"
    assert row["targets"] == [
        {"period": "FY2026", "value": "10", "lower": None, "upper": None, "is_none": False}
    ]


def test_measurement_carries_its_events_and_state(world, ask):
    row = ask("member").get(f"measurements/{world.own['measurement'].public_id}/").json()
    assert (row["value"], row["period"], row["state"]) == ("5", "FY2025-Q1", "submitted")
    assert [event["kind"] for event in row["events"]] == ["submitted"]
    assert isinstance(row["events"][0]["number"], int)


def test_vision_carries_versions_themes_and_visible_indicators(world, ask):
    hidden = world.own["indicator"]
    vision = world.own["vision"]
    body = ask("member").get(f"visions/{vision.public_id}/").json()
    assert [version["number"] for version in body["versions"]] == ["1"]
    assert [each["id"] for each in body["themes"][0]["indicators"]] == [str(hidden.public_id)]
    type(hidden).objects.filter(pk=hidden.pk).update(visibility="participants")
    body = ask("member").get(f"visions/{vision.public_id}/").json()
    assert body["themes"][0]["indicators"] == []


def test_a_public_case_does_not_tell_of_its_closed_forum(world, ask):
    case, forum = world.own["case"], world.own["forum"]
    type(case).objects.filter(pk=case.pk).update(visibility="public")
    body = ask("anonymous").get(f"cases/{case.public_id}/").json()
    assert body["forum"] is None
    assert ids(ask("anonymous").get(f"cases/?forum={forum.public_id}")) == []


def test_a_public_vision_is_not_found_by_the_name_of_its_closed_forum(world, ask):
    vision = world.own["vision"]
    type(vision).objects.filter(pk=vision.pk).update(visibility="public")
    assert ids(ask("anonymous").get("visions/")) == [str(vision.public_id)]
    assert ids(ask("anonymous").get("visions/?q=あの場")) == []


def test_posts_are_named_to_people_who_are_signed_in(world, ask):
    card = world.own["scorecard"]
    world.own["forum"].__class__.objects.filter(pk=card.forum_id).update(visibility="public")
    type(card).objects.filter(pk=card.pk).update(visibility="public")
    assert ask("anonymous").get(f"scorecards/{card.public_id}/").json()["post"] is None
    assert ask("stranger").get(f"scorecards/{card.public_id}/").json()["post"]["name"] == "環境課 担当"


def test_a_contribution_does_not_name_an_end_that_is_hidden(world, ask):
    child = world.own["indicator"]
    type(child).objects.filter(pk=child.pk).update(visibility="participants")
    row = ask("member").get(f"contributions/{world.own['contribution'].public_id}/").json()
    assert row["child"] is None
    assert row["parent"]["id"] == str(world.own["total"].public_id)
    assert ids(ask("member").get(f"contributions/?child={child.public_id}")) == []


def test_a_failed_job_tells_no_traceback(world, ask):
    job = world.own["job"]
    Job.objects.filter(pk=job.pk).update(error="Traceback (most recent call last): secret", state="failed")
    assert "Traceback" not in ask("reporter").get(f"jobs/{job.public_id}/").json()["error"]


def test_only_json_is_offered(world, ask):
    assert ask("reporter").get("forums/", HTTP_ACCEPT="text/html").status_code == 406
    assert ask("reporter").get("forums/?format=api").status_code in {400, 404}
    assert ask("reporter").client.options("/api/v1/forums/").status_code == 405


def test_answers_are_not_stored_between_server_and_person(world, ask):
    assert ask("reporter").get("forums/")["Cache-Control"] == "private, no-store"


def test_a_session_without_csrf_token_writes_nothing(world, people):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(people.reviewer)
    url = f"/api/v1/measurements/{world.own['measurement'].public_id}/approve/"
    response = client.post(url, json.dumps({}), content_type="application/json")
    assert response.status_code == 403
    assert response.json()["error"]["code"]

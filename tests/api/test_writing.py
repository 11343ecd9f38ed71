"""Recording and reviewing figures through the API: once per key, all or nothing, by the same rights as the pages."""

from __future__ import annotations

from uuid import uuid4

import pytest

from foundation.models import AuditEntry
from kpis.models import Cell, Measurement, MeasurementEvent, Submission
from kpis.periods import Period
from kpis.rules import Basis
from tests.factories.kpis import approve, make_indicator, make_rolled_up

pytestmark = pytest.mark.django_db
URL = "measurements/"


def figure(indicator, **fields) -> dict:
    return {"indicator": str(indicator.public_id), "period": "FY2025-Q2", "value": "12", **fields}


def fields_of(response, status: int = 400) -> dict:
    assert response.status_code == status, response.content
    return response.json()["error"]["fields"]


# --- one figure -------------------------------------------------------------------------------------------------


def test_one_figure_is_recorded_as_submitted(world, ask):
    response = ask("reporter").post(URL, figure(world.own["indicator"], nature="preliminary", note="速報"))
    assert response.status_code == 201
    body = response.json()
    assert (body["value"], body["period"], body["state"], body["nature"]) == (
        "12", "FY2025-Q2", "submitted", "preliminary",
    )  # fmt: skip
    row = Measurement.objects.get(public_id=body["id"])
    assert row.reporter == world.people.reporter
    assert row.submission.state == Submission.State.SUBMITTED
    assert body["submission"] == str(row.submission.public_id)
    assert response["Location"].endswith(f"/api/v1/measurements/{row.public_id}/")
    assert ask("reporter").client.get(response["Location"]).json() == body


def test_recording_is_audited_and_counts_as_provisional_at_once(world, ask):
    indicator = world.own["indicator"]
    before = AuditEntry.objects.filter(action="kpis.submit").count()
    ask("reporter").post(URL, figure(indicator))
    assert AuditEntry.objects.filter(action="kpis.submit").count() == before + 1
    cells = Cell.objects.filter(indicator=indicator, period=Period.parse("FY2025-Q2"))
    assert [cell.basis for cell in cells] == [Basis.PROVISIONAL]


def test_the_open_draft_of_the_page_stays_as_it_is(world, ask):
    ask("reporter").post(URL, figure(world.own["indicator"]))
    assert world.own["draft"].entries.count() == 1


@pytest.mark.parametrize("value", ["1,234.5", "1234.5", 1234.5, "１，２３４．５"])
def test_a_figure_is_read_as_on_the_page_whether_text_or_number(world, ask, value):
    assert ask("reporter").post(URL, figure(world.own["indicator"], value=value)).json()["value"] == "1234.5"


def test_a_number_never_goes_through_a_binary_float(world, ask):
    body = '{"indicator": "%s", "period": "FY2025-Q2", "value": 999999999.123456}'
    response = ask("reporter").client.post(
        "/api/v1/measurements/",
        body % world.own["indicator"].public_id,
        content_type="application/json",
    )
    assert response.json()["value"] == "999999999.123456"
    longer = body.replace("999999999.123456", "0.10000000000000000001") % world.own["indicator"].public_id
    refused = ask("reporter").client.post("/api/v1/measurements/", longer, content_type="application/json")
    assert "value" in fields_of(refused)


def test_ratio_takes_numerator_and_denominator(world, ask):
    ratio = make_indicator(world.people.scorecard, unit="percent", scale="ratio")
    sent = figure(ratio, numerator="1", denominator=4)
    del sent["value"]
    body = ask("reporter").post(URL, sent).json()
    assert (body["value"], body["numerator"], body["denominator"]) == (None, "1", "4")
    assert "value" in fields_of(ask("reporter").post(URL, figure(ratio, period="FY2025-Q3")))


def test_a_missing_figure_needs_its_reason(world, ask):
    sent = figure(world.own["indicator"], missing="never")
    del sent["value"]
    assert "note" in fields_of(ask("reporter").post(URL, sent))
    body = ask("reporter").post(URL, {**sent, "note": "災害のため調査なし"}).json()
    assert (body["value"], body["missing"]) == (None, "never")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"value": "abc"}, "value"),
        ({"value": "-"}, "value"),
        ({"value": "1e3"}, "value"),
        ({"value": True}, "value"),
        ({"value": [1]}, "value"),
        ({"value": "1" * 70}, "value"),
        ({"value": ""}, "value"),
        ({"value": None}, "value"),
        ({"value": "1.1234567"}, "value"),
        ({"period": "FY2025"}, "period"),
        ({"period": "2025Q2"}, "period"),
        ({"period": "FY2024-Q1"}, "period"),
        ({"period": None}, "period"),
        ({"nature": "guess"}, "nature"),
        ({"missing": "withheld"}, "missing"),
        ({"note": "あ" * 2001}, "note"),
        ({"indicator": "1"}, "indicator"),
        ({"indicator": str(uuid4())}, "indicator"),
    ],
)
def test_wrong_input_is_refused_beside_its_field(world, ask, change, field):
    before = Measurement.objects.count()
    assert field in fields_of(ask("reporter").post(URL, {**figure(world.own["indicator"]), **change}))
    assert Measurement.objects.count() == before


@pytest.mark.parametrize(
    "body", ["[]", "1", '"x"', "null", "{", "", "[[", '{"value": NaN}', '{"rows": 1}', '{"rows": []}']
)
def test_a_body_of_another_shape_is_refused_in_the_one_shape(world, ask, body):
    response = ask("reporter").client.post("/api/v1/measurements/", body, content_type="application/json")
    assert response.status_code == 400
    assert set(response.json()["error"]) >= {"code", "message", "fields", "request_id"}


def test_a_rolled_up_indicator_takes_no_figure(world, ask):
    parent = make_rolled_up(world.people.scorecard)
    assert "indicator" in fields_of(ask("reporter").post(URL, figure(parent)))


def test_a_foreign_indicator_and_none_at_all_are_refused_alike(world, ask):
    foreign = fields_of(ask("reporter").post(URL, figure(world.foreign["indicator"])))
    nowhere = fields_of(
        ask("reporter").post(URL, {**figure(world.own["indicator"]), "indicator": str(uuid4())})
    )
    assert foreign == nowhere


@pytest.mark.parametrize("name", ["member", "reviewer", "administrator", "anonymous"])
def test_who_may_see_but_not_enter_gets_403(world, ask, name):
    before = Measurement.objects.count()
    response = ask(name).post(URL, figure(world.own["indicator"]))
    assert response.status_code == 403
    assert Measurement.objects.count() == before


def test_the_same_figure_again_is_a_conflict(world, ask):
    assert ask("reporter").post(URL, figure(world.own["indicator"])).status_code == 201
    again = ask("reporter").post(URL, figure(world.own["indicator"]))
    assert (again.status_code, again.json()["error"]["code"]) == (409, "unchanged")


def test_a_correction_of_an_approved_figure_needs_its_reason(world, ask):
    approve(world.own["measurement"])
    changed = figure(world.own["indicator"], period="FY2025-Q1", value="6")
    assert "note" in fields_of(ask("reporter").post(URL, changed))
    assert ask("reporter").post(URL, {**changed, "note": "集計の誤り"}).status_code == 201


# --- several ----------------------------------------------------------------------------------------------------


def test_several_figures_are_one_submission(world, ask):
    rows = [figure(world.own["indicator"], period=f"FY2025-Q{number}", value=number) for number in (2, 3, 4)]
    response = ask("reporter").post(URL, {"rows": rows, "note": "四半期分"})
    assert response.status_code == 201
    body = response.json()
    assert [row["value"] for row in body["results"]] == ["2", "3", "4"]
    assert {row["submission"] for row in body["results"]} == {body["submission"]}
    assert Submission.objects.get(public_id=body["submission"]).note == "四半期分"


def test_one_wrong_row_refuses_all_and_is_named_by_its_place(world, ask):
    before = Measurement.objects.count(), Submission.objects.count()
    rows = [figure(world.own["indicator"]), figure(world.own["indicator"], period="FY2025-Q3", value="x")]
    assert list(fields_of(ask("reporter").post(URL, {"rows": rows}))) == ["rows[1].value"]
    assert (Measurement.objects.count(), Submission.objects.count()) == before


def test_the_same_cell_twice_in_one_call_is_refused(world, ask):
    rows = [figure(world.own["indicator"]), figure(world.own["indicator"], value="13")]
    assert "rows[1].period" in fields_of(ask("reporter").post(URL, {"rows": rows}))


def test_figures_of_two_scorecards_are_not_one_submission(world, ask):
    other = make_indicator(world.own["project"].scorecard)
    response = ask("reporter").post(URL, {"rows": [figure(world.own["indicator"]), figure(other)]})
    assert response.json()["error"]["code"] == "one_scorecard"


def test_recording_many_rows_costs_a_fixed_number_of_queries(world, ask, django_assert_max_num_queries):
    card = world.people.scorecard
    rows = [
        figure(make_indicator(card), period=f"FY2025-Q{number}") for number in (1, 2, 3) for _ in range(10)
    ]
    caller = ask("reporter")
    with django_assert_max_num_queries(50):
        assert caller.post(URL, {"rows": rows}).status_code == 201


# --- once -------------------------------------------------------------------------------------------------------


def test_a_repeated_key_records_once_and_answers_alike(world, ask):
    sent, key = figure(world.own["indicator"]), {"HTTP_IDEMPOTENCY_KEY": "k-1"}
    first, second = ask("reporter").post(URL, sent, **key), ask("reporter").post(URL, sent, **key)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert Measurement.objects.filter(period=Period.parse("FY2025-Q2")).count() == 1


def test_a_key_used_for_another_body_is_refused(world, ask):
    key = {"HTTP_IDEMPOTENCY_KEY": "k-1"}
    ask("reporter").post(URL, figure(world.own["indicator"]), **key)
    assert ask("reporter").post(URL, figure(world.own["indicator"], value="13"), **key).status_code == 422


def test_a_number_and_its_digits_changed_in_the_last_place_are_another_body(world, ask):
    key = {"HTTP_IDEMPOTENCY_KEY": "k-1"}
    ask("reporter").post(URL, figure(world.own["indicator"], value=0.1), **key)
    assert ask("reporter").post(URL, figure(world.own["indicator"], value=0.2), **key).status_code == 422


def test_what_was_refused_may_be_mended_under_the_same_key(world, ask):
    key = {"HTTP_IDEMPOTENCY_KEY": "k-1"}
    assert ask("reporter").post(URL, figure(world.own["indicator"], value="x"), **key).status_code == 400
    assert ask("reporter").post(URL, figure(world.own["indicator"]), **key).status_code == 201


# --- review -----------------------------------------------------------------------------------------------------


def test_approving_makes_it_official(world, ask):
    row = world.own["measurement"]
    body = ask("reviewer").post(f"{URL}{row.public_id}/approve/", {"note": "確認"}).json()
    assert body["state"] == "approved"
    assert [event["kind"] for event in body["events"]] == ["submitted", "approved"]
    assert Cell.objects.filter(indicator=row.indicator, basis=Basis.OFFICIAL, value__isnull=False).exists()


def test_a_second_decision_is_a_conflict(world, ask):
    url = f"{URL}{world.own['measurement'].public_id}"
    assert ask("reviewer").post(f"{url}/approve/").status_code == 200
    late = ask("university_reviewer").post(f"{url}/return/", {"note": "根拠が足りない"})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "already_reviewed")


@pytest.mark.parametrize("step", ["return", "withdraw"])
def test_sending_back_and_withdrawing_need_a_note(world, ask, step):
    name = "reviewer" if step == "return" else "reporter"
    assert "note" in fields_of(ask(name).post(f"{URL}{world.own['measurement'].public_id}/{step}/"))


def test_withdrawing_brings_the_older_figure_back(world, ask):
    approve(world.own["measurement"])
    body = figure(world.own["indicator"], period="FY2025-Q1", value="6", note="訂正")
    newer = ask("reporter").post(URL, body).json()
    ask("reviewer").post(f"{URL}{newer['id']}/approve/")
    ask("reporter").post(f"{URL}{newer['id']}/withdraw/", {"note": "訂正の取消し"})
    cell = Cell.objects.get(
        indicator=world.own["indicator"], basis=Basis.OFFICIAL, period=Period.parse("FY2025-Q1")
    )
    assert cell.value == 5


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("reporter", 403),
        ("member", 403),
        ("secretary", 403),
        ("administrator", 403),
        ("stranger", 404),
        ("anonymous", 403),
    ],
)
def test_who_may_not_approve_leaves_no_event(world, ask, name, status):
    before = MeasurementEvent.objects.count()
    response = ask(name).post(f"{URL}{world.own['measurement'].public_id}/approve/")
    assert response.status_code == status
    assert MeasurementEvent.objects.count() == before


def test_nobody_approves_their_own_figure(world, ask, people):
    people.scorecard.participants.add(people.university)
    indicator = world.own["indicator"]
    indicator.post_id = min(people.actor("reviewer").post_ids)
    indicator.save()
    mine = ask("reviewer").post(URL, figure(world.own["indicator"])).json()
    assert ask("reviewer").post(f"{URL}{mine['id']}/approve/").status_code == 403


# --- drafts -----------------------------------------------------------------------------------------------------


def test_a_draft_of_the_page_is_submitted(world, ask):
    draft = world.own["draft"]
    body = (
        ask("secretary").post(f"submissions/{draft.public_id}/submit/", {"revision": draft.revision}).json()
    )
    assert body["state"] == "submitted"
    assert [row.value for row in draft.measurements.all()] == [7]
    assert ask("secretary").post(f"submissions/{draft.public_id}/submit/").status_code == 409


def test_a_draft_that_changed_since_is_not_submitted(world, ask):
    draft = world.own["draft"]
    response = ask("reporter").post(
        f"submissions/{draft.public_id}/submit/", {"revision": draft.revision + 1}
    )
    assert (response.status_code, response.json()["error"]["code"]) == (409, "lost_edit")


def test_what_is_wrong_in_a_draft_is_named_by_its_cell(world, ask):
    draft = world.own["draft"]
    draft.entries.update(value="x")
    fields = fields_of(ask("reporter").post(f"submissions/{draft.public_id}/submit/"))
    assert list(fields) == [f"entries[{world.own['indicator'].public_id},FY2025-Q2].value"]

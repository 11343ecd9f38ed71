"""The series of an indicator and the tree behind a figure."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from foundation import lanes
from kpis.models import Indicator, MeasurementEvent
from kpis.periods import Period
from kpis.services.contributions import end_contribution
from tests.factories.kpis import (
    SYSTEM,
    approve,
    approved,
    contribute,
    event,
    make_indicator,
    make_rolled_up,
    report,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree(world):
    """The small tree of the specification, section 7: A (千円, monthly), B and C (百万円, factor 0.5)."""
    card = world.people.scorecard
    parent = make_rolled_up(card, unit="yen_million", scale="currency", decimals=1)
    a = make_indicator(
        card, unit="yen_thousand", scale="currency", grain=1, first_period=Period.parse("2025-04")
    )
    b = make_indicator(card, unit="yen_million", scale="currency")
    c = make_indicator(card, unit="yen_million", scale="currency")
    contribute(a, parent, position=1)
    contribute(b, parent, position=2)
    contribute(c, parent, position=3, factor=Decimal("0.5"))
    approved(a, "2025-04", "1200")
    approved(a, "2025-05", "800")
    approved(b, "FY2025-Q1", "3")
    lanes.drain("rollup")
    return parent, a, b, c


def series(caller, indicator, query: str = ""):
    return caller.get(f"indicators/{indicator.public_id}/series/{query}")


def points(response) -> dict[str, dict]:
    assert response.status_code == 200, response.content
    return {point["period"]: point for point in response.json()["results"]}


def refused(response, field: str) -> str:
    assert response.status_code == 400
    error = response.json()["error"]
    return error["fields"][field][0]


# --- series -----------------------------------------------------------------------------------------------------


def test_worked_tree_with_its_coverage(tree, ask):
    response = series(ask("member"), tree[0], "?from=FY2025-Q1&to=FY2025-Q2")
    body = response.json()
    assert (body["unit"], body["unit_label"], body["basis"], body["grain"]) == (
        "yen_million", "百万円", "official", "quarter",
    )  # fmt: skip
    first = points(response)["FY2025-Q1"]
    assert (first["value"], first["reported"], first["expected"]) == ("5", 3, 5)
    assert first["label"] == "令和7年度 第1四半期"
    assert body["as_of"] is None
    assert body["computed_at"]


def test_a_gap_is_null_and_says_why(tree, ask):
    found = points(series(ask("member"), tree[2], "?from=FY2025-Q1&to=FY2040-Q4"))
    assert found["FY2025-Q2"]["value"] is None
    assert found["FY2025-Q2"]["missing"] == "not_reported"
    assert found["FY2040-Q4"]["missing"] == "not_due"


def test_coarser_periods_follow_the_time_rule(tree, ask):
    found = points(series(ask("member"), tree[1], "?grain=year&from=FY2025&to=FY2025"))
    assert (found["FY2025"]["value"], found["FY2025"]["reported"], found["FY2025"]["expected"]) == (
        "2000", 2, 12,
    )  # fmt: skip


def test_provisional_holds_what_waits_for_approval(tree, ask):
    report(tree[2], "FY2025-Q2", "9", nature="preliminary")
    query = "?from=FY2025-Q2&to=FY2025-Q2"
    assert points(series(ask("member"), tree[2], query))["FY2025-Q2"]["value"] is None
    waiting = points(series(ask("member"), tree[2], f"{query}&basis=provisional"))["FY2025-Q2"]
    assert (waiting["value"], waiting["nature"]) == ("9", "preliminary")


def test_ratio_carries_numerator_and_denominator_and_no_float(world, ask):
    ratio = make_indicator(world.people.scorecard, unit="percent", scale="ratio")
    approved(ratio, "FY2025-Q1", ratio=("1", "3"))
    point = points(series(ask("member"), ratio, "?to=FY2025-Q1"))["FY2025-Q1"]
    assert (point["value"], point["numerator"], point["denominator"]) == ("33.333333", "1", "3")


def test_running_total_stands_beside_the_flow(world, ask):
    running = make_indicator(world.people.scorecard, is_running_total=True)
    approved(running, "FY2025-Q1", "2")
    approved(running, "FY2025-Q2", "3")
    point = points(series(ask("member"), running, "?to=FY2025-Q2"))["FY2025-Q2"]
    assert (point["value"], point["running_total"]) == ("3", "5")


def test_as_of_answers_from_the_record_of_that_moment(tree, ask):
    b = tree[2]
    moment = timezone.now()
    approved(b, "FY2025-Q1", "30")
    lanes.drain("rollup")
    now = points(series(ask("member"), tree[0], "?to=FY2025-Q1"))["FY2025-Q1"]
    response = series(ask("member"), tree[0], f"?to=FY2025-Q1&as_of={moment.isoformat().replace('+', '%2B')}")
    then = points(response)["FY2025-Q1"]
    assert (now["value"], then["value"]) == ("32", "5")
    last = MeasurementEvent.objects.filter(at__lte=moment).order_by("-id").first()
    assert response.json()["record_number"] == last.pk


def test_answer_as_of_a_moment_keeps_its_bytes_whatever_is_corrected_later(tree, ask):
    parent, a, b, c = tree
    pending = report(c, "FY2025-Q1", "4")
    moment = timezone.now().isoformat().replace("+", "%2B")
    questions = [
        f"indicators/{indicator.public_id}/{what}&as_of={moment}"
        for indicator in (parent, b)
        for what in (
            "series/?to=FY2025-Q4",
            "series/?to=FY2025-Q4&basis=provisional",
            "explain/?period=FY2025-Q1",
            "explain/?period=FY2025-Q1&basis=provisional",
        )
    ]
    answers = [ask("member").get(question) for question in questions]
    assert {answer.status_code for answer in answers} == {200}
    before = [answer.content for answer in answers]
    approve(pending)
    event(approved(b, "FY2025-Q1", "300"), "withdrawn", "誤り")
    approved(b, "FY2025-Q1", "30")
    approved(a, "2025-06", "600")
    end_contribution(actor=SYSTEM, contribution=parent.contributions_in.get(child=b), reason="外す")
    contribute(make_indicator(b.scorecard, unit="yen_million", scale="currency"), parent, position=9)
    lanes.drain("rollup")
    assert [ask("member").get(question).content for question in questions] == before


def test_as_of_as_a_date_is_the_end_of_the_day_in_tokyo(tree, ask):
    today = timezone.localdate()
    found = points(series(ask("member"), tree[0], f"?to=FY2025-Q1&as_of={today}"))
    assert found["FY2025-Q1"]["value"] == "5"
    yesterday = today - timedelta(days=1)
    response = series(ask("member"), tree[0], f"?to=FY2025-Q1&as_of={yesterday}")
    assert "記録" in refused(response, "as_of")


def test_stored_cells_and_the_clean_computation_agree(tree, ask):
    query = "?from=FY2025-Q1&to=FY2026-Q4"
    stored = points(series(ask("member"), tree[0], query))
    clean = points(series(ask("member"), tree[0], f"{query}&as_of=2099-01-01"))
    assert stored == clean


@pytest.mark.parametrize(
    ("query", "field", "hint"),
    [
        ("basis=final", "basis", "provisional"),
        ("grain=week", "grain", "quarter"),
        ("grain=month", "grain", "四半期"),
        ("from=2025Q1", "from", "FY2025-Q1"),
        ("to=FY2025-Q5", "to", "FY2025-Q1"),
        ("from=FY2026-Q1&to=FY2025-Q1", "from", "以前"),
        ("from=1900-04&to=FY2199", "from", "狭め"),
        ("as_of=yesterday", "as_of", "2026-03-31"),
        ("as_of=2026-02-30", "as_of", "2026-03-31"),
        ("as_of=0001-01-01", "as_of", "2026-03-31"),
        ("as_of=9999-12-31", "as_of", "2026-03-31"),
        ("since=FY2025", "since", "使えません"),
    ],
)
def test_wrong_conditions_are_refused_with_the_right_forms(tree, ask, query, field, hint):
    assert hint in refused(series(ask("member"), tree[0], f"?{query}"), field)


def test_series_of_what_one_may_not_see_does_not_exist(tree, ask):
    assert series(ask("stranger"), tree[0]).status_code == 404
    assert series(ask("anonymous"), tree[0]).status_code == 404


def test_visitors_read_approved_figures_only(tree, ask):
    _open(tree[0])
    assert series(ask("anonymous"), tree[0]).status_code == 200
    assert series(ask("anonymous"), tree[0], "?basis=provisional").status_code == 403


def _open(*indicators: Indicator) -> None:
    for indicator in indicators:
        Indicator.objects.filter(pk=indicator.pk).update(visibility="public")
    card = indicators[0].scorecard
    type(card).objects.filter(pk=card.pk).update(visibility="public")


# --- explain ----------------------------------------------------------------------------------------------------


def explain(caller, indicator, query: str = "?period=FY2025-Q1"):
    return caller.get(f"indicators/{indicator.public_id}/explain/{query}")


def test_explanation_goes_down_to_the_measurements(tree, ask):
    body = explain(ask("member"), tree[0]).json()
    assert (body["figure"]["value"], body["figure"]["reported"], body["figure"]["expected"]) == ("5", 3, 5)
    cell = body["figure"]["cells"][0]
    assert (cell["tree_rule"], cell["hidden"], cell["measurement"]) == ("sum", 0, None)
    assert [child["handed"] for child in cell["children"]] == ["2", "3", None]
    assert [child["factor"] for child in cell["children"]] == ["1", "1", "0.5"]
    monthly = cell["children"][0]["figure"]
    assert [each["value"] for each in monthly["cells"]] == ["1200", "800", None]
    row = monthly["cells"][0]["measurement"]
    assert row["value"] == "1200"
    assert [each["kind"] for each in row["events"]] == ["submitted", "approved"]


def test_explanation_names_evidence_and_reporter(world, ask):
    row = world.own["measurement"]
    approve(row)
    body = explain(ask("member"), world.own["indicator"]).json()
    shown = body["figure"]["cells"][0]["measurement"]
    assert shown["id"] == str(row.public_id)
    assert shown["reporter_name"] == "報告 花子（架空）"
    assert shown["evidence"][0]["title"] == "根拠"


def test_hidden_children_are_counted_and_not_named(tree, ask):
    Indicator.objects.filter(pk=tree[2].pk).update(visibility="participants")
    response = explain(ask("member"), tree[0])
    cell = response.json()["figure"]["cells"][0]
    assert (cell["value"], cell["hidden"], len(cell["children"])) == ("5", 1, 2)
    assert tree[2].name not in response.content.decode()
    assert str(tree[2].public_id) not in response.content.decode()


def test_visitors_see_figures_without_the_people_behind(tree, ask):
    _open(*tree)
    response = explain(ask("anonymous"), tree[0])
    leaf = response.json()["figure"]["cells"][0]["children"][1]["figure"]["cells"][0]
    assert (leaf["value"], leaf["measurement"]) == ("3", None)
    assert "試験" not in response.content.decode()


def test_explanation_as_of_an_earlier_moment(tree, ask):
    moment = timezone.now().isoformat().replace("+", "%2B")
    later = approved(tree[2], "FY2025-Q1", "30")
    body = explain(ask("member"), tree[0], f"?period=FY2025-Q1&as_of={moment}").json()
    assert body["figure"]["value"] == "5"
    assert str(later.public_id) not in str(body)
    assert body["record_number"] < MeasurementEvent.objects.order_by("-id").first().pk


def test_explanation_forgets_a_withdrawn_figure(tree, ask):
    row = tree[2].measurements.get()
    event(row, MeasurementEvent.Kind.WITHDRAWN, "誤り")
    assert explain(ask("member"), tree[0]).json()["figure"]["value"] == "2"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "period"),
        ("?period=2025-04", "period"),
        ("?period=FY25", "period"),
        ("?period=FY2025-Q1&basis=x", "basis"),
        ("?period=FY2025-Q1&as_of=x", "as_of"),
        ("?period=FY2025-Q1&depth=2", "depth"),
    ],
)
def test_wrong_questions_are_refused(tree, ask, query, field):
    assert refused(explain(ask("member"), tree[0], query), field)

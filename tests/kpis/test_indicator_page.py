"""One indicator and the list of all: chart and table say the same, targets keep their history, rights hold."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from actors.models import Assignment
from ecosystems.models import Decision
from foundation import lanes
from kpis.models import Indicator, Scorecard
from kpis.periods import Period
from kpis.services.targets import TargetInput, set_targets
from tests.factories.kpis import (
    SYSTEM,
    approve,
    approved,
    contribute,
    event,
    make_indicator,
    make_rolled_up,
    make_scorecard,
    report,
)
from tests.kpis.test_scorecard_page import words

pytestmark = pytest.mark.django_db
YEARLY = {"grain": 12, "first_period": Period.parse("FY2020")}


def page(client, indicator: Indicator) -> str:
    answer = client.get(reverse("kpis:indicator", args=[indicator.public_id]))
    assert answer.status_code == 200
    return answer.content.decode()


def chart(html: str, grain: str = "year") -> dict:
    found = re.search(
        rf'<script id="series-{grain}" type="application/json">(.*?)</script>', html, flags=re.S
    )
    assert found, "no chart"
    return json.loads(found[1])


@pytest.fixture
def staff(client, people):
    client.force_login(people.reporter)
    return client


def test_chart_leaves_a_gap_where_no_figure_is(staff, people):
    one = make_indicator(people.scorecard, **YEARLY)
    approved(one, "FY2020", "341")
    approved(one, "FY2022", "0")
    data = chart(page(staff, one))
    assert data["periods"][:3] == ["R2", "R3", "R4"]
    assert data["actual"][:3] == [341.0, None, 0.0]


def test_table_says_the_same_as_the_chart(staff, people):
    one = make_indicator(people.scorecard, **YEARLY)
    approved(one, "FY2020", "341")
    approved(one, "FY2022", "0")
    table = re.search(r"<tbody>(.*?)</tbody>", page(staff, one), flags=re.S)[1]
    read = {words(line).split(" ")[0]: words(line) for line in re.findall(r"<tr>.*?</tr>", table, flags=re.S)}
    assert "341" in read["令和2年度（2020）"]
    assert "未報告" in read["令和3年度（2021）"]
    assert " 0 " in read["令和4年度（2022）"]


def test_changed_target_is_marked_and_kept_with_its_decision(staff, people):
    one = make_indicator(people.scorecard, **YEARLY)
    decision = Decision.objects.create(
        forum=people.forum, code="D5-2", text="目標値を改める", decided_on=date(2023, 8, 28)
    )
    for value, reason in (("90", None), ("75", decision)):
        set_targets(
            actor=SYSTEM,
            indicator=one,
            targets=[TargetInput(Period.parse("FY2022"), Decimal(value))],
            decision=reason,
        )
    html = page(staff, one)
    assert chart(html)["target_changes"] == [{"index": 2, "label": "目標 90→75"}]
    assert chart(html)["target"][2] == 75.0
    assert "D5-2 目標値を改める" in words(html)


def test_range_to_keep_is_drawn_as_bounds(staff, people):
    one = make_indicator(people.scorecard, direction="keep", **YEARLY)
    set_targets(
        actor=SYSTEM,
        indicator=one,
        targets=[TargetInput(Period.parse("FY2021"), lower=Decimal(60), upper=Decimal(90))],
    )
    approved(one, "FY2021", "94")
    html = page(staff, one)
    assert chart(html)["bounds"][1] == [60.0, 90.0]
    assert "範囲外" in words(html)


def test_corrections_stand_beside_what_they_correct(staff, people):
    one = make_indicator(people.scorecard, unit="yen_thousand", scale="currency", **YEARLY)
    approved(one, "FY2022", "3900", nature="preliminary", note="年度末の速報")
    approved(one, "FY2022", "3510", nature="corrected", note="減額精算を反映")
    html = page(staff, one)
    seen = words(html)
    assert "3,900千円" in seen
    assert "3,510千円" in seen
    assert "減額精算を反映" in seen
    assert chart(html)["marks"] == [{"index": 2, "label": "訂正値"}]


def test_returned_figure_and_its_reason_are_for_members(client, people):
    Scorecard.objects.filter(pk=people.scorecard.pk).update(visibility="public")
    one = make_indicator(people.scorecard, fields={"visibility": "public"}, **YEARLY)
    event(report(one, "FY2022", "302"), "returned", "付添いを数えていませんか")
    client.force_login(people.member)
    assert "付添いを数えていませんか" in page(client, one)
    client.logout()
    assert "付添いを数えていませんか" not in page(client, one)


def test_vacant_post_of_the_keeper_is_told(staff, people):
    post = people.scorecard.post
    one = make_indicator(people.scorecard, fields={"post": post}, **YEARLY)
    assert "空席" not in page(staff, one)
    Assignment.objects.filter(post=post).update(to_on=date(2024, 6, 30))
    staff.force_login(people.secretary)
    assert "主担当が空席です（令和6年7月1日から）" in page(staff, one)


def test_children_that_may_not_be_named_are_counted(client, people):
    Scorecard.objects.filter(pk=people.scorecard.pk).update(visibility="public")
    top = make_rolled_up(people.scorecard, fields={"visibility": "public"}, **YEARLY)
    closed = make_scorecard(people.forum, visibility="participants")
    contribute(make_indicator(closed, fields={"name": "相手先の額"}, **YEARLY), top)
    lanes.drain("rollup")
    seen = words(page(client, top))
    assert "1件は非公開" in seen
    assert "相手先の額" not in seen


def test_public_sees_no_names(client, people):
    Scorecard.objects.filter(pk=people.scorecard.pk).update(visibility="public")
    one = make_indicator(
        people.scorecard, fields={"visibility": "public", "post": people.scorecard.post}, **YEARLY
    )
    html = page(client, one)
    assert "報告 花子" not in html
    assert "承認前を含む" not in words(html)


def test_stranger_finds_no_indicator(client, people):
    one = make_indicator(people.scorecard)
    client.force_login(people.stranger)
    assert client.get(reverse("kpis:indicator", args=[one.public_id])).status_code == 404


def test_not_applicable_is_a_word(staff, people):
    one = make_indicator(people.scorecard, **YEARLY)
    approve(report(one, "FY2021", missing="not_applicable", note="隔年調査"))
    assert "対象外" in words(page(staff, one))


# --- the list -------------------------------------------------------------------------------------------------------


def listed(client, query: str = "") -> str:
    return client.get(f"{reverse('kpis:indicator_list')}{query}").content.decode()


def test_list_shows_what_one_may_see_with_the_newest_figure(staff, people):
    one = make_indicator(people.scorecard, fields={"name": "利用者数"}, **YEARLY)
    make_indicator(make_scorecard(), fields={"name": "よその場のKPI"})
    approved(one, "FY2021", "0")
    html = listed(staff)
    assert "利用者数" in html
    assert "よその場のKPI" not in html
    assert ">0</a>" in html


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=利用", True),
        ("?q=k-9", True),
        ("?q=焼却", False),
        ("?kind=measured", True),
        ("?kind=rolled_up", False),
        ("?value=social", True),
        ("?value=human", False),
    ],
)
def test_list_is_narrowed(staff, people, query, found):
    make_indicator(people.scorecard, fields={"name": "利用者数", "code": "K-9"}, value="social", **YEARLY)
    assert (">利用者数<" in listed(staff, query)) is found


def test_list_without_hits_says_how_to_go_on(staff, people):
    assert "条件を消す" in listed(staff, "?q=ない言葉")

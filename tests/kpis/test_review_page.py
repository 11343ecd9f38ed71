"""The queue and the review page: what waits, what a reviewer weighs, and what two of them see."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from foundation import lanes
from kpis.models import MeasurementEvent
from kpis.periods import Period
from kpis.selectors.review import is_out_of_trend
from kpis.services import entering, reviewing
from kpis.services.entering import Typed
from tests.factories.ecosystems import give_duty
from tests.factories.kpis import approved, contribute, make_indicator, make_rolled_up, make_scorecard

pytestmark = pytest.mark.django_db
Q1 = Period.parse("FY2026-Q1")
QUEUE = "/reviews/"


@pytest.fixture(autouse=True)
def _november(time_machine):
    time_machine.move_to(date(2026, 11, 20), tick=True)


@pytest.fixture
def sign_in(people, client):
    def signed_in(who: str = "reviewer") -> Client:
        client.force_login(getattr(people, who))
        return client

    return signed_in


def submitted(people, *indicators, value: str = "17.4", period=Q1, **fields):
    """One submission of the city with a figure for each indicator (one new indicator if none is given); its rows."""
    actor = people.actor("reporter")
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    for indicator in indicators or [make_indicator(people.scorecard)]:
        typed = Typed(indicator, period, value, **fields)
        entering.save_entry(actor=actor, draft=draft, typed=typed)
    return entering.submit(actor=actor, draft=draft)


def review_url(row, name: str = "review") -> str:
    return reverse(f"kpis:{name}", args=[row.submission.public_id])


def row_html(page: str, row) -> str:
    """The table row in which the figure's check box or name stands."""
    rows = re.findall(r"<tr.*?</tr>", page, re.S)
    return next(each for each in rows if str(row.indicator) in each and '<th scope="row">' in each)


# --- the queue -------------------------------------------------------------------------------------------------------


def test_the_queue_lists_what_waits_oldest_first(people, sign_in):
    first, second = submitted(people)[0], submitted(people)[0]
    page = sign_in().get(QUEUE).content.decode()
    assert page.index(review_url(first)) < page.index(review_url(second))
    assert "報告 花子（架空）" in page


def test_what_is_settled_leaves_the_queue(people, sign_in):
    rows = submitted(people, make_indicator(people.scorecard), make_indicator(people.scorecard))
    reviewing.approve(actor=people.actor("reviewer"), measurements=rows[:1])
    assert "<strong>1</strong>件" in sign_in().get(QUEUE).content.decode()
    reviewing.return_(actor=people.actor("reviewer"), measurements=rows[1:], note="照合")
    assert "確認待ちの実績値はありません" in sign_in().get(QUEUE).content.decode()


@pytest.mark.parametrize("who", ["secretary", "member", "stranger"])
def test_only_reviewers_of_the_forum_find_something_in_it(people, sign_in, who):
    submitted(people)
    assert "確認を担当している場がありません" in sign_in(who).get(QUEUE).content.decode()


def test_a_reviewer_s_own_figures_say_that_others_approve_them(people, sign_in):
    give_duty(people.forum, people.scorecard.post, "municipal_reviewer")
    submitted(people)
    assert "ほかの確認者が承認します" in sign_in("reporter").get(QUEUE).content.decode()


@pytest.mark.parametrize("count", [1, 20])
def test_the_queue_costs_the_same_for_one_row_and_twenty(
    people, sign_in, django_assert_max_num_queries, count
):
    indicator = make_indicator(people.scorecard)
    for number in range(count):
        submitted(people, indicator, value=str(number))
    client = sign_in()
    with django_assert_max_num_queries(8):
        assert client.get(QUEUE).status_code == 200


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"),
    [("reviewer", 200), ("secretary", 200), ("reporter", 403), ("member", 404), ("stranger", 404)],
)
def test_who_opens_a_review(people, sign_in, who, status):
    assert sign_in(who).get(review_url(submitted(people)[0])).status_code == status


def test_each_row_shows_what_stood_before_and_the_difference(people, sign_in):
    indicator = make_indicator(people.scorecard, unit="yen_thousand", scale="currency")
    approved(indicator, "FY2026-Q1", "3900", nature="preliminary")
    row = submitted(people, indicator, value="3510", nature="corrected", note="減額精算")[0]
    html = row_html(sign_in().get(review_url(row)).content.decode(), row)
    assert "3,900千円" in html
    assert "3,510千円" in html
    assert "▲390" in html
    assert "訂正値" in html
    assert "減額精算" in html


def test_a_figure_is_shown_with_every_decimal_that_was_reported(people, sign_in):
    row = submitted(people, value="17.123456")[0]
    assert "17.123456件" in sign_in().get(review_url(row)).content.decode()


def test_a_figure_reported_again_shows_what_was_sent_back(people, sign_in):
    indicator = make_indicator(people.scorecard)
    first = submitted(people, indicator, value="302")
    reviewing.return_(actor=people.actor("reviewer"), measurements=first, note="照合")
    row = submitted(people, indicator, value="258")[0]
    html = row_html(sign_in().get(review_url(row)).content.decode(), row)
    assert "差戻し 302件" in html
    assert "初めての報告" not in html


def test_doubtful_figures_are_not_chosen_beforehand(people, sign_in):
    steady, jumping = make_indicator(people.scorecard), make_indicator(people.scorecard)
    for indicator in (steady, jumping):
        for period, value in (("FY2025-Q2", "17"), ("FY2025-Q3", "18"), ("FY2025-Q4", "17")):
            approved(indicator, period, value)
    actor = people.actor("reporter")
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    entering.save_entry(actor=actor, draft=draft, typed=Typed(jumping, Q1, "180"))
    rows = submitted(people, steady, value="18")
    page = sign_in().get(review_url(rows[0])).content.decode()
    checked = re.findall(r'value="([\w-]+)"[^>]*checked', page)
    assert checked == [str(row.public_id) for row in rows if row.indicator == steady]


def test_a_figure_out_of_trend_is_pointed_out(people, sign_in):
    indicator = make_indicator(people.scorecard)
    for period, value in (("FY2025-Q2", "100"), ("FY2025-Q3", "104"), ("FY2025-Q4", "101")):
        approved(indicator, period, value)
    row = submitted(people, indicator, value="180")[0]
    assert "これまでと動きが違います" in sign_in().get(review_url(row)).content.decode()


@pytest.mark.parametrize(
    ("value", "earlier", "expected"),
    [(180, [100, 104, 101], True), (107, [100, 104, 101], False), (500, [100, 104], False), (5, [5, 5, 5], False), (6, [5, 5, 5], True)],
)  # fmt: skip
def test_out_of_trend_means_more_than_twice_the_largest_recent_step(value, earlier, expected):
    from decimal import Decimal

    assert is_out_of_trend(Decimal(value), [Decimal(each) for each in earlier]) is expected


def test_one_s_own_figure_cannot_be_chosen_and_says_why(people, sign_in):
    give_duty(people.forum, people.scorecard.post, "municipal_reviewer")
    row = submitted(people)[0]
    page = sign_in("reporter").get(review_url(row)).content.decode()
    assert "自分が報告した値は承認できません" in page
    assert 'name="rows"' not in page
    assert sign_in("reporter").post(review_url(row), {"rows": row.public_id}).status_code == 403


def test_the_secretariat_reads_but_does_not_choose(people, sign_in):
    row = submitted(people)[0]
    page = sign_in("secretary").get(review_url(row)).content.decode()
    assert 'name="rows"' not in page
    assert sign_in("secretary").post(review_url(row), {"rows": row.public_id}).status_code == 403


@pytest.mark.parametrize("count", [1, 20])
def test_a_review_costs_the_same_for_one_row_and_twenty(
    people, sign_in, django_assert_max_num_queries, count
):
    row = submitted(people, *[make_indicator(people.scorecard) for _ in range(count)])[0]
    client = sign_in()
    with django_assert_max_num_queries(10):
        assert client.get(review_url(row)).status_code == 200


def test_the_page_is_safe_under_the_strict_policy(people, sign_in):
    page = sign_in().get(review_url(submitted(people)[0])).content.decode()
    assert not re.search(r"\sstyle=|<style|\son\w+=|<script>", page)


# --- approving and returning -----------------------------------------------------------------------------------------


def test_chosen_figures_are_approved_and_the_others_wait(people, sign_in):
    rows = submitted(people, make_indicator(people.scorecard), make_indicator(people.scorecard))
    response = sign_in().post(review_url(rows[0]), {"rows": rows[0].public_id, "action": "approve"})
    assert response["Location"] == review_url(rows[0]) + "?done=1"
    assert list(
        MeasurementEvent.objects.filter(kind="approved").values_list("measurement_id", flat=True)
    ) == [rows[0].pk]


def test_returning_without_a_reason_keeps_the_choice(people, sign_in):
    rows = submitted(people, make_indicator(people.scorecard), make_indicator(people.scorecard))
    response = sign_in().post(
        review_url(rows[0]), {"rows": rows[1].public_id, "action": "return", "note": ""}
    )
    assert response.status_code == 422
    page = response.content.decode()
    assert "差し戻す理由と、直すところを書いてください。" in page
    checked = re.findall(r'value="([\w-]+)" id="r-[^>]*checked', page)
    assert checked == [str(rows[1].public_id)]


def test_a_return_reaches_the_reporter_with_its_reason(people, sign_in):
    row = submitted(people)[0]
    sign_in().post(
        review_url(row), {"rows": row.public_id, "action": "return", "note": "乗降記録と照合してください"}
    )
    assert row.events.get(kind="returned").note == "乗降記録と照合してください"


def test_nothing_chosen_says_so(people, sign_in):
    response = sign_in().post(review_url(submitted(people)[0]), {"action": "approve"})
    assert response.status_code == 422
    assert "値を一つ以上選んでください" in response.content.decode()


def test_a_figure_of_another_submission_cannot_be_slipped_in(people, sign_in):
    first, second = submitted(people)[0], submitted(people)[0]
    response = sign_in().post(review_url(first), {"rows": second.public_id, "action": "approve"})
    assert response.status_code == 404


def test_the_second_of_two_reviewers_sees_what_the_first_did(people, sign_in):
    row = submitted(people)[0]
    reviewing.approve(actor=people.actor("university_reviewer"), measurements=[row])
    response = sign_in().post(review_url(row), {"rows": row.public_id, "action": "return", "note": "照合"})
    assert response.status_code == 409
    page = response.content.decode()
    assert "ほかの人が先に確認しています" in page
    assert "大学 三郎（架空）" in row_html(page, row)
    assert row.events.count() == 2


def test_a_double_click_approves_once(people, sign_in):
    row = submitted(people)[0]
    client, posted = sign_in(), {"rows": row.public_id, "action": "approve", "once": "token-1"}
    assert [client.post(review_url(row), posted).status_code for _ in range(2)] == [302, 302]
    assert row.events.filter(kind="approved").count() == 1


# --- afterwards ------------------------------------------------------------------------------------------------------


def test_after_approval_the_page_tells_when_the_roll_up_is_done(people, sign_in):
    vision = make_scorecard(people.forum, name="ビジョンのKPI一覧")
    indicator = make_indicator(people.scorecard)
    contribute(indicator, make_rolled_up(vision))
    row = submitted(people, indicator)[0]
    client = sign_in()
    client.post(review_url(row), {"rows": row.public_id, "action": "approve"})
    assert "集計しています…" in client.get(review_url(row) + "?done=1").content.decode()
    assert client.get(review_url(row, "review_progress")).status_code == 204
    lanes.drain("rollup")
    answer = client.get(review_url(row, "review_progress")).content.decode()
    assert "集計が終わりました" in answer
    assert "ビジョンのKPI一覧" in answer
    assert "hx-get" not in answer


@pytest.mark.parametrize(("who", "status"), [("reporter", 403), ("stranger", 404)])
def test_the_progress_is_for_reviewers(people, sign_in, who, status):
    assert sign_in(who).get(review_url(submitted(people)[0], "review_progress")).status_code == status

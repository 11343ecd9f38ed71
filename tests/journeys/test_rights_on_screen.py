"""What a stranger, a member without the right and an account without a forum see of pages that are not theirs."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PASSWORD

pytestmark = pytest.mark.browser

STRANGER = "stranger@example.jp"
ADD_STRANGER = f"""
from allauth.account.models import EmailAddress
from tests.factories.actors import make_holder, make_organization, make_post
user = make_holder(make_post(make_organization("よその会社（架空）", kind="company")), email="{STRANGER}")
user.set_password("{PASSWORD}")
user.save()
EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
"""
FIND = """
from kpis.models import Indicator, Scorecard, Submission
kept = Indicator.objects.get(code="V-K09")
sent = Submission.objects.filter(scorecard__indicators__code="P2-1", state="submitted").distinct().latest("submitted_at")
card = Indicator.objects.get(code="P2-1").scorecard
print(kept.public_id, card.public_id, sent.public_id)
"""


@pytest.fixture(scope="module")
def places(installation):
    """Pages that are not for everybody: a figure for members, an entry grid, a submission, its review."""
    kept, card, sent = installation.python(FIND).split()
    return {
        "figure": f"/indicators/{kept}/",
        "grid": f"/scorecards/{card}/entry/",
        "submission": f"/submissions/{sent}/",
        "review": f"/reviews/{sent}/",
    }


def test_a_visitor_without_sign_in_is_led_to_the_sign_in_for_each_page_of_the_members(visitor, places):
    stranger = visitor()
    for path in places.values():
        page = stranger.open(path)
        assert "/accounts/login/?next=" in page.url
        expect(page.locator("h1")).to_have_text("サインイン")
    stranger.reads_well()


def test_after_the_sign_in_the_page_that_was_asked_for_opens(visitor, places):
    member = visitor()
    page = member.open(places["figure"])
    page.fill("input[name=login]", "kikaku@shionagi.example.jp")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form .p-button[data-kind=primary]")
    page.wait_for_url(f"**{places['figure']}")
    expect(page.locator("h1")).to_contain_text("共用冷凍保管庫の稼働率")


def test_a_wrong_password_is_refused_in_words_and_the_address_stays(visitor):
    person = visitor()
    page = person.open("/accounts/login/")
    page.fill("input[name=login]", "kikaku@shionagi.example.jp")
    page.fill("input[name=password]", "not-this-one")
    page.click("main form .p-button[data-kind=primary]")
    expect(page.get_by_role("alert")).to_contain_text("サインインできませんでした")
    assert page.input_value("input[name=login]") == "kikaku@shionagi.example.jp"
    person.reads_well()


def test_for_an_account_from_elsewhere_the_pages_of_the_members_do_not_exist(visitor, places, installation):
    installation.python(ADD_STRANGER)
    stranger = visitor()
    stranger.sign_in(STRANGER)
    expect(stranger.page.locator("main")).to_contain_text("参加している場がありません")
    for name in ("figure", "submission", "review"):
        page = stranger.is_refused(places[name], 404)
        expect(page.locator("h1")).to_have_text("ページが見つかりません")
    stranger.reads_well()


def test_a_member_without_the_right_sees_the_scorecard_but_is_refused_its_entry_grid(visitor, places):
    observer = visitor()
    observer.sign_in("sangyo@kakuken.example.jp")
    page = observer.open(places["grid"].removesuffix("entry/"))
    expect(page.locator(".p-scorecard__table")).to_be_visible()
    expect(page.get_by_role("link", name="値を入力する")).to_have_count(0)
    observer.is_refused(places["grid"], 403)
    expect(page.locator("h1")).to_have_text("この操作はできません")
    observer.reads_well()


def test_the_reporter_may_read_what_was_submitted_but_not_open_its_review(visitor, places):
    reporter = visitor()
    reporter.sign_in("info@mimamori.example.jp")
    expect(reporter.open(places["submission"]).locator("h1")).to_have_text("実績値の提出")
    reporter.is_refused(places["review"], 403)

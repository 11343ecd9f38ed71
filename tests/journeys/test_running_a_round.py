"""The secretariat's round: prepared with a warning, opened, chased from the board, ended; and what others see of it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import expect

from foundation.dates import fiscal_year, today_tokyo
from tests.journeys.test_entering_and_reviewing import decide

pytestmark = pytest.mark.browser

OFFICER = "kikaku@shionagi.example.jp"
PARTNER = "info@misaki.example.jp"
TODAY = today_tokyo()
PERIOD = f"FY{fiscal_year(TODAY)}-Q3"
IN_SESSION = date(TODAY.year + 1, 3, 15)
LAST = date(TODAY.year + 1, 4, 20)

AFTERWARDS = """
from foundation.access import system_actor
from foundation.errors import StateError
from projects.models import ProgressReport
from projects.reporting.services import writing
report = ProgressReport.objects.filter(project__code="P5").latest("id")
try:
    writing.save_answer(actor=system_actor("journey"), report=report, key="progress", text="遅れて書いた。")
except StateError as error:
    print(error.message)
"""


def prepare(person: Any) -> Any:
    """From the menu to the last look before it starts."""
    page = person.page
    person.follow("報告依頼", within="nav")
    person.follow("報告依頼を準備する")
    page.select_option("select[name=kind]", "quarter")
    page.select_option("select[name=period]", PERIOD)
    page.fill("input[name=due_on]", IN_SESSION.isoformat())
    page.fill("input[name=closes_on]", LAST.isoformat())
    decide(page, "依頼文を作る")
    expect(page.locator(".p-alert[data-kind=caution]")).to_contain_text("「両市町の議会会期」に当たります")
    expect(page.locator("input[name=name]")).to_have_value(re.compile("第3四半期 進捗報告$"))
    expect(page.locator("textarea[name=request_text]")).to_have_value(re.compile("電話 000-000-0000"))
    person.reads_well()
    decide(page, "保存して依頼先を確かめる")
    return page


def row(page: Any, code: str) -> Any:
    return page.locator("tbody tr").filter(has_text=re.compile(f"{code} "))


def to_board(page: Any) -> None:
    crumbs = page.get_by_role("navigation", name="現在の場所")
    with page.expect_navigation():
        crumbs.get_by_role("link", name=re.compile("第3四半期")).click()


def test_a_round_is_prepared_opened_chased_and_ended(visitor, installation):
    officer = visitor()
    officer.sign_in(OFFICER)
    page = prepare(officer)

    # The last look: whom it asks, who reviews, who ended earlier.
    expect(page.locator("h1")).to_have_text("依頼先の確認")
    expect(page.locator("main")).to_contain_text("「両市町の議会会期」に当たります")
    expect(page.locator("tbody tr")).to_have_count(4)
    expect(row(page, "P5")).to_contain_text("政策企画課長")
    page.get_by_role("checkbox", name=re.compile("P3 海藻由来フィルム")).check()
    officer.reads_well()
    decide(page, "受付を始める")

    # The board: nothing submitted, the stopped project is no debt.
    expect(page.locator(".p-round__summary")).to_have_text("提出 0／4件")
    chips = page.locator(".p-round__chips")
    expect(chips).to_contain_text("未提出 4")
    expect(chips).to_contain_text("報告対象外 1")
    expect(row(page, "P5")).to_contain_text("info@misaki.example.jp")
    expect(row(page, "P3")).to_contain_text("中止済み")
    expect(row(page, "P3").get_by_role("checkbox")).to_have_count(0)
    officer.reads_well()

    # Two are reminded at once; pressed again, nobody is written to twice.
    for code in ("P2", "P5"):
        row(page, code).get_by_role("checkbox").check()
    decide(page, "督促する")
    expect(page.locator(".p-messages")).to_contain_text("2件を督促しました。")
    expect(row(page, "P5")).to_contain_text("次は副担当")
    row(page, "P5").get_by_role("checkbox").check()
    decide(page, "督促する")
    expect(page.locator(".p-messages")).to_contain_text("今日すでに主担当へ督促しました")

    # A telephone call is kept, and one report is let off with a reason.
    with page.expect_navigation():
        row(page, "P5").get_by_role("link", name=re.compile("^記録・変更")).click()
    page.get_by_label("話した相手").fill("岬精機 取締役")
    page.get_by_label("話したこと").fill("来週の会議のあとに提出するとのこと")
    decide(page, "電話を記録する")
    expect(page.locator(".p-timeline")).to_contain_text("来週の会議のあとに提出するとのこと")
    officer.reads_well()
    to_board(page)
    with page.expect_navigation():
        row(page, "P4").get_by_role("link", name=re.compile("^記録・変更")).click()
    page.get_by_label("報告対象外とする理由").fill("この四半期は講座を開かないため")
    decide(page, "報告対象外とする")
    expect(page.locator("main")).to_contain_text("この四半期は講座を開かないため")

    # A partner reads the request and finds its own report, not the board.
    partner = visitor(width=360)
    partner.sign_in(PARTNER)
    partner.page.get_by_role("button", name="メニュー").click()
    partner.follow("報告依頼", within="nav")
    partner.follow(re.compile("第3四半期 進捗報告"))
    expect(partner.page.locator("main")).to_contain_text("共用冷凍保管庫")
    expect(partner.page.locator("main")).not_to_contain_text("浜の予約便")
    partner.reads_well()

    # The end names who is missing and asks once more; afterwards nothing is taken in.
    to_board(page)
    with page.expect_navigation():
        page.get_by_role("link", name="受付を終える").click()
    expect(page.locator("main")).to_contain_text("まだそろっていない報告（3件）")
    officer.reads_well()
    decide(page, "受付を終える")
    expect(page.locator(".p-round__dates")).to_contain_text("終了")
    expect(page.get_by_role("button", name="督促する")).to_have_count(0)
    assert "事務局に再開を依頼してください" in installation.python(AFTERWARDS)


def test_the_board_of_the_open_round_keeps_late_missing_and_exempt_apart(visitor):
    officer = visitor()
    page = officer.sign_in(OFFICER)
    officer.follow("報告依頼", within="nav")
    with page.expect_navigation():
        page.get_by_role("link", name="令和8年度 第2四半期 進捗報告").click()
    codes = page.locator("tbody th a:first-child").all_inner_texts()
    assert [each[:2] for each in codes if each.startswith("P")] == ["P5", "P2", "P1", "P4", "P3"]
    expect(row(page, "P5")).to_contain_text(re.compile("提出期限から[0-9]+日経過"))
    expect(row(page, "P1")).to_contain_text("代決")
    expect(row(page, "P3")).to_contain_text("架橋 ゆき（架空）")
    with page.expect_navigation():
        page.locator(".p-round__chips").get_by_role("link", name=re.compile("^報告対象外")).click()
    expect(page.locator("tbody tr")).to_have_count(1)

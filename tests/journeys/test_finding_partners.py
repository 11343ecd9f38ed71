"""A company without an account finds something on a phone, asks to hear more, and is answered."""

from __future__ import annotations

import email
import re
import time
from collections.abc import Callable
from datetime import date
from email import policy
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from foundation.dates import add_business_days, date_with_weekday, today_tokyo

pytestmark = pytest.mark.browser
COMPANY, ADDRESS = "架空乾物株式会社（架空）", "kanbutsu@example.jp"
TITLE = "旧卸売場の荷さばき棟"


def waited_for(found: Callable[[], str], seconds: float = 20) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(0.2)
    raise AssertionError("nothing came")


def mail_to(address: str, folder: Path) -> str:
    """The text of the newest mail to an address among the installation's files."""
    for path in sorted(folder.glob("*"), key=lambda each: each.stat().st_mtime, reverse=True):
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        if address in str(message["To"]):
            body: str = message.get_content()
            return body
    return ""


def link_in(text: str) -> str:
    found = urlsplit(re.search(r"https?://\S+/opportunities/confirm/\S+", text)[0])
    return f"{found.path}?{found.query}"


def due(days: int) -> str:
    day: date = add_business_days(today_tokyo(), days)
    return date_with_weekday(day)


def test_a_company_on_a_phone_asks_to_hear_more_and_is_answered(visitor, installation):
    company = visitor(width=360)
    page = company.open("/opportunities/")
    company.reads_well()
    expect(page.get_by_text("共用冷凍保管庫")).to_have_count(0)

    page.fill("input[name=q]", "乾燥")
    page.get_by_role("button", name="探す").click()
    expect(page.locator(".p-offer")).to_have_count(1)
    expect(page.locator(".p-offer__title")).to_have_text("真空凍結乾燥機（見本型）を使えます")
    page.get_by_role("link", name="条件をすべて消す").first.click()
    company.follow(re.compile("実証フィールド"))
    company.follow(re.compile(TITLE))
    expect(page.locator(".p-offer-call")).to_contain_text("お名前（会社名）とメールアドレスだけ")
    company.reads_well()

    company.follow("話を聞きたい（無料）")
    expect(page.locator(".p-offer-names")).to_contain_text("公開はしません")
    company.reads_well()
    page.fill("input[name=name]", COMPANY)
    page.fill("input[name=email]", ADDRESS)
    page.get_by_role("button", name="確認のメールを受け取る").click()
    expect(page.locator("h1")).to_have_text("メールを確かめてください")
    company.reads_well()

    link = link_in(waited_for(lambda: mail_to(ADDRESS, installation.mails)))
    company.open(link)
    company.reads_well()
    page.get_by_role("button", name="申込みを確定する").click()
    expect(page.locator(".p-offer-standing__due")).to_contain_text(due(10))
    company.reads_well()
    status = urlsplit(page.url).path

    answer(visitor, status)

    company.open(status)
    expect(page.locator(".p-offer-standing")).to_contain_text("受付")
    expect(page.locator(".p-timeline")).to_contain_text("来週、見学の日を決めましょう")
    expect(page.get_by_text("担当は水産係")).to_have_count(0)
    company.reads_well()
    page.get_by_role("link", name="申込みの状況").first.click()
    expect(page.locator(".p-offer")).to_have_count(1)
    company.reads_well()


def answer(visitor, status: str) -> None:
    """The section of the town that posted it finds the application and takes it up."""
    town = visitor()
    page = town.sign_in("sangyo@shionagi.example.jp")
    town.open("/interests/inbox/")
    town.reads_well()
    row = page.get_by_role("row").filter(has_text=COMPANY)
    expect(row).to_contain_text("あと")
    row.get_by_role("link").click()
    page.get_by_label("受付", exact=True).check()
    page.get_by_label("申し込んだ方への連絡").fill("来週、見学の日を決めましょう。")
    page.get_by_label("内部のメモ").fill("担当は水産係")
    page.get_by_role("button", name="記録して知らせる").click()
    expect(page.locator(".p-timeline")).to_contain_text("担当は水産係")
    assert urlsplit(page.url).path == status
    town.reads_well()


def test_a_bank_sees_what_is_meant_for_it_and_the_coordinator_what_nobody_answered(visitor):
    bank = visitor()
    page = bank.sign_in("chiiki@shionagi-shinkin.example.jp")
    bank.open("/opportunities/?q=冷凍")
    expect(page.locator(".p-offer")).to_have_count(1)
    bank.reads_well()

    coordinator = visitor()
    page = coordinator.sign_in("co@shien.example.jp")
    coordinator.open("/interests/queue/")
    expect(page.get_by_role("row").filter(has_text="見守りラボ")).to_contain_text("期限切れ")
    coordinator.reads_well()
    coordinator.follow(re.compile(TITLE))
    expect(page.locator(".p-timeline")).to_contain_text("返事がないまま期限を過ぎ")
    coordinator.reads_well()


def test_a_company_writes_what_it_needs_and_publishes_it(visitor):
    company = visitor()
    page = company.sign_in("info@mimamori.example.jp")
    company.open("/opportunities/own/")
    company.follow("ニーズを登録する")
    expect(page.get_by_label("くわしい内容")).to_have_value("市場の課題：\n技術要件：\n制約：\n期限：")
    page.get_by_label("題名").fill("見守りの試験に協力してくださる世帯を探しています")
    page.get_by_label("ひとことで言うと").fill("一人暮らしの方10世帯、3か月")
    page.get_by_label("返事をする担当（主担当）").select_option(index=1)
    company.reads_well()
    page.get_by_role("button", name="下書きとして保存する").click()
    expect(page.locator("#keeping")).to_contain_text("下書き")
    company.reads_well()
    page.get_by_role("button", name="公開する").click()
    expect(page.locator("#keeping")).to_contain_text("募集中")
    reader = visitor(width=360)
    reader.open("/opportunities/?q=見守り")
    expect(reader.page.locator(".p-offer")).to_have_count(1)

"""A resident reads the plain page of a vision on a phone, asks, and reads the answer of the section that owes it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

OFFICE, SECTION = "kikaku@shionagi.example.jp", "sangyo@shionagi.example.jp"
QUESTION = "浜の予約便は、車いすのままでも乗れますか。山田（000-000-0000）まで教えてください。"
SHORTENED = "浜の予約便は、車いすのままでも乗れますか。"
ANSWER = "はい、2台のうち1台は車いすのまま乗れます（架空）。ご予約のときに、お申し出ください。"


def choose(page, label: str, words: str) -> None:
    """The choice that holds the words; its whole label is as long as the names of organisation and post."""
    field = page.get_by_label(re.compile(f"^{label}"))
    value = field.locator("option").filter(has_text=words).first.get_attribute("value")
    field.select_option(value)


def test_a_resident_asks_on_a_phone_and_reads_the_answer(visitor):
    resident = visitor(width=360)
    receipt, code = asks(resident)
    office = visitor()
    assigns(office, code)
    answers(visitor(), code)
    releases(office, code)
    page = resident.open(receipt)
    expect(page.locator("h1")).to_have_text("ご質問にお答えしました")
    expect(page.get_by_text(ANSWER)).to_be_visible()
    page = resident.open("/voices/?q=車いす")
    expect(page.get_by_text(SHORTENED)).to_be_visible()
    expect(page.get_by_text(ANSWER)).to_be_visible()
    expect(page.get_by_text("山田")).to_have_count(0)
    resident.reads_well()


def asks(resident) -> tuple[str, str]:
    """Reads, finds the telephone, asks; the path of the receipt and the number to say on the telephone."""
    page = resident.open("/visions/")
    resident.follow("海まるごと循環ビジョン2035（架空）")
    expect(page.get_by_text("めざす数字").first).to_be_visible()
    expect(page.locator(".p-plain__figure")).to_have_count(9)
    expect(page.locator(".p-plain__figure").filter(has_text="5,530万円")).to_contain_text("順調")
    expect(page.get_by_role("link", name="000-000-0000")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("KPI")
    resident.reads_well()
    resident.follow(re.compile("^浜の予約便"))
    expect(page.get_by_text("電話又はスマートフォンで前日正午までに予約すると")).to_be_visible()
    resident.follow("意見や質問を送る")
    expect(page.get_by_text("担当の課がお答えします")).to_be_visible()
    resident.reads_well()
    page.get_by_label(re.compile("ご意見・ご質問の内容")).fill(QUESTION)
    page.get_by_label(re.compile("お住まいの地区・年代")).fill("港町地区・60代（架空）")
    page.get_by_role("button", name="送る").dblclick()
    page.wait_for_url("**/voices/receipt/**")
    expect(page.locator("h1")).to_have_text("受け付けました。ありがとうございます")
    resident.reads_well()
    return page.url.removeprefix(resident.address), page.locator(".p-receipt__code").inner_text()


def assigns(office, code: str) -> None:
    page = office.sign_in(OFFICE)
    expect(page.get_by_text("ご意見・ご質問の担当を決める")).to_be_visible()
    office.open("/voices/queue/")
    office.reads_well()
    office.follow(code)
    choose(page, "回答する担当", "産業振興課")
    page.get_by_role("button", name="担当を決める").click()
    expect(page.get_by_text("担当を決めました。")).to_be_visible()


def answers(section, code: str) -> None:
    """The section writes, and cannot release what it wrote itself."""
    page = section.sign_in(SECTION)
    expect(page.get_by_text("ご意見・ご質問への回答").first).to_be_visible()
    section.open("/voices/queue/")
    section.follow(code)
    page.get_by_label("回答", exact=True).fill(ANSWER)
    page.get_by_role("button", name="確認を依頼する").click()
    expect(page.get_by_text("自分が書いた回答案は")).to_be_visible()
    expect(page.get_by_role("button", name="回答案を確認して、回答する")).to_have_count(0)


def releases(office, code: str) -> None:
    """Without having looked for names it is refused; with the name taken out it is released."""
    page = office.open("/voices/queue/")
    office.follow(code)
    office.reads_well()
    button = page.get_by_role("button", name="回答案を確認して、回答する")
    page.get_by_label("公開する質問の内容").fill(SHORTENED)
    button.click()
    expect(page.locator(".p-form-errors")).to_contain_text("個人が分かること")
    page.get_by_label(re.compile("個人が分かることがないことを確かめました")).check()
    button.click()
    expect(page.get_by_text("回答し、公開しました。")).to_be_visible()

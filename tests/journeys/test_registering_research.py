"""A university registers joint research, gives it a KPI, the keeper above takes it in, and its figures count."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

UNIVERSITY = "sangaku@shionagi-u.example.jp"
KEEPER = "sangyo@shionagi.example.jp"
REVIEWER = "kikaku-kacho@shionagi.example.jp"
COMPANY = "kaihatsu@shioji.example.jp"
NAME = "海藻の根から取れる増粘材の試作（架空）"
PARTNER = "汐凪浜の素株式会社（架空）"
NUMBER, WRONG = "9999999999999", "8999999999999"
KPI = "増粘材の試験販売額"
PARENT = "V-K01 未利用資源を使った商品の売上高"
# A project of 令和5年度, the year of preparation: no other road looks at V-K01 there.
FIRST, LAST, YEAR, QUARTER = "2023-10-01", "2024-03-31", "令和5年度", "令和5年度（2023）第3四半期"


def press(page: Any, name: str | re.Pattern[str]) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=isinstance(name, str)).click()


def register(person: Any, page: Any) -> str:
    """The seven things, with a wrong check digit on the way; the address of the project."""
    person.follow("プロジェクト", within="nav")
    person.follow("プロジェクトを登録する")
    page.get_by_label("研究課題").fill(NAME)
    page.get_by_label("契約番号").fill("架・共研R5-090")
    page.get_by_label("相手方の名称").fill(PARTNER)
    page.get_by_label("相手方の法人番号").fill(WRONG)
    page.get_by_label("代表機関の部局").fill("水産科学部")
    page.get_by_label("開始日").fill(FIRST)
    page.get_by_label("終了日").fill(LAST)
    page.get_by_label("T1 捨てない海の産業").check()
    press(page, "登録する")
    expect(page.locator(".p-form-errors")).to_contain_text("法人番号の検査用数字が合いません")
    expect(page.get_by_label("研究課題")).to_have_value(NAME)
    person.reads_well()
    page.get_by_label("相手方の法人番号").fill(NUMBER)
    page.keyboard.press("Tab")
    expect(page.locator("#partner-found")).to_contain_text("まだポータルに登録がありません")
    press(page, "登録する")
    expect(page.locator("#messages")).to_contain_text(f"「{NAME}」を登録しました")
    return str(page.url).removesuffix("edit/").removeprefix(person.address)


def fill_sections(person: Any, page: Any) -> None:
    """概要と契約, 参加機関, 財源, 体制の確認, each saved on its own page."""
    person.reads_well()
    page.get_by_label("概要").first.fill("海藻の根を原料に、食品に使える増粘材を試作する。")
    page.get_by_label("金額の公表").select_option("none")
    press(page, "保存して次へ")
    page.get_by_label("担当部署").first.fill("商品開発課")
    person.reads_well()
    press(page, "保存して次へ")
    page.get_by_label("財源の名称").first.fill("浜の素（共同研究費）")
    page.get_by_label("間接経費率（％）").first.fill("30")
    page.get_by_label("令和5年度", exact=True).first.fill("2,600")
    page.get_by_label("令和5年度 金額の性質").first.select_option("actual")
    person.reads_well()
    press(page, "保存して次へ")
    page.get_by_label("状況").first.select_option("present")
    page.get_by_label("だれが").first.fill("汐凪大学")
    page.get_by_label("状況").last.select_option("missing")
    person.reads_well()
    press(page, "保存して次へ")


def give_kpi(person: Any, page: Any) -> None:
    page.get_by_label("どのビジョンのKPIにつなぎますか").select_option(label=PARENT)
    press(page, "この上位のKPIに合わせる")
    expect(page.get_by_label("単位")).to_have_value("yen_million")
    page.get_by_label("KPIの名称").fill(KPI)
    page.get_by_label("定義").fill("試作した増粘材の試験販売額（税抜）。見本の提供は含めない。")
    person.reads_well()
    press(page, "KPIを登録する")
    expect(page.get_by_role("row").filter(has_text=KPI)).to_contain_text("申請中（まだ集計に入らない）")


def enter_figures(page: Any) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name="値を入力する").click()
    expect(page.locator("caption").first).to_contain_text(YEAR)
    for period, value in (("FY2023-Q3", "1.25"), ("FY2023-Q4", "0.5")):
        page.locator(f'td[data-cell$=".{period}"] input:not([type=hidden])').first.focus()
        with page.expect_response(re.compile("/entry/cell/")):
            page.keyboard.type(value)
            page.keyboard.press("Tab")
    press(page, "提出内容を確かめる")
    press(page, re.compile("として提出する$"))
    expect(page.locator("main")).to_contain_text("提出済み（確認待ち） 2件")


def shows(page: Any, address: str, approved: str, with_waiting: str) -> None:
    """The quarter's row of V-K01, looked at again until the roll-up has come by."""
    cells = page.get_by_role("row").filter(has_text=QUARTER).get_by_role("cell")
    for _look in range(40):
        page.goto(address)
        if (cells.nth(0).inner_text(), cells.nth(1).inner_text()) == (approved, with_waiting):
            return
        page.wait_for_timeout(250)
    expect(cells.nth(0)).to_have_text(approved)
    expect(cells.nth(1)).to_have_text(with_waiting)


def test_registered_research_counts_in_the_vision_once_its_keeper_and_a_reviewer_have_said_so(visitor):
    university = visitor()
    page = university.sign_in(UNIVERSITY)
    project = register(university, page)
    fill_sections(university, page)
    give_kpi(university, page)

    page = university.open(project)
    main = page.locator("main")
    expect(main).to_contain_text(PARTNER)
    expect(main).to_contain_text("商品開発課")
    expect(page.get_by_role("row").filter(has_text="浜の素（共同研究費）")).to_contain_text("2,600")
    expect(page.get_by_role("row").filter(has_text="知財")).to_contain_text("いない")
    university.reads_well()

    # Another member of the forum reads the project, and nothing of its money, its terms or its partner.
    company = visitor(width=360)
    company.sign_in(COMPANY)
    main = company.open(project).locator("main")
    expect(main).to_contain_text(NAME)
    for hidden in ("2,600", "浜の素", "架・共研R5-090", "間接経費"):
        expect(main).not_to_contain_text(hidden)

    # What waits for the keeper of the KPI above: looked at, and taken in.
    keeper = visitor()
    page = keeper.sign_in(KEEPER)
    with page.expect_navigation():
        page.get_by_role("row").filter(has_text="つながりの承認").get_by_role("link").click()
    expect(page.locator("main")).to_contain_text("見本の提供は含めない")
    keeper.reads_well()
    with page.expect_navigation():
        page.get_by_role("link", name=PARENT).click()
    vision = page.url
    expect(page.get_by_role("row").filter(has_text=QUARTER)).to_contain_text("期間外")
    page.go_back()
    press(page, "承認する")
    expect(page.locator("#messages")).to_contain_text("これから集計に入ります")

    # The figures: with what is not approved yet at once, officially after the reviewer.
    page = university.open(f"{project}indicators/")
    expect(page.get_by_role("row").filter(has_text=KPI)).to_contain_text("集計に入る")
    enter_figures(page)
    shows(keeper.page, vision, "未報告", "1.25")

    reviewer = visitor()
    page = reviewer.sign_in(REVIEWER)
    reviewer.follow("確認待ち", within="nav")
    with page.expect_navigation():
        page.get_by_role("row").filter(has_text=NAME).get_by_role("link").click()
    press(page, "選んだ値を承認する")
    shows(keeper.page, vision, "1.25", "1.25")

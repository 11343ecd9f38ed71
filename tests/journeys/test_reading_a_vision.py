"""An officer follows a vision: what waits, the forum, the scorecard, and behind a figure the single measurement."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

OFFICER = "kikaku@shionagi.example.jp"
VISION = "海まるごと循環ビジョン2035（架空）"
FORUM = "しおなぎ地域共創の場（架空）"
MEDIA_BOX = re.compile(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)\s*\]")


def row_of(page: Any, code: str) -> Any:
    return page.locator(f'tr:has(td.p-scorecard__code:text-is("{code}"))')


def show_year(page: Any, code: str) -> None:
    page.select_option("select[name=fy]", code)
    with page.expect_navigation():
        page.get_by_role("button", name="表示する").click()


def open_scorecard(person: Any, year: str) -> Any:
    """As she does every morning: sign in, the scorecard from the home page, the year she wants."""
    page = person.sign_in(OFFICER)
    person.follow("KPI一覧")
    show_year(page, year)
    return page


def test_an_officer_walks_from_home_through_the_forum_and_the_vision_to_its_ten_kpis(visitor):
    officer = visitor()
    page = officer.sign_in(OFFICER)
    waiting = page.locator("section", has_text="期限が近いもの").first
    expect(waiting.get_by_role("link", name="残さの分別基準を2市町でそろえ、要綱を改める")).to_be_visible()
    officer.reads_well()

    officer.follow(FORUM)
    expect(page.locator("h1")).to_have_text(FORUM)
    officer.reads_well()

    officer.follow(VISION)
    expect(page.locator("h1")).to_contain_text(VISION)
    officer.reads_well()

    officer.follow("KPI一覧")
    expect(page.locator("h1")).to_have_text(VISION)
    expect(page.locator(".p-scorecard__table tbody tr")).to_have_count(10)
    officer.reads_well()


def test_each_grade_is_a_symbol_and_a_word_with_how_far_the_reports_have_come(visitor):
    page = open_scorecard(visitor(), "FY2025")
    sales = row_of(page, "V-K01")
    grade = sales.locator(".p-scorecard__grade .p-badge")
    assert grade.locator(".p-badge__symbol").inner_text() == "◎"
    assert grade.locator(".p-badge__label").inner_text() == "順調（一部未報告）"
    expect(sales.get_by_role("cell", name="7／8", exact=True)).to_be_visible()

    burnt = row_of(page, "V-K02").locator("td", has_text="4,469")
    assert burnt.locator("[aria-hidden]").inner_text() == "？"
    assert burnt.locator(".p-visually-hidden").text_content() == "判定保留"
    expect(burnt).to_contain_text("7／8")
    words = [row_of(page, code).locator(".p-badge__label") for code in ("V-K03", "V-K05")]
    assert [word.inner_text() for word in words] == ["おおむね順調", "課題あり"]


def test_the_approved_figure_stands_beside_the_one_that_counts_what_is_not_approved_yet(visitor):
    page = open_scorecard(visitor(), "FY2026")
    heads = page.locator(".p-scorecard__table thead").inner_text()
    assert "承認済み" in heads
    assert "承認前を含む" in heads.replace("\n", "")
    sales = row_of(page, "V-K01")
    expect(sales.locator("a.p-scorecard__figure")).to_have_text("13.90")
    expect(sales.locator(".p-scorecard__provisional a")).to_have_text("31.30")
    expect(sales.locator(".p-scorecard__provisional")).to_contain_text("2／4")


def test_a_gap_is_drawn_as_a_gap_and_said_in_words(visitor):
    page = open_scorecard(visitor(), "FY2025")
    line = row_of(page, "V-K07").locator("svg.p-spark")
    assert line.locator("polyline").count() == 0
    places = line.locator("circle").evaluate_all("all => [...new Set(all.map(c => c.getAttribute('cx')))]")
    assert len(places) == 2
    assert line.get_attribute("aria-label") == "R5からR7までの推移（値のない期間1）"
    expect(row_of(page, "V-K07").locator("td", has_text="対象外")).to_be_visible()
    joined = row_of(page, "V-K04").locator("svg.p-spark polyline").get_attribute("points")
    assert len(joined.split()) == 3


def test_any_figure_opens_why_down_to_the_reporter_the_approver_and_the_evidence_and_leads_back(visitor):
    officer = visitor()
    page = open_scorecard(officer, "FY2026")
    with page.expect_navigation():
        row_of(page, "V-K01").locator("a.p-scorecard__figure").click()
    expect(page.locator(".p-figure__number")).to_have_text("13.90")
    officer.reads_well()

    with page.expect_navigation():
        page.get_by_role("link", name=re.compile("^根拠.*第1四半期")).click()
    measured = page.locator(".p-why__entered")
    expect(measured).to_have_count(1)
    for words in (
        "登録された値：13.9百万円（確定値）",
        "報告：汐凪潮路水産加工株式会社（架空） 開発課長 架上 まこと（架空）",
        "承認：国立大学法人汐凪大学（架空） 研究・産学連携本部 URA 架橋 ゆき（架空）",
        "根拠資料：各社の販売管理（架空）",
    ):
        expect(measured).to_contain_text(words)
    assert re.search(r"記録番号 \d+", measured.inner_text())
    officer.reads_well()

    officer.follow(VISION, within=".p-breadcrumbs")
    expect(page.locator(".p-scorecard__table")).to_be_visible()
    assert page.locator("select[name=fy]").input_value() == "FY2026"


def test_a_figure_of_the_public_record_leads_anybody_to_its_source(visitor):
    reader = visitor()
    page = reader.open("/visions/")
    reader.follow(re.compile("数字を見る.*都市エリア産学官連携促進事業"))
    with page.expect_navigation():
        row_of(page, "UA-PAT").locator("a.p-scorecard__figure").click()
    expect(page.locator(".p-figure__number")).to_have_text("253")
    expect(page.locator("main")).not_to_contain_text("元になる値がありません")
    reader.reads_well()
    reader.follow("UA-PAT 特許出願数", within=".p-breadcrumbs")
    expect(page.locator(".p-facts__row").filter(has_text="出典")).to_contain_text("文部科学省")
    reader.reads_well()


def test_one_kpi_shows_its_course_as_a_picture_and_as_a_table(visitor):
    officer = visitor()
    page = open_scorecard(officer, "FY2026")
    with page.expect_navigation():
        row_of(page, "V-K07").locator("th a").first.click()
    expect(page.locator("[data-series-chart] svg").first).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("令和6年度（2024）.*対象外"))).to_be_visible()
    officer.reads_well()


def test_the_scorecard_prints_on_one_a4_landscape_page_with_its_table(visitor):
    page = open_scorecard(visitor(), "FY2025")
    paper = page.pdf(prefer_css_page_size=True, tagged=True)
    boxes = [(round(float(wide)), round(float(high))) for wide, high in MEDIA_BOX.findall(paper)]
    assert boxes == [(842, 595)]
    assert paper.count(b"/S /Table") == 1
    assert paper.count(b"/S /TR") == 12

    page.emulate_media(media="print")
    page.set_viewport_size({"width": 1016, "height": 688})  # 269 × 182 mm: the sheet within its margins
    table = page.locator(".p-scorecard__table").bounding_box()
    assert table["x"] >= 0
    assert table["x"] + table["width"] <= 1017
    expect(page.locator(".p-filter")).to_be_hidden()
    expect(page.locator(".p-nav")).to_be_hidden()

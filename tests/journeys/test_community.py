"""A community: its network read as words, drawing and table, by a visitor on a phone and by its keeper at a desk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

KEEPER = "ura@shionagi-u.example.jp"
NAME = "海の資源循環コミュニティ（架空）"


def test_a_visitor_on_a_phone_reads_who_leads_who_belongs_and_what_ties_them(visitor):
    resident = visitor(width=360)
    page = resident.open("/")
    page.get_by_role("link", name="コミュニティ", exact=True).first.click()
    resident.reads_well()
    resident.follow(NAME)
    expect(page.locator(".p-leaders__item")).to_have_count(3)
    expect(page.locator(".p-leaders")).to_contain_text("残さから商品を作り、売るところまで")
    expect(page.get_by_text("知財 例子")).to_have_count(0)  # people are named to signed-in people alone
    findings = page.locator("#ties .p-facts")
    expect(findings).to_contain_text("汐凪大学")
    expect(findings).to_contain_text("浜のくらしの会")
    drawing = page.locator(".p-network__drawing")
    expect(drawing).to_have_attribute("role", "img")
    expect(drawing.locator(".p-network__actor")).to_have_count(12)
    past = page.locator("#ties tr").filter(has_text="雲海凪").first
    expect(past).to_contain_text("終わったつながり")
    resident.reads_well()


def test_names_in_the_drawing_do_not_overlap_and_are_large_enough_to_read(visitor):
    reader = visitor(width=360)
    page = reader.open("/communities/")
    reader.follow(NAME)
    boxes = page.evaluate(
        "() => [...document.querySelectorAll('.p-network__drawing .p-network__actor text')]"
        ".map(each => each.getBoundingClientRect()).map(({left, top, right, bottom}) => [left, top, right, bottom])"
    )
    assert len(boxes) == 12
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, (one, other)
    assert min(bottom - top for _left, top, _right, bottom in boxes) >= 11


def test_the_keeper_adds_a_member_gives_it_a_part_and_ends_it(visitor):
    keeper = visitor()
    keeper.sign_in(KEEPER)
    page = keeper.open("/communities/")
    keeper.follow(NAME)
    expect(page.get_by_text("知財 例子（架空）").first).to_be_visible()
    keeper.follow("メンバーを編集")
    keeper.reads_well()
    page.fill("input[name=q]", "見守り")
    with page.expect_navigation():
        page.get_by_role("button", name="探す").click()
    page.get_by_label("株式会社しおなぎ見守りラボ（架空）").check()
    page.fill("input[name=role_note]", "配送との連携")
    with page.expect_navigation():
        page.get_by_role("button", name="メンバーに加える").click()
    row = page.locator("main tr").filter(has_text="見守りラボ")
    expect(row).to_contain_text("配送との連携")
    with page.expect_navigation():
        row.get_by_role("link", name=re.compile("編集")).click()
    keeper.reads_well()
    page.fill("input[name=until_on]", page.input_value("input[name=since_on]"))
    with page.expect_navigation():
        page.get_by_role("button", name="保存する").click()
    expect(page.locator("main tr").filter(has_text="見守りラボ")).to_contain_text("まで")


def test_ties_of_the_same_forum_are_added_on_wish(visitor):
    reader = visitor()
    page = reader.open("/communities/")
    reader.follow(NAME)
    count = page.locator("#ties .p-network__tie").count()
    reader.follow("同じ場の構成員も含める")
    expect(page.locator("#ties")).to_contain_text("同じ地域共創の場の構成員")
    assert page.locator("#ties .p-network__tie").count() > count
    reader.reads_well()

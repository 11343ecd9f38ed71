"""The whole way to the reason of a figure without a mouse."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PASSWORD

pytestmark = pytest.mark.browser

# What has the focus: does it match, is a mark of the focus drawn, does it lie in sight and under nothing else?
FOCUS = """selector => {
  const it = document.activeElement, style = getComputedStyle(it), box = it.getBoundingClientRect();
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const lines = [...it.getClientRects()];
  const open = lines.some(line => {
    const top = document.elementFromPoint(line.x + line.width / 2, line.y + line.height / 2);
    return top && (it.contains(top) || top.contains(it) || (it.labels && [...it.labels].some(l => l.contains(top))));
  });
  const inSight = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return {found: it.matches(selector), outlined, open, inSight, name: (it.outerHTML || '').slice(0, 120)};
}"""


def tab_to(page: Any, selector: str, most: int = 60) -> list[str]:
    """Press Tab until the focus is there; every stop on the way shows that it has it. Returns the stops."""
    stops: list[str] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        state = page.evaluate(FOCUS, selector)
        stops.append(state["name"])
        assert state["inSight"], f"the focus is out of sight: {state['name']}"
        assert state["outlined"], f"the focus is not drawn: {state['name']}"
        assert state["open"], f"the focus lies under something: {state['name']}"
        if state["found"]:
            return stops
    raise AssertionError(f"{selector} is not reached: {stops}")


def press_enter(page: Any) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_from_the_sign_in_to_the_reason_of_the_first_figure_with_tab_and_enter(visitor):
    person = visitor()
    page = person.open("/accounts/login/")
    expect(page.locator("input[name=login]")).to_be_focused()
    page.keyboard.type("kikaku@shionagi.example.jp")
    tab_to(page, "input[name=password]", 3)
    page.keyboard.type(PASSWORD)
    press_enter(page)

    assert tab_to(page, ".p-skip", 1)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    tab_to(page, 'main a[href^="/scorecards/"]', 20)
    press_enter(page)

    tab_to(page, ".p-skip", 1)
    page.keyboard.press("Enter")
    tab_to(page, "main tbody tr:first-child a.p-scorecard__figure, main tbody tr:first-child .p-gap-link", 40)
    press_enter(page)
    expect(page.locator(".p-page-header, h1").first).to_contain_text("V-K01")
    assert "/why/" in page.url


def test_the_skip_link_is_the_first_stop_shows_itself_and_jumps_over_the_menu(visitor):
    page = visitor().open("/forums/")
    skip = page.locator(".p-skip")
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box["y"] >= 0
    assert box["height"] >= 24
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.querySelector('main').contains(document.activeElement)")


def test_the_menu_of_the_phone_opens_and_leads_on_by_keyboard(visitor):
    person = visitor(width=360)
    page = person.sign_in("kikaku@shionagi.example.jp")
    tab_to(page, "[data-nav-toggle]", 12)
    page.keyboard.press("Enter")
    assert page.get_attribute("[data-nav-toggle]", "aria-expanded") == "true"
    tab_to(page, '#main-nav a[href="/reviews/"]', 10)
    press_enter(page)
    expect(page.locator("h1")).to_have_text("確認待ち")

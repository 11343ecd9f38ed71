"""Journeys: a person at a real browser, a real server, real workers, the real sample."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.installation import Installation

PASSWORD = "kyoso-no-ba-2026"
WIDTHS = (360, 768, 1280)
CI = os.environ.get("CI") == "true"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """The path of a Chromium; without one the journeys are skipped, except in CI, where they fail."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))),
        "",
    )
    if not found and CI:
        pytest.fail("no Chromium found")
    if not found:
        pytest.skip("no Chromium found (Debian: apt install chromium)")
    return found


# All journeys share one installation: those that only read come first, the look at the whole comes last.
FIRST = ("test_reading_a_vision", "test_public_reading", "test_keyboard_alone")
LAST = ("test_whole_afterwards",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    own = [place for place, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    ordered = sorted((items[place] for place in own), key=lambda item: _turn(item.path.stem))
    for place, item in zip(own, ordered, strict=True):
        items[place] = item


def _turn(name: str) -> int:
    return 0 if name in FIRST else 2 if name in LAST else 1


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    chromium()
    made = Installation(tmp_path_factory.mktemp("portal"))
    try:
        made.manage("migrate", "--verbosity", "0")
        made.manage("load_sample")
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def address(installation: Installation) -> Iterator[str]:
    with installation.served() as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield started
        started.close()


class Visitor:
    """One person at one browser: signs in, looks, types; collects what the page complained of."""

    def __init__(self, browser: Any, address: str, width: int = 1280) -> None:
        self.address = address
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="ja-JP", timezone_id="Asia/Tokyo"
        )
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._request)

    def _console(self, message: Any) -> None:
        if message.type == "error" and "422" not in message.text and "409" not in message.text:
            self.complaints.append(message.text)

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"left the house: {request.url}")

    def open(self, path: str) -> Any:
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, email: str) -> Any:
        page = self.open("/accounts/login/")
        page.fill("input[name=login]", email)
        page.fill("input[name=password]", PASSWORD)
        page.click("main form .p-button[data-kind=primary]")
        page.wait_for_url("**/home/")
        return page

    def follow(self, name: str | re.Pattern[str], within: str = "main") -> Any:
        """Click the first link of that name; the page it leads to."""
        with self.page.expect_navigation():
            self.page.locator(within).get_by_role("link", name=name).first.click()
        return self.page

    def is_refused(self, path: str, status: int) -> Any:
        """The page answers with this status; the browser's own line about it is no complaint."""
        answer = self.page.goto(self.address + path)
        assert answer.status == status, path
        self.complaints = [each for each in self.complaints if f"status of {status}" not in each]
        return self.page

    def reads_well(self) -> None:
        """The page as it stands fits a phone, a tablet and a desk, and axe finds nothing on the first and the last."""
        size = self.page.viewport_size
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            assert self._fits(), f"{self.page.url} scrolls sideways at {width} px"
            if width != 768:
                self.axe()
        self.page.set_viewport_size(size)

    def _fits(self) -> bool:
        """No scrolling of the page itself sideways, once the pictures have followed the new width."""
        with suppress(PlaywrightTimeout):
            self.page.wait_for_function(
                "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth",
                timeout=2000,
            )
            return True
        return False

    def axe(self) -> None:
        """No violation of WCAG 2.2 A and AA on the page as it stands."""
        source = os.environ.get("AXE_PATH", "")
        if not source:
            if CI:
                pytest.fail("AXE_PATH is not set")
            return
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(Path(source).read_text())
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: tags}).then(r => r.violations.map("
            "v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(', ')))",
            tags,
        )
        assert found == [], f"{self.page.url}: {found}"

    def close(self) -> None:
        """The end of every journey: no error on the console, nothing the policy refused, nothing from outside."""
        self.context.close()
        assert self.complaints == []


@pytest.fixture
def visitor(browser: Any, address: str) -> Iterator[Any]:
    """A maker of visitors: `visitor()` is a fresh person at a desk, `visitor(width=360)` one on a phone."""
    made: list[Visitor] = []

    def make(width: int = 1280) -> Visitor:
        made.append(Visitor(browser, address, width))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Writes a line into the run's own output: what was measured is seen in passing runs too."""
    reporter: Any = request.config.pluginmanager.get_plugin("terminalreporter")
    capture: Any = request.config.pluginmanager.get_plugin("capturemanager")

    def write(line: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(line)

    return write

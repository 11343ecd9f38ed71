"""The road of a report: found pre-filled, written, returned in two places, corrected, confirmed by both, official."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PASSWORD, Visitor
from tests.journeys.test_keyboard_alone import press_enter, tab_to

pytestmark = pytest.mark.browser

WRITER = "sangaku@shionagi-u.example.jp"
CITY = "kikaku-kacho@shionagi.example.jp"
UNIVERSITY = "ura@shionagi-u.example.jp"
OFFICER = "kikaku@shionagi.example.jp"
PROJECT = "水産加工残さからの機能性ペプチド抽出技術の確立と商品化（架空）"
ROUND = "令和8年度 第3四半期 臨時の進捗報告"
AGAIN = "令和8年度 第4四半期 臨時の進捗報告"
BEFORE = "令和7年度 第3四半期 臨時の進捗報告"
ASKED_WORDS = "収量を何と比べたかを書いてください。"
ASKED_FIGURE = "契約台帳の額と合っているかを確かめてください。"

# A round in which the other projects are exempt, so that figures reported on their cards go the ordinary way.
OPENED = """
from datetime import timedelta
from django.utils import timezone
from actors.models import User
from ecosystems.models import Forum
from foundation.access import load_actor, system_actor
from kpis.periods import Period
from projects.models import ProgressReport, ReportReview
from projects.reporting.questions import ALIGNMENT_KEYS
from projects.reporting.services import reviewing, rounds, writing


def actor(email):
    return load_actor(User.objects.get(email=email).pk, None)


def opened(name, period):
    system, today = system_actor("journey"), timezone.localdate()
    made = rounds.create_round(
        actor=system, forum=Forum.objects.get(name__startswith="しおなぎ"), name=name, kind="extra",
        period=Period.parse(period), requested_on=today,
        due_on=today + timedelta(days=7), closes_on=today + timedelta(days=14),
    )
    others = rounds.projects_asked(made.forum, made.period).exclude(code="P1")
    rounds.open_round(actor=system, round_=made, exempt={each.pk: "臨時の依頼の対象外" for each in others})
    return ProgressReport.objects.select_related("round", "project").get(round=made, project__code="P1")
"""
# Before it an approved report, whose words come back.
APPROVED_BEFORE = f"""
first, writer = opened("{BEFORE}", "FY2025-Q3"), actor("{WRITER}")
for key, text in (
    ("progress", "酵素の条件を3通り試した。収量が12%上がった。"),
    ("risks", "酵素の価格が上がっている。"),
    *(("alignment." + each, "3") for each in ALIGNMENT_KEYS),
):
    writing.save_answer(actor=writer, report=first, key=key, text=text)
writing.submit(actor=writer, report=first)
for email, side in (("{CITY}", "municipality"), ("{UNIVERSITY}", "university")):
    review = ReportReview.objects.get(report=first, side=side)
    reviewing.accept(actor=actor(email), review=review, version=1)
"""


class Writing:
    """The page on which the report is written."""

    def __init__(self, person: Visitor) -> None:
        self.person, self.page = person, person.page

    def open(self, round_: str) -> Writing:
        """From the list of reports, which the home page leads to."""
        self.person.open("/home/")
        self.person.follow(re.compile("^進捗報告$"))
        row = self.page.get_by_role("row").filter(has_text=round_).filter(has_text=PROJECT)
        with self.page.expect_navigation():
            row.get_by_role("link", name=re.compile("^書く")).click()
        return self

    def answer(self, key: str, text: str) -> None:
        """Over what stands there, and on with Tab; the answer of the autosave has come."""
        self.page.locator(f"#a-{key}-text").fill(text)
        with self.page.expect_response(re.compile("/write/answer/")):
            self.page.keyboard.press("Tab")

    def says(self, key: str, words: str | re.Pattern[str]) -> None:
        expect(self.page.locator(f"#a-{key}-state")).to_contain_text(words)

    def choose(self, question: str, score: int) -> None:
        with self.page.expect_response(re.compile("/write/answer/")):
            self.page.locator(f'input[name="answer.alignment.{question}"][value="{score}"]').check()

    def figure(self, text: str) -> None:
        cell = self.page.locator('td[data-cell$=".FY2026-Q3"]')
        cell.locator("input:not([type=hidden])").first.fill(text)
        with self.page.expect_response(re.compile("/entry/cell/")):
            self.page.keyboard.press("Tab")
        expect(cell.locator(".p-entry__state")).to_contain_text("下書き")

    def submit(self) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="提出内容を確かめる").click()
        expect(self.page.locator("h1")).to_have_text("提出内容の確認")
        expect(self.page.locator("tr").filter(has_text="P1-1")).to_contain_text(
            re.compile("未報告|この報告とは別に報告済み")  # as another journey left it
        )
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="汐凪大学として提出する").click()


def open_review(person: Visitor) -> Any:
    """From what waits on the home page."""
    person.open("/home/")
    row = person.page.get_by_role("row").filter(has_text="報告の確認").filter(has_text=ROUND)
    with person.page.expect_navigation():
        row.get_by_role("link").click()
    return person.page


def press(page: Any, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


def vision_figure(person: Visitor) -> Any:
    """The research money of the fiscal year on the vision's card."""
    page = person.sign_in(OFFICER)
    person.follow("KPI一覧")
    page.select_option("select[name=fy]", "FY2026")
    press(page, "表示する")
    return page.locator('tr:has(td.p-scorecard__code:text-is("V-K05")) a.p-scorecard__figure')


def test_a_report_is_written_returned_corrected_and_confirmed_by_both_though_the_workers_were_killed(
    visitor, installation, tmp_path
):
    installation.python(OPENED + APPROVED_BEFORE + f'opened("{ROUND}", "FY2026-Q3")')
    figure = vision_figure(visitor())
    expect(figure).to_have_text("14.30")

    # Written: what came from the last report, words, a figure, a file, four answers.
    writer = visitor()
    page = writer.sign_in(WRITER)
    report = Writing(writer).open(ROUND)
    report.says("progress", "前回の内容です。今回に合わせて直してください。")
    expect(page.locator("#report-lacks")).to_contain_text("あと4項目")
    report.answer("progress", "酵素の条件を5通り試した。収量が18%上がった。")
    report.says("progress", re.compile(r"保存しました \d\d:\d\d"))
    for question, score in (("resources", 3), ("vision", 4), ("balance", 4), ("kpi", 3)):
        report.choose(question, score)
    expect(page.locator("#report-lacks")).to_contain_text("必須の項目はそろっています")
    report.figure("5100")
    note = tmp_path / "keiyaku.txt"
    note.write_text("契約台帳の写し（架空）", "utf-8")
    page.set_input_files("#files", note)
    press(page, "資料を付ける")
    expect(page.locator("#evidence")).to_contain_text("keiyaku.txt")
    expect(page.locator("#a-progress-text")).to_have_value("酵素の条件を5通り試した。収量が18%上がった。")
    writer.reads_well()
    report.submit()
    expect(page.locator("main")).to_contain_text("提出済み")

    # The municipality returns one figure and one answer.
    city = visitor()
    city.sign_in(CITY)
    page = open_review(city)
    expect(page.locator("ins.p-diff").filter(has_text="18").first).to_be_visible()
    city.reads_well()
    for place, words in (
        ("進み具合", ASKED_WORDS),
        ("P1-2 研究費受入額（P1） 令和8年度 第3四半期", ASKED_FIGURE),
    ):
        field = page.get_by_label(f"指摘：{place}")
        field.locator("xpath=ancestor::details").locator("summary").click()
        field.fill(words)
    page.locator("#return > summary").click()
    press(page, "差し戻す")
    expect(page.locator("main")).to_contain_text("差戻し")

    # The writer finds both notes beside what they are about.
    page = writer.open("/home/")
    row = page.get_by_role("row").filter(has_text="報告の再提出")
    with page.expect_navigation():
        row.get_by_role("link").click()
    expect(page.locator("#returned")).to_contain_text(ASKED_FIGURE)
    expect(page.locator("#a-progress")).to_contain_text(ASKED_WORDS)
    writer.reads_well()
    report.answer("progress", "酵素の条件を5通り試した。収量が前年同期より18%上がった。")
    report.figure("5200")
    report.submit()

    # The municipality sees what changed and confirms with one press; then every worker is killed.
    page = open_review(city)
    expect(page.locator("ins.p-diff").filter(has_text="前年同期より").first).to_be_visible()
    press(page, "確認しました")
    for process in installation.workers:
        installation.kill(process)

    # The university confirms without a mouse.
    university = visitor()
    university.sign_in(UNIVERSITY)
    page = open_review(university)
    tab_to(page, 'button[name="action"][value="accept"]', 120)
    press_enter(page)
    expect(page.locator("main")).to_contain_text("承認済み")
    university.reads_well()
    assert figure.inner_text() == "14.30"
    installation.workers = installation.start_worker()
    expect(figure).to_have_text("19.50", timeout=60_000)


def test_what_is_typed_after_the_session_ended_stays_and_goes_on_after_signing_in_elsewhere(
    visitor, installation
):
    installation.python(OPENED + f'opened("{AGAIN}", "FY2026-Q4")')
    writer = visitor()
    page = writer.sign_in(WRITER)
    report = Writing(writer).open(AGAIN)
    writer.context.clear_cookies(name="sessionid")
    report.answer("risks", "消えてはいけない文章")
    report.says("risks", "サインインが切れたため、まだ保存していません。")
    writer.axe()
    with writer.context.expect_page() as opened:
        page.get_by_role("link", name="別のタブでサインインし直す").click()
    other = opened.value
    other.fill("input[name=login]", WRITER)
    other.fill("input[name=password]", PASSWORD)
    other.click("main form .p-button[data-kind=primary]")
    other.wait_for_url("**/write/")
    other.close()
    page.bring_to_front()
    page.evaluate("() => window.dispatchEvent(new Event('focus'))")
    report.says("risks", re.compile(r"保存しました \d\d:\d\d"))
    report.answer("next_steps", "続きの文章")
    report.says("next_steps", re.compile(r"保存しました \d\d:\d\d"))
    press(page, "下書きを保存")
    expect(page.locator("#a-risks-text")).to_have_value("消えてはいけない文章")
    expect(page.locator("#a-next_steps-text")).to_have_value("続きの文章")
    writer.complaints = [each for each in writer.complaints if "status of 401" not in each]

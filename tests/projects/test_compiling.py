"""Compiled reports: what they say, that they can be made again, who makes, publishes and reads them."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from foundation import exports, files, jobs, lanes
from foundation.errors import DomainError, StateError
from foundation.models import AuditEntry, Export, Job
from foundation.sheets import read_workbook
from kpis.models import Indicator, Measurement, Submission
from kpis.periods import Period
from kpis.selectors.compiled import cards_for_members
from kpis.selectors.scorecard import card_rows, entries_of, figures_of
from kpis.selectors.scorecard_table import Frame, rows_of
from kpis.selectors.wording import AsOf
from kpis.services import entering, ledger
from kpis.services import reviewing as figures
from kpis.services.entering import Typed
from projects.models import CompiledReport, ProgressReport, Project, ReportingRound, ReportReview
from projects.reporting.changes import changes
from projects.reporting.compiled_exports import COMPILED
from projects.reporting.selectors import compiling as selector
from projects.reporting.services import compiling, reviewing, rounds, writing
from tests.conftest import People
from tests.factories.ecosystems import decide
from tests.factories.kpis import contribute, make_indicator, make_rolled_up, make_scorecard
from tests.factories.projects import correct, make_project
from tests.factories.reporting import open_round, report_of, submitted, write
from tests.factories.visions import make_theme, make_vision
from visions.models import Theme

pytestmark = pytest.mark.django_db
Q2 = Period.parse("FY2026-Q2")
YEAR = Period.parse("FY2026")


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_ROOT = tmp_path


@pytest.fixture
def theme(people: People) -> Theme:
    vision = make_vision(people.forum, name="海のビジョン（架空）")
    vision.scorecard = people.scorecard
    vision.save()
    return make_theme(vision)


@pytest.fixture
def indicator(people: People) -> Indicator:
    return make_indicator(people.scorecard, fields={"post": people.scorecard.post, "code": "V-K01"})


@pytest.fixture
def project(people: People, theme: Theme) -> Project:
    """P1 of the city, on the theme; its figures are entered on the vision's own card here."""
    card = make_scorecard(people.forum, name="P1のKPI", post=people.scorecard.post)
    return make_project(people.forum, lead=people.city, scorecard=card, code="P1", themes=[theme])


@pytest.fixture
def asked(people: People, project: Project, indicator: Indicator) -> ReportingRound:
    """P1 approved (with a wide spread), P2 late and waiting, P3 missing, P4 exempt, P5 not open to members."""
    for code in ("P2", "P3", "P4"):
        make_project(people.forum, lead=people.city, code=code, visibility="members")
    make_project(people.forum, lead=people.city, code="P5", visibility="participants")
    round_ = open_round(people.forum, name="令和8年度 第2四半期 進捗報告")
    actor = people.actor("reporter")
    submitted(actor, of(round_, "P1"), highlights="よい試作品ができた。", risks="=心配")
    accept(people, of(round_, "P1"), kpi=1)
    ReportingRound.objects.update(
        due_on=timezone.localdate() - timedelta(days=3), requested_on=date(2026, 4, 1)
    )
    late = of(round_, "P2")
    write(actor, late, highlights="まだ承認されていない言葉")
    writing.submit(actor=actor, report=late, late_reason="確認に時間がかかった")
    rounds.exempt(actor=people.actor("secretary"), report=of(round_, "P4"), reason="休止中のため")
    round_.refresh_from_db()
    return round_


def of(round_: ReportingRound, code: str) -> ProgressReport:
    return report_of(Project.objects.get(code=code), round_)


def accept(people: People, report: ProgressReport, **scores: int) -> None:
    for side, who in (("municipality", "reviewer"), ("university", "university_reviewer")):
        review = ReportReview.objects.get(report=report, side=side)
        given = {key: (score, "理由") for key, score in scores.items()} if side == "university" else {}
        reviewing.accept(
            actor=people.actor(who), review=review, version=report.versions.count(), alignment=given
        )


def approve_figure(people: People, indicator: Indicator, value: str) -> None:
    actor = people.actor("reporter")
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    typed = Typed(indicator, Q2, value=value, note="訂正")
    entering.save_entry(actor=actor, draft=draft, typed=typed)
    entering.submit(actor=actor, draft=Submission.objects.get(pk=draft.pk))
    row = Measurement.objects.order_by("-id")[0]
    figures.approve(actor=people.actor("reviewer"), measurements=[row])
    lanes.drain_all()


def made(people: People, round_: ReportingRound, **asked: Any) -> list[CompiledReport]:
    before = set(CompiledReport.objects.values_list("pk", flat=True))
    compiling.request_compilation(actor=people.actor("secretary"), round_=round_, **asked)
    lanes.drain("jobs")
    job = Job.objects.filter(kind=compiling.JOB).order_by("-id")[0]
    assert job.state == "succeeded", job.error
    return list(CompiledReport.objects.exclude(pk__in=before).order_by("pk"))


# --- what it says ----------------------------------------------------------------------------------------------------


def test_forum_and_each_vision_get_a_report_of_the_same_moment(
    people: People, asked: ReportingRound, theme: Theme
) -> None:
    forum, vision = made(people, asked)
    assert (forum.vision, vision.vision, forum.version, vision.version) == (None, theme.vision, 1, 1)
    assert (forum.as_of, forum.state) == (vision.as_of, "checking")
    assert forum.record_number == vision.record_number
    assert [row["code"] for row in vision.content["submission"]["rows"]] == ["P1"]
    assert vision.content["head"]["vision"] == "海のビジョン（架空）"


def test_submission_tells_who_is_on_time_late_missing_or_exempt(
    people: People, asked: ReportingRound
) -> None:
    content = made(people, asked)[0].content["submission"]
    assert [(row["code"], row["group"], row["days"]) for row in content["rows"]] == [
        ("P1", "on_time", 0),
        ("P2", "late", 3),
        ("P3", "missing", 3),
        ("P4", "exempt", 0),
    ]
    assert content["counts"] == {"on_time": 1, "late": 1, "missing": 1, "waiting": 0, "exempt": 1}
    assert content["hidden"] == 1
    assert content["rows"][3]["reason"] == "休止中のため"


def test_figures_are_those_of_the_scorecard_page(
    people: People, asked: ReportingRound, indicator: Indicator
) -> None:
    total = make_rolled_up(people.scorecard, fields={"code": "V-K02"})
    contribute(indicator, total)
    approve_figure(people, indicator, "12.5")
    moment = ledger.settle()
    lines = cards_for_members(people.forum.pk, [people.scorecard.pk], YEAR, moment.at).lines[
        people.scorecard.pk
    ]
    actor = people.actor("secretary")
    card = card_rows(actor).get(pk=people.scorecard.pk)
    entries = entries_of(actor, card)
    today = AsOf()
    stored = figures_of(card, entries, YEAR, today, ["official", "provisional"])
    rows = rows_of(entries, stored, Frame(YEAR, today.today, today, True), {})
    for line, row in zip(lines, rows, strict=True):
        assert (line["code"], line["official"]["text"], line["official"]["word"]) == (
            row.code, row.official.text, row.official.word,
        )  # fmt: skip
        assert line["provisional"]["text"] == (row.provisional.text if row.provisional else "")
        assert [line[name] for name in ("target", "rate", "coverage", "grade", "symbol", "course", "is_sub")] == [
            row.target, row.rate, row.coverage, row.grade, row.symbol, row.course, row.is_sub,
        ]  # fmt: skip
    assert lines[0]["official"]["text"] == lines[1]["official"]["text"] != ""


def test_words_are_those_of_approved_reports_with_their_source(people: People, asked: ReportingRound) -> None:
    content = made(people, asked)[0].content
    assert [(each["code"], each["text"]) for each in content["words"]["highlights"]] == [
        ("P1", "よい試作品ができた。")
    ]
    assert content["words"]["highlights"][0]["report"] == str(of(asked, "P1").public_id)
    assert content["pending"] == 1
    assert "まだ承認されていない言葉" not in str(content)


def test_sides_stand_beside_each_other_and_a_wide_spread_is_marked(
    people: People, asked: ReportingRound
) -> None:
    alignment = made(people, asked)[0].content["alignment"]
    row = alignment["rows"][0]
    assert (row["code"], row["wide"], row["spreads"]["kpi"], alignment["wide"]) == ("P1", ["kpi"], 2, 1)
    assert [each["score"] for each in row["answers"]["kpi"]["university"]] == [1]
    assert row["answers"]["kpi"]["municipality"] == []


def test_what_members_may_not_see_is_counted_and_not_named(
    people: People, asked: ReportingRound, indicator: Indicator
) -> None:
    Indicator.objects.filter(pk=indicator.pk).update(visibility="participants", name="秘密のKPI")
    content = made(people, asked)[0].content
    assert content["figures"][0]["hidden"] == 1
    assert "秘密のKPI" not in str(content)
    assert "P5" not in str(content)


def test_corrections_that_were_decided_in_the_period_stand_with_their_project(
    people: People, asked: ReportingRound
) -> None:
    project = Project.objects.get(code="P1")
    day = asked.period.first_day
    for code, on, change in (("D1", day, "対象を絞る"), ("D2", day - timedelta(days=1), "前の期間の見直し")):
        decision = decide(people.forum, code, decided_on=on)
        correct(people.forum, project, kind="reduced", change=change, decision=decision)
    corrections = made(people, asked)[0].content["corrections"]
    assert [(each["code"], each["kind"], each["text"]) for each in corrections] == [
        ("P1", "縮小", "対象を絞る")
    ]


@pytest.mark.parametrize("count", [1, 20])
def test_gathering_costs_a_fixed_number_of_queries(
    people: People, count: int, theme: Theme, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        card = make_scorecard(people.forum, post=people.scorecard.post)
        make_indicator(card)
        make_project(people.forum, lead=people.city, code=f"P{number}", scorecard=card, themes=[theme])
    round_ = open_round(people.forum)
    moment = ledger.settle()
    with django_assert_max_num_queries(14):
        gathered = selector.gather(round_, moment.at, moment.number)
        content = selector.content_for(gathered, None)
    assert len(content["figures"]) == count + 1


# --- made again ------------------------------------------------------------------------------------------------------


def test_same_moment_is_the_same_to_the_last_digit_whatever_happened_since(
    people: People, asked: ReportingRound, indicator: Indicator
) -> None:
    approve_figure(people, indicator, "10")
    forum, vision = made(people, asked)
    approve_figure(people, indicator, "17")
    accept(people, of(asked, "P2"))
    rounds.reopen(
        actor=people.actor("secretary"), report=of(asked, "P4"), reason="再開", until=timezone.localdate()
    )
    assert [compiling.recompiled(each) for each in (forum, vision)] == [forum.digest, vision.digest]
    later = made(people, asked)[0]
    assert later.digest != forum.digest
    assert compiling.digest_of(CompiledReport.objects.get(pk=forum.pk).content) == forum.digest
    told = changes(forum.content, later.content)
    assert [(each.about[:2], each.before, each.now) for each in told[:2]] == [
        ("P2", "提出済み", "承認済み"),
        ("P4", "報告対象外", "差戻し"),
    ]
    assert any(each.about.startswith("V-K01") for each in told)


def test_same_moment_is_not_compiled_twice(people: People, asked: ReportingRound) -> None:
    first = made(people, asked)
    assert made(people, asked, as_of=first[0].as_of) == []


def test_changes_name_what_came_and_what_went() -> None:
    def content(*rows: tuple[str, str]) -> dict[str, Any]:
        reports = [{"report": code, "code": code, "name": "", "state_word": word} for code, word in rows]
        return {"submission": {"rows": reports}, "figures": []}

    found = changes(
        content(("P1", "提出済み"), ("P2", "未着手")), content(("P1", "提出済み"), ("P3", "未着手"))
    )
    assert [(each.about, each.before, each.now) for each in found] == [
        ("P3", "", "未着手"),
        ("P2", "未着手", ""),
    ]


# --- jobs ------------------------------------------------------------------------------------------------------------


def test_closing_a_round_compiles_it_by_itself(people: People, asked: ReportingRound) -> None:
    rounds.close_round(actor=people.actor("secretary"), round_=asked)
    lanes.drain_all()
    assert CompiledReport.objects.filter(version=1).count() == 2
    assert CompiledReport.objects.get(vision=None).made_by_name == ""


def test_a_message_that_comes_twice_compiles_once(people: People, asked: ReportingRound) -> None:
    for _time in range(2):
        compiling.compile_when_closed({"round": asked.pk})
    lanes.drain("jobs")
    assert CompiledReport.objects.filter(vision=None).count() == 1


def test_worker_that_takes_over_makes_the_same_version(people: People, asked: ReportingRound) -> None:
    compiling.request_compilation(actor=people.actor("secretary"), round_=asked)
    dead = jobs._claim()
    assert dead is not None
    moment = compiling._settled(jobs.Progress(dead))
    compiling.compile_round(people.actor("secretary"), asked, moment, jobs.Progress(dead))
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    lanes.drain("jobs")
    assert Job.objects.get(kind=compiling.JOB).state == "succeeded"
    assert CompiledReport.objects.filter(vision=None).count() == 1


def test_second_compilation_waits_for_the_first(people: People, asked: ReportingRound) -> None:
    compiling.request_compilation(actor=people.actor("secretary"), round_=asked)
    with pytest.raises(StateError):
        compiling.request_compilation(actor=people.actor("secretary"), round_=asked)


def test_moment_to_come_is_refused(people: People, asked: ReportingRound) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    with pytest.raises(DomainError):
        compiling.request_compilation(actor=people.actor("secretary"), round_=asked, as_of=tomorrow)


# --- rights and pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "error"), [("reviewer", PermissionDenied), ("member", PermissionDenied), ("stranger", Http404)]
)
def test_only_the_secretariat_compiles(
    people: People, asked: ReportingRound, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        compiling.request_compilation(actor=people.actor(name), round_=asked)


def test_members_read_it_once_it_is_published(people: People, asked: ReportingRound, client: Any) -> None:
    compiled = made(people, asked)[0]
    url = reverse("projects:compiled", args=[compiled.public_id])
    client.force_login(people.member)
    assert client.get(url).status_code == 404
    client.force_login(people.reviewer)
    assert client.get(url).status_code == 200
    assert client.post(reverse("projects:compiled_publish", args=[compiled.public_id])).status_code == 403
    client.force_login(people.secretary)
    client.post(reverse("projects:compiled_publish", args=[compiled.public_id]))
    client.force_login(people.member)
    page = client.get(url).content.decode()
    for words in (
        "よい試作品ができた。",
        "令和8年度 第2四半期 進捗報告",
        "次の会議の議題の候補",
        "期限超過 3日",
    ):
        assert words in page, words
    assert "公開する" not in page
    assert AuditEntry.objects.filter(action="projects.publish_compiled").count() == 1


def test_publishing_twice_is_refused_in_words(people: People, asked: ReportingRound) -> None:
    compiled = made(people, asked)[0]
    compiling.publish(actor=people.actor("secretary"), compiled=compiled)
    with pytest.raises(StateError):
        compiling.publish(actor=people.actor("secretary"), compiled=compiled)


def test_list_offers_the_button_to_the_secretariat_alone_and_follows_the_work(
    people: People, asked: ReportingRound, client: Any
) -> None:
    url = reverse("projects:compiled_list", args=[asked.public_id])
    client.force_login(people.secretary)
    assert "とりまとめる" in client.get(url).content.decode()
    client.post(url, {"as_of": ""})
    assert "作成中" in client.get(url).content.decode()
    lanes.drain("jobs")
    live = client.get(reverse("projects:compiled_live", args=[asked.public_id])).content.decode()
    assert "portal:tick" not in live
    assert live.count("第1版") == 2
    client.force_login(people.member)
    page = client.get(url).content.decode()
    assert "とりまとめる" not in page
    assert "第1版" not in page


def test_day_that_cannot_be_read_is_said_beside_the_field(
    people: People, asked: ReportingRound, client: Any
) -> None:
    client.force_login(people.secretary)
    answer = client.post(reverse("projects:compiled_list", args=[asked.public_id]), {"as_of": "きのう"})
    assert "基準時点は「2025-05-31」の形で" in answer.content.decode()
    assert not Job.objects.filter(kind=compiling.JOB).exists()


def test_newer_version_tells_what_changed(people: People, asked: ReportingRound, client: Any) -> None:
    made(people, asked)
    accept(people, of(asked, "P2"))
    newer = made(people, asked)[0]
    client.force_login(people.secretary)
    page = client.get(reverse("projects:compiled", args=[newer.public_id])).content.decode()
    assert "第1版からの変更" in page
    assert "まだ承認されていない言葉" in page  # approved by now


# --- files -----------------------------------------------------------------------------------------------------------


def fetched(people: People, compiled: CompiledReport, format: str, name: str = "secretary") -> bytes:
    export = exports.request_export(
        actor=people.actor(name),
        kind=COMPILED,
        format=format,
        parameters={"compiled": str(compiled.public_id)},
    )
    lanes.drain("jobs")
    export = Export.objects.select_related("file", "job").get(pk=export.pk)
    assert export.file is not None, export.job.error
    assert export.as_of == compiled.as_of
    with files.open_file(export.file) as opened:
        return opened.read()


def test_workbook_has_a_form_and_data_and_no_live_formula(people: People, asked: ReportingRound) -> None:
    compiled = made(people, asked)[0]
    content = fetched(people, compiled, "xlsx")
    assert content == fetched(people, compiled, "xlsx")
    book = {sheet.name: sheet.rows for sheet in read_workbook(io.BytesIO(content), "x.xlsx")}
    assert book["様式（印刷用）"][0][0] == "令和8年度 第2四半期 進捗報告 とりまとめ（あの場（架空））第1版"
    header, *rows = book["データ（提出状況）"]
    assert [row[header.index("提出の区分")] for row in rows] == ["期限内", "期限後", "未提出", "報告対象外"]
    words = book["データ（報告の言葉）"]
    assert words[2][3] == "=心配"


def test_pdf_is_made_and_is_the_same_again(people: People, asked: ReportingRound) -> None:
    compiled = made(people, asked)[0]
    content = fetched(people, compiled, "pdf")
    assert content.startswith(b"%PDF")
    assert content == fetched(people, compiled, "pdf", "reviewer")


def test_who_does_not_read_it_gets_no_file(people: People, asked: ReportingRound) -> None:
    compiled = made(people, asked)[0]
    with pytest.raises(Http404):
        fetched(people, compiled, "pdf", "member")


def test_page_asks_for_the_file(people: People, asked: ReportingRound, client: Any) -> None:
    compiled = made(people, asked)[0]
    client.force_login(people.secretary)
    posted = client.post(reverse("projects:compiled_export", args=[compiled.public_id]), {"format": "pdf"})
    assert posted["Location"] == reverse("exports:detail", args=[Export.objects.get().public_id])

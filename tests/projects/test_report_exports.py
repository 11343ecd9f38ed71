"""Exporting a round's reports: who gets what, what stands in the files, and that the same is the same again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from foundation import exports, files, lanes
from foundation.errors import DomainError
from foundation.models import AuditEntry, Export
from foundation.sheets import SheetData, read_workbook
from kpis.models import Indicator
from kpis.periods import Period
from kpis.services import entering, ledger
from kpis.services.entering import Typed
from projects.models import ProgressReport, Project, ReportingRound, ReportReview
from projects.reporting import exports as report_exports
from projects.reporting.exports import REPORTS, write_reports
from projects.reporting.selectors.exported import wanted
from projects.reporting.selectors.standing import in_order
from projects.reporting.services import reviewing
from tests.conftest import People
from tests.factories.kpis import make_indicator
from tests.factories.projects import make_project
from tests.factories.reporting import open_round, report_of, submitted, write
from tests.factories.visions import make_theme, make_vision
from visions.models import Theme

pytestmark = pytest.mark.django_db
Q2 = Period.parse("FY2026-Q2")
HOSTILE = '=HYPERLINK("http://evil.example","x")'


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_ROOT = tmp_path


@pytest.fixture
def project(people: People) -> Project:
    return make_project(
        people.forum, lead=people.city, scorecard=people.scorecard, code="P1", name="残さの再資源化（架空）"
    )


@pytest.fixture
def others(people: People) -> Project:
    return make_project(
        people.forum, lead=people.university, code="P2", name="予約便（架空）", visibility="participants"
    )


@pytest.fixture
def asked(people: People, project: Project, others: Project) -> ReportingRound:
    """A round in which P1 is approved with a figure, and P2 has submitted nothing."""
    indicator = make_indicator(people.scorecard, fields={"post": people.scorecard.post, "code": "P1-1"})
    round_ = open_round(people.forum, name="令和8年度 第2四半期 進捗報告")
    actor = people.actor("reporter")
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    entering.save_entry(actor=actor, draft=draft, typed=Typed(indicator, Q2, value="17"))
    submitted(actor, report_of(project, round_), progress="予定どおり。\n二行目", highlights=HOSTILE)
    approve(people, report_of(project, round_))
    return round_


def approve(people: People, report: ProgressReport) -> None:
    for side, who in (("municipality", "reviewer"), ("university", "university_reviewer")):
        review = ReportReview.objects.get(report=report, side=side)
        number = report.versions.order_by("-number")[0].number
        scores = {"kpi": (1 if side == "university" else 4, "理由")}
        reviewing.accept(actor=people.actor(who), review=review, version=number, alignment=scores)


def made(
    people: People, asked: ReportingRound, format: str, name: str = "secretary", **wanted_: Any
) -> bytes:
    """The file as the job makes it for this person."""
    export = exports.request_export(
        actor=people.actor(name),
        kind=REPORTS,
        format=format,
        parameters={"round": str(asked.public_id), **wanted_},
    )
    lanes.drain("jobs")
    export = Export.objects.select_related("file", "job").get(pk=export.pk)
    assert export.file is not None, export.job.error
    with files.open_file(export.file) as opened:
        return opened.read()


def sheets(content: bytes) -> dict[str, SheetData]:
    return {sheet.name: sheet for sheet in read_workbook(io.BytesIO(content), "x.xlsx")}


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_workbook_holds_a_form_for_paper_and_data_sheets(people: People, asked: ReportingRound) -> None:
    book = sheets(made(people, asked, "xlsx"))
    assert list(book) == ["様式（印刷用）", "データ（報告）", "データ（実績値）", "データ（四つの問い）"]
    form = book["様式（印刷用）"].rows
    assert form[0][0] == "令和8年度 第2四半期 進捗報告"
    assert any("記録番号" in str(cell) for row in form[:5] for cell in row)
    header, *data = book["データ（報告）"].rows
    assert len(set(header)) == len(header)
    assert [row[header.index("プロジェクト番号")] for row in data] == ["P1", "P2"]
    row = dict(zip(header, data[0], strict=True))
    assert (row["状態コード"], row["状態"], row["対象期間コード"]) == ("approved", "承認済み", "FY2026-Q2")
    assert row["進み具合"] == "予定どおり。 二行目"
    figure = dict(zip(*book["データ（実績値）"].rows[:2], strict=True))
    assert (figure["KPI番号"], figure["値"], figure["単位"]) == ("P1-1", 17, "件")
    scores = [(row[8], row[10]) for row in book["データ（四つの問い）"].rows[1:]]
    assert len(scores) == 6


def test_paper_is_a4_with_a_repeated_header(people: People, asked: ReportingRound) -> None:
    with ZipFile(io.BytesIO(made(people, asked, "xlsx"))) as archive:
        form = archive.read("xl/worksheets/sheet1.xml").decode()
        book = archive.read("xl/workbook.xml").decode()
    assert 'paperSize="9"' in form
    assert 'orientation="landscape"' in form
    assert "_xlnm.Print_Titles" in book
    assert "<mergeCell" not in form


def test_what_begins_like_a_formula_is_a_text_in_every_format(people: People, asked: ReportingRound) -> None:
    with ZipFile(io.BytesIO(made(people, asked, "xlsx"))) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "sheet" in name)
    row = lines(made(people, asked, "csv"))[0]
    assert row["成果・よかったこと"] == f"'{HOSTILE}"


def test_csv_is_utf8_with_a_byte_order_mark(people: People, asked: ReportingRound) -> None:
    content = made(people, asked, "csv")
    assert content.startswith(b"\xef\xbb\xbf")
    assert [row["状態"] for row in lines(content)] == ["承認済み", "未着手"]


def test_pdf_is_made(people: People, asked: ReportingRound) -> None:
    assert made(people, asked, "pdf").startswith(b"%PDF-1.7")


@pytest.mark.parametrize("format", ["xlsx", "csv", "pdf"])
def test_same_moment_same_rights_same_bytes_whatever_happened_since(
    people: People, asked: ReportingRound, project: Project, others: Project, format: str
) -> None:
    moment = ledger.settle()
    actor = people.actor("secretary")

    def written() -> bytes:
        target = io.BytesIO()
        chosen = wanted(actor, {"round": str(asked.public_id)})
        write_reports(actor, chosen, format, target, ledger.settle(moment.at), lambda *said: None)
        return target.getvalue()

    before = written()
    reporter = people.actor("university_reviewer")
    write(reporter, report_of(others, asked))
    submitted(reporter, report_of(others, asked))
    assert written() == before
    assert made(people, asked, format) != before


@pytest.mark.parametrize(
    ("name", "projects"),
    [
        ("administrator", ["P1", "P2"]),
        ("secretary", ["P1", "P2"]),
        ("reviewer", ["P1", "P2"]),
        ("university_reviewer", ["P1", "P2"]),
        ("member", ["P1"]),
    ],
)
def test_everybody_gets_what_they_see(
    people: People, asked: ReportingRound, name: str, projects: list[str]
) -> None:
    assert [row["プロジェクト番号"] for row in lines(made(people, asked, "csv", name))] == projects


def test_member_gets_no_text_that_is_not_approved(
    people: People, asked: ReportingRound, project: Project
) -> None:
    """Approved later, the report is the member's to read; as of the moment before it was not."""
    second = make_project(people.forum, lead=people.city, code="P3", visibility="members")
    later = open_round(people.forum, name="次の報告依頼")
    submitted(people.actor("reporter"), report_of(second, later), progress="まだ承認されていない文")
    before = ledger.settle()
    assert lines(made(people, later, "csv", "member")) == []
    approve(people, report_of(second, later))
    member = people.actor("member")
    chosen = wanted(member, {"round": str(later.public_id)})
    target = io.BytesIO()
    write_reports(member, chosen, "csv", target, before, lambda *said: None)
    assert lines(target.getvalue()) == []
    assert [row["進み具合"] for row in lines(made(people, later, "csv", "member"))] == [
        "まだ承認されていない文"
    ]


def test_figures_of_hidden_kpis_are_left_out(people: People, asked: ReportingRound) -> None:
    Indicator.objects.update(visibility="participants")
    assert len(sheets(made(people, asked, "xlsx", "secretary"))["データ（実績値）"].rows) == 2
    assert len(sheets(made(people, asked, "xlsx", "member"))["データ（実績値）"].rows) == 1


def test_filters_narrow_by_state_and_theme(
    people: People, asked: ReportingRound, project: Project, theme: Theme
) -> None:
    project.themes.add(theme)
    narrowed = lines(made(people, asked, "csv", states=["not_started"]))
    assert [row["プロジェクト番号"] for row in narrowed] == ["P2"]
    for scope in ({"theme": str(theme.public_id)}, {"vision": str(theme.vision.public_id)}):
        assert [row["プロジェクト番号"] for row in lines(made(people, asked, "csv", **scope))] == ["P1"]


@pytest.fixture
def theme(people: People) -> Theme:
    return make_theme(make_vision(people.forum))


@pytest.mark.parametrize("odd", [{"states": ["x"]}, {"states": "approved"}, {"rows": 3}])
def test_what_cannot_be_read_is_refused(people: People, asked: ReportingRound, odd: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        wanted(people.actor("secretary"), {"round": str(asked.public_id), **odd})


def test_too_many_for_a_booklet_is_refused_in_words(
    people: People, asked: ReportingRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_exports, "MAX_IN_PDF", 1)
    exports.request_export(
        actor=people.actor("secretary"),
        kind=REPORTS,
        format="pdf",
        parameters={"round": str(asked.public_id)},
    )
    lanes.drain("jobs")
    job = Export.objects.select_related("job").get().job
    assert (job.state, "条件を絞るか" in job.error) == ("failed", True)


@pytest.mark.parametrize("count", [1, 20])
def test_reading_costs_a_fixed_number_of_queries(
    people: People, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        make_project(people.forum, lead=people.city, code=f"P{number}")
    round_ = open_round(people.forum)
    actor = people.actor("secretary")
    chosen = wanted(actor, {"round": str(round_.public_id)})
    moment = ledger.settle()
    with django_assert_max_num_queries(8):
        rows: Iterator[Any] = report_exports.records(actor, chosen, moment.at, lambda *said: None)
        assert len(list(rows)) == count


def test_projects_stand_in_order_of_their_numbers() -> None:
    codes = ["P10", "", "P2", "P1", "K3", "P2-10", "P2-9"]
    assert in_order((code, code) for code in codes) == ["K3", "P1", "P2", "P2-9", "P2-10", "P10", ""]


# The page --------------------------------------------------------------------------------------------------------


def test_page_asks_for_the_file_and_leads_to_it(people: People, asked: ReportingRound, client: Any) -> None:
    client.force_login(people.secretary)
    url = reverse("projects:round_export", args=[asked.public_id])
    assert "あなたが見られる報告は2件です" in client.get(url).content.decode()
    posted = client.post(url, {"format": "csv", "states": ["approved"], "scope": "", "once": "abc"})
    export = Export.objects.get()
    assert posted["Location"] == reverse("exports:detail", args=[export.public_id])
    assert export.label == "令和8年度 第2四半期 進捗報告（承認済み）（CSV）"
    assert export.parameters == {"round": str(asked.public_id), "states": ["approved"]}


def test_page_of_a_round_that_one_does_not_see_is_not_there(
    people: People, asked: ReportingRound, client: Any
) -> None:
    client.force_login(people.stranger)
    assert client.get(reverse("projects:round_export", args=[asked.public_id])).status_code == 404


# The command -----------------------------------------------------------------------------------------------------


def test_command_writes_the_file_with_the_rights_of_the_account(
    people: People, asked: ReportingRound, tmp_path: Path
) -> None:
    target = tmp_path / "out.csv"
    call_command("export_reports", str(asked.public_id), str(target), user=people.member.email)
    assert [row["プロジェクト番号"] for row in lines(target.read_bytes())] == ["P1"]
    assert AuditEntry.objects.filter(action="projects.export_reports").exists()
    assert list(tmp_path.glob("*.part")) == []


def test_command_refuses_what_the_account_does_not_see(
    people: People, asked: ReportingRound, tmp_path: Path
) -> None:
    with pytest.raises(CommandError):
        call_command(
            "export_reports", str(asked.public_id), str(tmp_path / "o.csv"), user=people.stranger.email
        )
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    with pytest.raises(CommandError):
        call_command(
            "export_reports", str(asked.public_id), str(tmp_path / "o.csv"),
            user=people.member.email, as_of=tomorrow,
        )  # fmt: skip

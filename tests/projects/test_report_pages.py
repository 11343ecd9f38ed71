"""The page on which a report is written, and the report as everybody reads it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundation.access import ANONYMOUS
from foundation.text import clean_pasted
from kpis.models import DraftEntry, Measurement, Submission
from kpis.periods import Period
from kpis.services import entering
from kpis.services.entering import Typed
from projects.models import ProgressReport, ReportEvidence, ReportReview
from projects.reporting.comparing import compare
from projects.reporting.services import reviewing, writing
from projects.reporting.services.writing import mark_of_text
from projects.reporting.slots import reports_of_projects
from tests.conftest import People
from tests.factories.actors import make_holder, make_post
from tests.factories.kpis import approved, make_indicator
from tests.factories.projects import make_project
from tests.factories.reporting import open_round, report_of, submitted, write

pytestmark = pytest.mark.django_db
State = ProgressReport.State
Q2 = Period.parse("FY2026-Q2")
SECRET = "まだ見せない下書きの言葉"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def project(people: People) -> Any:
    return make_project(
        people.forum, lead=people.city, partners=[people.company], scorecard=people.scorecard, code="P1"
    )


@pytest.fixture
def report(people: People, project: Any) -> ProgressReport:
    open_round(people.forum)
    return report_of(project)


@pytest.fixture
def indicator(people: People) -> Any:
    return make_indicator(people.scorecard, fields={"post": people.scorecard.post})


@pytest.fixture
def sign_in(people: People, client: Client) -> Any:
    def signed_in(who: str = "reporter") -> Client:
        client.force_login(getattr(people, who))
        return client

    return signed_in


def url(report: ProgressReport, name: str = "report_write") -> str:
    return reverse(f"projects:{name}", args=[report.public_id])


def text_of(response: Any) -> str:
    return str(response.content.decode())


def posted(report: ProgressReport, **more: Any) -> dict[str, Any]:
    """What the page sends when every answer of the narrative is on it."""
    typed = {each.key: each.text for each in report.answers.all()}
    data = {}
    for each in report.round.template.questions:
        data[f"answer.{each['key']}"] = typed.get(each["key"], "")
        data[f"seen.{each['key']}"] = mark_of_text(typed.get(each["key"], ""))
    return {**data, **more}


# --- what the page shows ---------------------------------------------------------------------------------------------


def test_the_page_says_what_is_asked_until_when_and_what_is_missing(report, indicator, sign_in) -> None:
    page = text_of(sign_in().get(url(report)))
    for words in (
        "未着手",
        "提出期限",
        "あと7日",
        "受付終了日",
        "あ社（架空）",
        "初めての報告です",
        indicator.name,
    ):
        assert words in page
    assert "あと<strong>5</strong>項目" in page
    for anchor in ("#a-progress", "#a-alignment-resources", "#a-alignment-kpi"):
        assert f'href="{anchor}"' in page


def test_words_of_the_last_report_are_marked_until_they_are_mended(people, project, sign_in) -> None:
    open_round(people.forum, period=Period.parse("FY2026-Q1"))
    first = report_of(project)
    submitted(people.actor("reporter"), first, risks="部品が届かない。")
    for side, who in (("municipality", "reviewer"), ("university", "university_reviewer")):
        review = ReportReview.objects.get(report=first, side=side)
        reviewing.accept(actor=people.actor(who), review=review, version=1)
    open_round(people.forum)
    second = report_of(project)
    client = sign_in()
    page = text_of(client.get(url(second)))
    assert page.count("前回の内容です。今回に合わせて直してください。") == 2
    assert "部品が届かない。" in page
    client.post(url(second), posted(second, **{"answer.risks": "部品は届いた。", "next": "stay"}))
    assert text_of(client.get(url(second))).count("前回の内容です。") == 1


def test_figures_of_others_show_their_state_and_their_keeper_and_no_draft_value(
    people, report, sign_in
) -> None:
    desk = make_post(people.company, name="販売課")
    theirs = make_indicator(people.scorecard, fields={"post": desk})
    people.scorecard.participants.add(people.company)
    make_holder(desk)
    actor = people.actor("member")
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    entering.save_entry(actor=actor, draft=draft, typed=Typed(theirs, Q2, "98765"))
    page = text_of(sign_in().get(url(report)))
    assert "ほかの機関が所管する値" in page
    assert "あ社（架空） 販売課" in page
    assert "下書き" in page
    assert "98765" not in page
    assert f"c-{theirs.public_id.hex}" not in page


def test_only_the_cells_of_the_period_are_on_the_page(report, indicator, sign_in) -> None:
    page = text_of(sign_in().get(url(report)))
    assert f"{indicator.public_id.hex}.FY2026-Q2.value" in page
    assert "FY2026-Q1" not in page


@pytest.mark.parametrize("count", [1, 20])
def test_the_writing_page_costs_the_same_for_one_kpi_and_twenty(
    people, report, sign_in, django_assert_max_num_queries, count
) -> None:
    for _number in range(count):
        make_indicator(people.scorecard, fields={"post": people.scorecard.post})
        make_indicator(people.scorecard, fields={"post": make_post(people.university)})
    client = sign_in()
    with django_assert_max_num_queries(24):
        assert client.get(url(report)).status_code == 200


@pytest.mark.parametrize(
    ("who", "status"),
    [("reporter", 200), ("member", 200), ("reviewer", 403), ("administrator", 403), ("stranger", 404)],
)
def test_who_opens_the_writing_page(report, sign_in, who, status) -> None:
    assert sign_in(who).get(url(report)).status_code == status


# --- one field at a time ---------------------------------------------------------------------------------------------


def save(client: Client, report: ProgressReport, key: str, text: str, seen: str = "", **headers: Any) -> Any:
    data = {f"answer.{key}": text, f"seen.{key}": mark_of_text(seen)}
    return client.post(f"{url(report, 'report_answer')}?key={key}", data, headers=headers or HTMX)


def test_a_field_is_kept_as_it_is_typed_and_says_when(report, sign_in) -> None:
    response = save(sign_in(), report, "progress", "試作を\r\n終えた。\x00")
    page = text_of(response)
    assert re.search(r"保存しました \d\d:\d\d", page)
    assert "あと<strong>4</strong>項目" in page
    assert report.answers.get().text == clean_pasted("試作を\n終えた。")


def test_what_a_colleague_wrote_meanwhile_stands_beside_what_i_typed(people, report, sign_in) -> None:
    writing.save_answer(actor=people.actor("member"), report=report, key="progress", text="会社の文章")
    response = save(sign_in(), report, "progress", "市の文章")
    page = text_of(response)
    assert response.status_code == 409
    assert "会社 五郎（架空）さんの内容" in page
    assert "会社の文章" in page
    assert report.answers.get().text == "会社の文章"
    mark = re.search(r'name="seen.progress" value="(\w+)"', page)
    assert mark is not None
    assert mark[1] == mark_of_text("会社の文章")
    assert save(sign_in(), report, "progress", "市の文章", seen="会社の文章").status_code == 200
    assert report.answers.get().text == "市の文章"


def test_a_field_of_somebody_whose_session_ended_says_so_and_keeps_the_mark(report, client) -> None:
    response = save(client, report, "progress", "消えない文章")
    page = text_of(response)
    assert response.status_code == 401
    assert "サインインが切れたため、まだ保存していません" in page
    assert 'name="seen.progress"' in page
    assert 'target="_blank"' in page


def test_a_text_that_is_too_long_is_refused_beside_the_field(report, sign_in) -> None:
    response = save(sign_in(), report, "progress", "あ" * 2001)
    assert response.status_code == 422
    assert "2000字以内で入力してください（今は2001字）。" in text_of(response)


def test_a_field_saved_without_scripts_leads_back_to_the_page(report, sign_in) -> None:
    response = save(sign_in(), report, "progress", "本文", **{"X-Nothing": "1"})
    assert response.status_code == 302
    assert response["Location"].endswith("/write/#a-progress")


def test_after_the_closing_day_the_field_says_that_nothing_is_lost(people, project, sign_in) -> None:
    made = open_round(people.forum)
    report = report_of(project)
    past = timezone.localdate() - timedelta(days=1)
    type(made).objects.filter(pk=made.pk).update(
        due_on=past, closes_on=past, requested_on=past - timedelta(days=9)
    )
    response = save(sign_in(), report, "progress", "遅れた")
    assert response.status_code == 409
    assert "入力した内容は残っています" in text_of(response)
    assert "いまは書き込めません" in text_of(sign_in().get(url(report)))


# --- the whole page at once ------------------------------------------------------------------------------------------


def test_saving_the_page_keeps_words_scores_and_figures_together(report, indicator, sign_in) -> None:
    cell = f"{indicator.public_id.hex}.FY2026-Q2"
    data = posted(
        report,
        **{
            "answer.progress": "進んでいる。",
            "answer.alignment.kpi": "3",
            "seen.alignment.kpi": mark_of_text(""),
            f"{cell}.value": "12",
            f"{cell}.seen": entering.mark_of(["", "", ""]),
            "next": "stay",
        },
    )
    response = sign_in().post(url(report), data)
    assert response.status_code == 302
    kept = dict(report.answers.values_list("key", "text"))
    assert kept == {"progress": "進んでいる。", "alignment.kpi": "3"}
    assert DraftEntry.objects.get().value == "12"


def test_one_wrong_field_takes_nothing_else_with_it(people, report, sign_in) -> None:
    writing.save_answer(actor=people.actor("member"), report=report, key="risks", text="会社の文章")
    data = posted(report, **{"answer.progress": "進んでいる。", "answer.risks": "市の文章", "next": "stay"})
    data["seen.risks"] = mark_of_text("")
    response = sign_in().post(url(report), data)
    page = text_of(response)
    assert response.status_code == 422
    assert 'href="#a-risks"' in page
    assert "市の文章</textarea>" in page
    assert "会社の文章" in page
    assert dict(report.answers.values_list("key", "text"))["progress"] == "進んでいる。"


def test_what_was_not_touched_does_not_overwrite_a_colleague(people, report, sign_in) -> None:
    data = posted(report, **{"next": "stay"})
    writing.save_answer(actor=people.actor("member"), report=report, key="risks", text="会社の文章")
    assert sign_in().post(url(report), data).status_code == 302
    assert report.answers.get().text == "会社の文章"


def test_several_files_and_a_link_are_attached_and_can_be_taken_off(report, sign_in) -> None:
    client = sign_in()
    files = [SimpleUploadedFile(f"{n}.txt", f"根拠{n}".encode()) for n in (1, 2)]
    link = {"url": "https://example.jp/a", "title": "議事録", "page": "p.3"}
    assert client.post(url(report), {"files": files, **link, "next": "evidence"}).status_code == 302
    assert [each.title for each in report.evidence.all()] == ["1.txt", "2.txt", "議事録"]
    wanted = f"remove:{report.evidence.get(title='議事録').public_id}"
    client.post(url(report), posted(report, next=wanted))
    assert report.evidence.count() == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("big.pdf", b"%PDF-1.4\n" + b"0" * 30 * 1024 * 1024, "上限（20MB）を超えています"),
        ("minutes.pdf", b"MZ\x90\x00 this program cannot be run", "登録できません"),
        ("form.pdf", b"%PDF-1.4\n1 0 obj<</S/JavaScript/JS(x)>>endobj\n%%EOF", "PDF"),
    ],
)
def test_a_file_that_is_refused_says_why_and_everything_else_is_kept(
    report, sign_in, name, content, words
) -> None:
    data = posted(report, **{"answer.progress": "本文は残る。", "next": "stay"})
    response = sign_in().post(url(report), {**data, "files": [SimpleUploadedFile(name, content)]})
    page = text_of(response)
    assert response.status_code == 422
    assert words in page
    assert name in page
    assert "本文は残る。" in page
    assert report.answers.get().text == "本文は残る。"
    assert not report.evidence.exists()


def test_a_decision_of_the_own_house_is_noted_with_its_number(report, sign_in) -> None:
    data = posted(report, approved_on="2026-10-20", document_number="架・企R8-042", next="in_house")
    assert sign_in().post(url(report), data).status_code == 302
    kept = ProgressReport.objects.get()
    assert (kept.state, kept.document_number) == (State.IN_HOUSE, "架・企R8-042")


def test_a_partner_writes_along_and_is_told_who_submits(report, sign_in) -> None:
    client = sign_in("member")
    page = text_of(client.get(url(report)))
    assert "この報告はあ市（架空）が提出します" in page
    assert "提出内容を確かめる" not in page
    assert client.get(url(report, "report_submit")).status_code == 403
    assert save(client, report, "progress", "会社の文章").status_code == 200


# --- the last look and submitting ------------------------------------------------------------------------------------


def type_figure(people: People, indicator: Any, value: str, period: Period = Q2) -> None:
    actor = people.actor("reporter")
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    entering.save_entry(actor=actor, draft=draft, typed=Typed(indicator, period, value=value))


def hidden(page: str) -> dict[str, str]:
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return {name: found[name] for name in ("revision", "shown", "once")}


def test_the_last_look_shows_the_whole_and_names_what_is_missing(people, report, indicator, sign_in) -> None:
    absent = make_indicator(people.scorecard, fields={"post": make_post(people.company, name="販売課")})
    write(people.actor("reporter"), report, risks="心配なこと。")
    type_figure(people, indicator, "12")
    page = text_of(sign_in().get(url(report, "report_submit")))
    for words in ("心配なこと。", "12件", "下書き → 提出します", absent.name, "未報告", "ややそう思う"):
        assert words in page
    assert not report.versions.exists()


def test_submitting_asks_for_what_is_missing_with_links_to_it(report, sign_in) -> None:
    client = sign_in()
    page = text_of(client.get(url(report, "report_submit")))
    assert "提出までに、あと5項目が要ります" in page
    response = client.post(url(report, "report_submit"), hidden(page))
    assert response.status_code == 422
    assert f"{url(report)}#a-progress" in text_of(response)


def test_a_double_click_makes_one_version(people, report, sign_in) -> None:
    write(people.actor("reporter"), report)
    client = sign_in()
    data = hidden(text_of(client.get(url(report, "report_submit"))))
    first, second = (client.post(url(report, "report_submit"), data) for _ in range(2))
    assert first["Location"] == second["Location"] == url(report, "report_detail")
    assert report.versions.count() == 1


@pytest.mark.parametrize("what", ["words", "figure"])
def test_what_changed_after_the_last_look_is_not_submitted_unseen(
    people, report, indicator, sign_in, what
) -> None:
    write(people.actor("reporter"), report)
    type_figure(people, indicator, "12")
    client = sign_in()
    data = hidden(text_of(client.get(url(report, "report_submit"))))
    if what == "words":
        writing.save_answer(actor=people.actor("member"), report=report, key="risks", text="足した心配")
    else:
        type_figure(people, indicator, "13")
    response = client.post(url(report, "report_submit"), {**data, "note": "よろしく"})
    page = text_of(response)
    assert response.status_code == 409
    assert "報告の内容が変わりました" in page
    assert "よろしく" in page
    assert not report.versions.exists()
    assert client.post(url(report, "report_submit"), hidden(page)).status_code == 302


def test_after_the_due_day_the_reason_is_asked_for_and_kept(people, project, sign_in) -> None:
    made = open_round(people.forum)
    report = report_of(project)
    write(people.actor("reporter"), report)
    past = timezone.localdate() - timedelta(days=2)
    type(made).objects.filter(pk=made.pk).update(due_on=past, requested_on=past)
    client = sign_in()
    page = text_of(client.get(url(report, "report_submit")))
    assert "「期限後提出」と記録されます" in page
    refused = client.post(url(report, "report_submit"), hidden(page))
    assert refused.status_code == 422
    assert "期限後になった理由を書いてください" in text_of(refused)
    data = {**hidden(text_of(refused)), "late_reason": "担当者の交代"}
    assert client.post(url(report, "report_submit"), data).status_code == 302
    assert "担当者の交代" in text_of(client.get(url(report, "report_detail")))


def test_a_figure_that_cannot_be_read_is_named_on_the_last_look(people, report, indicator, sign_in) -> None:
    write(people.actor("reporter"), report)
    type_figure(people, indicator, "１２a")
    client = sign_in()
    page = text_of(client.get(url(report, "report_submit")))
    assert f"{url(report)}#c-{indicator.public_id.hex}-FY2026-Q2" in page
    assert client.post(url(report, "report_submit"), hidden(page)).status_code == 422
    assert not Measurement.objects.exists()


# --- returned --------------------------------------------------------------------------------------------------------


def returned(people: People, report: ProgressReport, /, **notes: str) -> None:
    reviewing.return_(
        actor=people.actor("reviewer"),
        review=ReportReview.objects.get(report=report, side="municipality"),
        version=report.versions.count(),
        notes=notes,
        resubmit_due_on=timezone.localdate() + timedelta(days=3),
    )


def test_notes_of_a_return_stand_beside_what_they_are_about(people, report, indicator, sign_in) -> None:
    type_figure(people, indicator, "12")
    submitted(people.actor("reporter"), report)
    row = Measurement.objects.get()
    returned(
        people, report, **{"answer.progress": "もっと詳しく。", f"figure.{row.public_id}": "照合を願います。"}
    )
    page = text_of(sign_in().get(url(report)))
    assert "再提出期限" in page
    assert "差し戻されたところ 2か所" in page
    assert page.count("もっと詳しく。") == 2
    assert f'href="#c-{indicator.public_id.hex}-FY2026-Q2"' in page
    assert "照合を願います。" in page


# --- reading ---------------------------------------------------------------------------------------------------------


def test_draft_words_reach_nobody_who_does_not_write(people, report, sign_in) -> None:
    submitted(people.actor("reporter"), report, risks="提出した言葉")
    returned(people, report, report="直す")
    writing.save_answer(actor=people.actor("reporter"), report=report, key="risks", text=SECRET)
    upload = SimpleUploadedFile("secret.txt", SECRET.encode())
    added = writing.add_evidence(actor=people.actor("reporter"), report=report, upload=upload)
    addresses = [
        url(report, "report_detail"),
        f"{url(report, 'report_detail')}?version=1",
        url(report, "report_review"),
        "/reports/",
        "/reports/reviews/",
        f"/api/v1/reports/{report.public_id}/",
        "/api/v1/reports/",
        reverse("files:download", args=[added.file.public_id]),
    ]
    for who in ("reviewer", "university_reviewer", "secretary", "administrator", "member", "stranger"):
        client = sign_in(who)
        writes = who in ("secretary", "member")
        for address in addresses:
            response = client.get(address)
            content = b"".join(response) if response.streaming else response.content
            if not (writes and "files" in address):
                assert SECRET not in content.decode(), (who, address)
    assert SECRET in text_of(sign_in().get(url(report)))


def test_evidence_of_a_draft_is_not_shown_to_reviewers_until_it_is_submitted(people, report) -> None:
    submitted(people.actor("reporter"), report)
    returned(people, report, report="直す")
    actor = people.actor("reporter")
    added = writing.add_evidence(actor=actor, report=report, url="https://example.jp/", title="追加")
    reviewer = people.actor("reviewer")
    assert not ReportEvidence.objects.visible_to(reviewer).filter(pk=added.pk).exists()
    writing.submit(actor=actor, report=report_of(report.project))
    assert ReportEvidence.objects.visible_to(reviewer).filter(pk=added.pk).exists()


def test_what_changed_since_the_first_version_is_marked(people, report, indicator, sign_in) -> None:
    type_figure(people, indicator, "12")
    submitted(people.actor("reporter"), report, risks="部品が届かない。人手は足りている。")
    row = Measurement.objects.get()
    returned(people, report, **{f"figure.{row.public_id}": "照合"})
    actor = people.actor("reporter")
    writing.save_answer(actor=actor, report=report, key="risks", text="部品が少し届いた。人手は足りている。")
    writing.save_answer(actor=actor, report=report, key="alignment.kpi", text="1")
    type_figure(people, indicator, "11")
    writing.submit(actor=actor, report=report_of(report.project))
    page = text_of(sign_in("reviewer").get(url(report, "report_detail") + "?base=v1"))
    assert "<del" in page
    assert "人手は足りている。" in page
    assert re.search(r"<del[^>]*><span[^>]*>（前）</span>12件</del> → <ins[^>]*><strong>11件", page)
    assert re.search(r"<del[^>]*><span[^>]*>（前）</span>3</del> → \s*<strong>1</strong>", page)
    first = text_of(sign_in("reviewer").get(url(report, "report_detail") + "?version=1"))
    assert "部品が届かない。" in first
    assert "少し届いた" not in first
    assert sign_in("reviewer").get(url(report, "report_detail") + "?version=9").status_code == 404


def test_everybody_s_answers_stand_beside_each_other_and_a_wide_spread_is_marked(
    people, report, sign_in
) -> None:
    submitted(people.actor("reporter"), report, scores=(4, 3, 3, 3))
    client = sign_in("member")
    data = {"alignment.resources": "1", "alignment.resources.note": "機器が届かない"}
    assert client.post(url(report, "report_alignment"), data).status_code == 302
    page = text_of(client.get(url(report, "report_detail")))
    assert "機器が届かない" in page
    assert page.count("開きあり") == 1
    assert "あ社（架空）" in page


def test_the_lead_takes_a_report_back_before_anybody_decided(people, report, sign_in) -> None:
    submitted(people.actor("reporter"), report)
    client = sign_in()
    assert "取り戻す" in text_of(client.get(url(report, "report_detail")))
    assert client.post(url(report, "report_take_back"), {"note": ""}).status_code == 302
    assert report_of(report.project).state == State.SUBMITTED
    assert client.post(url(report, "report_take_back"), {"note": "数字を直す"}).status_code == 302
    assert report_of(report.project).state == State.DRAFTING
    assert sign_in("member").post(url(report, "report_take_back"), {"note": "x"}).status_code == 403


def test_the_trail_says_who_did_what_and_why(people, report, sign_in) -> None:
    submitted(people.actor("reporter"), report)
    returned(people, report, report="全体に短い。")
    page = text_of(sign_in("university_reviewer").get(url(report, "report_detail")))
    for words in (
        "作成開始",
        "提出",
        "差戻し（自治体）",
        "確認 次郎（架空）",
        "全体に短い。",
        "報告 花子（架空）",
    ):
        assert words in page


def test_figures_reported_elsewhere_and_missing_ones_are_told_apart(
    people, report, indicator, sign_in
) -> None:
    approved(indicator, "FY2026-Q2", "5")
    absent = make_indicator(people.scorecard, fields={"post": people.scorecard.post})
    version = submitted(people.actor("reporter"), report)
    assert [each["text"] for each in version.content["earlier"]] == ["5件"]
    assert [each["code"] for each in version.content["missing"]] == [absent.code]
    page = text_of(sign_in("reviewer").get(url(report, "report_detail")))
    assert "この報告とは別に報告" in page
    assert "未報告" in page


@pytest.mark.parametrize("count", [1, 20])
def test_reading_costs_the_same_for_one_figure_and_twenty(
    people, report, sign_in, django_assert_max_num_queries, count
) -> None:
    for number in range(count):
        made = make_indicator(people.scorecard, fields={"post": people.scorecard.post})
        type_figure(people, made, str(number))
    submitted(people.actor("reporter"), report)
    client = sign_in("reviewer")
    with django_assert_max_num_queries(22):
        assert client.get(url(report, "report_detail")).status_code == 200


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_costs_the_same_for_one_report_and_twenty(
    people, sign_in, django_assert_max_num_queries, count
) -> None:
    for number in range(count):
        make_project(people.forum, lead=people.city, code=f"X{number}")
    open_round(people.forum)
    client = sign_in()
    with django_assert_max_num_queries(10):
        page = text_of(client.get("/reports/"))
    assert f"<strong>{count}</strong>件" in page


def test_the_list_is_filtered_by_round_state_and_project(people, project, sign_in) -> None:
    made = open_round(people.forum)
    client = sign_in()
    for query, hits in (
        (f"round={made.public_id}", 1),
        ("state=submitted", 0),
        ("q=P1", 1),
        ("q=どこにもない", 0),
    ):
        assert f"<strong>{hits}</strong>件" in text_of(client.get(f"/reports/?{query}")), query


# --- comparing -------------------------------------------------------------------------------------------------------


def test_comparing_keeps_unchanged_sentences_and_marks_words() -> None:
    pieces = compare("試作を3台作った。評価はこれから。", "試作を5台作った。評価はこれから。次は量産。")
    assert "".join(each.text for each in pieces if each.kind != "removed") == (
        "試作を5台作った。評価はこれから。次は量産。"
    )
    assert [(each.kind, each.text) for each in pieces if each.kind != "same"] == [
        ("removed", "3"),
        ("added", "5"),
        ("added", "次は量産。"),
    ]


def test_comparing_hostile_texts_stays_cheap() -> None:
    import time

    started = time.perf_counter()
    compare("あ " * 1000, " い" * 1000)
    compare("一。" * 1000, "二。" * 1000)
    assert time.perf_counter() - started < 2


def test_submissions_of_a_report_lead_to_it_from_the_figures(people, report, indicator, sign_in) -> None:
    type_figure(people, indicator, "12")
    submitted(people.actor("reporter"), report)
    submission = Submission.objects.get()
    page = text_of(sign_in("reviewer").get(reverse("kpis:review", args=[submission.public_id])))
    assert "まとめて確認します" in page
    assert url(report, "report_detail") in page
    assert "選んだ値を承認する" not in page


def test_the_reports_of_a_project_are_ready_for_its_page(people, report, sign_in) -> None:
    sections = reports_of_projects([report.project], people.actor("reporter"), None)
    (section,) = sections[report.project_id]
    html = render_to_string(section["template"], {"section": section})
    assert report.round.name in html
    assert "未着手" in html
    assert reports_of_projects([report.project], people.actor("member"), None)
    assert reports_of_projects([report.project], people.actor("stranger"), None) == {}
    assert reports_of_projects([report.project], ANONYMOUS, None) == {}

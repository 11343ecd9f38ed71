"""The queue and the page on which a report is reviewed: reading, notes, both decisions, and being second."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from actors.models import Assignment
from kpis.models import Measurement, MeasurementEvent
from kpis.periods import Period
from kpis.services import entering
from kpis.services.entering import Typed
from projects.models import AlignmentAnswer, ProgressReport, ReportReview, ReviewNote
from projects.reporting.services import reviewing, writing
from tests.conftest import People
from tests.factories.kpis import make_indicator
from tests.factories.projects import make_project
from tests.factories.reporting import open_round, report_of, submitted

pytestmark = pytest.mark.django_db
State = ProgressReport.State
Q2 = Period.parse("FY2026-Q2")
QUEUE = "/reports/reviews/"


@pytest.fixture
def project(people: People) -> Any:
    return make_project(people.forum, lead=people.city, scorecard=people.scorecard, code="P1")


@pytest.fixture
def report(people: People, project: Any) -> ProgressReport:
    """Submitted with one figure."""
    open_round(people.forum)
    type_figure(people, make_indicator(people.scorecard, fields={"post": people.scorecard.post}), "12")
    made = report_of(project)
    submitted(people.actor("reporter"), made, risks="部品が届かない。")
    return made


@pytest.fixture
def sign_in(people: People, client: Client) -> Any:
    def signed_in(who: str = "reviewer") -> Client:
        client.force_login(getattr(people, who))
        return client

    return signed_in


def type_figure(people: People, indicator: Any, value: str) -> None:
    actor = people.actor("reporter")
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    entering.save_entry(actor=actor, draft=draft, typed=Typed(indicator, Q2, value=value))


def url(report: ProgressReport, name: str = "report_review") -> str:
    return reverse(f"projects:{name}", args=[report.public_id])


def text_of(response: Any) -> str:
    return str(response.content.decode())


def decide(client: Client, report: ProgressReport, action: str, version: int = 1, **more: str) -> Any:
    return client.post(url(report), {"version": str(version), "action": action, **more})


def review_of(report: ProgressReport, side: str) -> ReportReview:
    return ReportReview.objects.get(report=report, side=side)


def again(people: People, report: ProgressReport, indicator: Any = None, **answers: str) -> None:
    """Returned by the municipality, mended and submitted once more."""
    reviewing.return_(
        actor=people.actor("reviewer"),
        review=review_of(report, "municipality"),
        version=report.versions.count(),
        notes={"report": "直してください。"},
    )
    for key, text in answers.items():
        writing.save_answer(actor=people.actor("reporter"), report=report, key=key, text=text)
    writing.submit(actor=people.actor("reporter"), report=report_of(report.project))


# --- the queue -------------------------------------------------------------------------------------------------------


def test_the_queue_lists_what_waits_for_the_named_reviewer(people, report, sign_in) -> None:
    page = text_of(sign_in().get(QUEUE))
    for words in (report.project.name, "初回", "本日", "未着手", url(report)):
        assert words in page
    for who in ("secretary", "member", "stranger"):
        assert report.project.name not in text_of(sign_in(who).get(QUEUE)), who


def test_what_one_side_has_confirmed_leaves_that_queue_alone(people, report, sign_in) -> None:
    decide(sign_in(), report, "accept")
    assert "確認待ちの報告はありません" in text_of(sign_in().get(QUEUE))
    page = text_of(sign_in("university_reviewer").get(QUEUE))
    assert report.project.name in page
    assert re.search(r"自治体</span>　<span[^>]*>確認済み", page)


def test_a_report_submitted_again_says_so(people, report, sign_in) -> None:
    again(people, report)
    assert "再提出（第2版）" in text_of(sign_in().get(QUEUE))


@pytest.mark.parametrize("count", [1, 20])
def test_the_queue_costs_the_same_for_one_report_and_twenty(
    people, sign_in, django_assert_max_num_queries, count
) -> None:
    projects = [make_project(people.forum, lead=people.city, code=f"X{number}") for number in range(count)]
    open_round(people.forum)
    for project in projects:
        submitted(people.actor("reporter"), report_of(project))
    client = sign_in()
    with django_assert_max_num_queries(11):
        assert client.get(QUEUE).status_code == 200


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"),
    [("reviewer", 200), ("university_reviewer", 200), ("secretary", 403), ("member", 404), ("stranger", 404)],
)
def test_who_opens_the_review(report, sign_in, who, status) -> None:
    assert sign_in(who).get(url(report)).status_code == status


def test_opening_writes_nothing_and_beginning_does(report, sign_in) -> None:
    client = sign_in()
    page = text_of(client.get(url(report)))
    assert "確認を始める" in page
    assert review_of(report, "municipality").state == "waiting"
    decide(client, report, "begin")
    assert review_of(report, "municipality").state == "reviewing"
    assert report_of(report.project).state == State.REVIEWING
    assert "確認を始める" not in text_of(client.get(url(report)))


def test_every_place_has_a_field_for_a_note(report, sign_in) -> None:
    page = text_of(sign_in().get(url(report)))
    row = Measurement.objects.get()
    for place in ("answer.progress", f"figure.{row.public_id}", "alignment.kpi", "evidence", "report"):
        assert f'name="note.{place}"' in page


def test_one_press_confirms_and_the_second_makes_the_figures_official(report, sign_in) -> None:
    response = decide(sign_in(), report, "accept")
    assert response["Location"] == url(report, "report_detail")
    assert decide(sign_in("university_reviewer"), report, "accept").status_code == 302
    assert report_of(report.project).state == State.APPROVED
    assert MeasurementEvent.objects.filter(kind="approved").count() == 1
    page = text_of(sign_in("member").get(url(report, "report_detail")))
    assert "承認済み" in page
    assert reverse("kpis:why", args=[Measurement.objects.get().indicator.public_id]) in page


def test_returning_puts_the_notes_on_their_places(report, sign_in) -> None:
    row = Measurement.objects.get()
    notes = {"note.answer.progress": "詳しく。", f"note.figure.{row.public_id}": "照合。", "note.report": " "}
    day = timezone.localdate().isoformat()
    assert decide(sign_in(), report, "return", resubmit_due_on=day, **notes).status_code == 302
    assert dict(ReviewNote.objects.values_list("key", "text")) == {
        "answer.progress": "詳しく。",
        f"figure.{row.public_id}": "照合。",
    }
    assert report_of(report.project).state == State.RETURNED


def test_a_return_without_a_note_and_a_condition_without_words_are_asked_for(report, sign_in) -> None:
    client = sign_in()
    refused = decide(client, report, "return")
    assert refused.status_code == 422
    assert "直すところと理由を、一か所以上に書いてください。" in text_of(refused)
    refused = decide(client, report, "conditional", note="本文")
    assert refused.status_code == 422
    assert "条件を書いてください" in text_of(refused)
    assert report_of(report.project).state == State.SUBMITTED


def test_notes_that_were_written_are_not_lost_by_confirming(report, sign_in) -> None:
    refused = decide(sign_in(), report, "accept", **{"note.answer.progress": "詳しく。"})
    page = text_of(refused)
    assert refused.status_code == 422
    assert "指摘が書かれています" in page
    assert re.search(r'name="note.answer.progress"[^>]*>詳しく。</textarea>', page)


def test_a_day_that_cannot_be_read_keeps_everything_typed(report, sign_in) -> None:
    notes = {"note.report": "全体に短い。", "alignment.kpi": "2", "alignment.kpi.note": "遅れ"}
    refused = decide(sign_in(), report, "return", resubmit_due_on="来週", **notes)
    page = text_of(refused)
    assert refused.status_code == 422
    assert "全体に短い。</textarea>" in page
    assert re.search(r'name="alignment.kpi" value="2" checked', page)
    assert 'value="遅れ"' in page


def test_the_reviewer_s_own_answers_are_kept_with_the_decision(report, sign_in) -> None:
    data = {"alignment.kpi": "1", "alignment.kpi.note": "遅れている"}
    decide(sign_in(), report, "accept", **data)
    answer = AlignmentAnswer.objects.get(side="municipality")
    assert (answer.question, answer.score, answer.note) == ("kpi", 1, "遅れている")
    page = text_of(sign_in("university_reviewer").get(url(report)))
    assert "遅れている" in page
    assert "開きあり" in page


def test_a_condition_is_shown_until_its_reviewer_says_how_it_was_met(report, sign_in) -> None:
    condition = {"condition": "8月までに試験の結果を出すこと", "condition_due_on": "2027-08-31"}
    decide(sign_in(), report, "conditional", **condition)
    decide(sign_in("university_reviewer"), report, "accept")
    page = text_of(sign_in("reporter").get(url(report, "report_detail")))
    for words in ("条件あり", "8月までに試験の結果を出すこと", "令和9年8月31日", "まだ満たされていません"):
        assert words in page
    met = {"side": "municipality", "note": "結果を受領"}
    assert sign_in("reporter").post(url(report, "report_condition"), met).status_code == 403
    assert sign_in().post(url(report, "report_condition"), met).status_code == 302
    page = text_of(sign_in("reporter").get(url(report, "report_detail")))
    assert "条件充足" in page
    assert "条件あり" not in page


# --- being second ----------------------------------------------------------------------------------------------------


def test_the_second_reviewer_sees_what_the_first_did_and_keeps_what_was_typed(report, sign_in) -> None:
    decide(sign_in(), report, "return", **{"note.report": "直してください。"})
    refused = decide(
        sign_in("university_reviewer"), report, "return", **{"note.answer.risks": "消えない指摘"}
    )
    page = text_of(refused)
    assert refused.status_code == 409
    assert "ほかの確認者が先に差し戻しました" in page
    assert "確認 次郎（架空）" in page
    assert "消えない指摘" in page


def test_a_version_submitted_meanwhile_is_shown_with_the_notes_kept(people, report, sign_in) -> None:
    row = Measurement.objects.get()
    client = sign_in("university_reviewer")
    again(people, report, progress="書き直した。")
    notes = {"note.answer.risks": "残る指摘", f"note.figure.{row.public_id}": "値への指摘"}
    refused = decide(client, report, "return", version=1, **notes)
    page = text_of(refused)
    assert refused.status_code == 409
    assert "新しい版が提出されました" in page
    assert re.search(r'name="note.answer.risks"[^>]*>残る指摘</textarea>', page)
    assert "値への指摘" in page
    assert 'name="version" value="2"' in page
    assert decide(client, report, "return", version=2, **{"note.answer.risks": "残る指摘"}).status_code == 302


def test_after_a_return_the_page_marks_what_changed_since_one_s_own_reading(people, report, sign_in) -> None:
    again(people, report, risks="部品が届いた。")
    page = text_of(sign_in().get(url(report)))
    assert "第1版から変わったところに印を付けています" in page
    assert "<del" in page
    assert "直してください。" in page


def test_the_first_version_is_read_beside_the_last_approved_report(people, project, report, sign_in) -> None:
    decide(sign_in(), report, "accept")
    decide(sign_in("university_reviewer"), report, "accept")
    open_round(people.forum, period=Period.parse("FY2026-Q3"))
    later = report_of(project)
    writing.save_answer(actor=people.actor("reporter"), report=later, key="risks", text="部品は届いた。")
    submitted(people.actor("reporter"), later)
    page = text_of(sign_in().get(url(later)))
    assert f"前回の報告（{report.round}）から変わったところに印を付けています" in page
    assert "前回の報告と同じ文章のままです：「進み具合」" in page


# --- who one is ------------------------------------------------------------------------------------------------------


def test_a_deputy_gives_the_reason_and_is_marked(people, report, sign_in) -> None:
    Assignment.objects.filter(person__user=people.reviewer).update(role="deputy")
    client = sign_in()
    assert "副担当として確認するため、「代決」と表示されます。" in text_of(client.get(url(report)))
    decide(client, report, "accept", proxy_note="課長不在のため")
    page = text_of(client.get(url(report, "report_detail")))
    assert "代決" in page
    assert "課長不在のため" in page


def test_the_main_holder_is_not_asked_why(report, sign_in) -> None:
    assert "代決の理由" not in text_of(sign_in().get(url(report)))


def test_one_s_own_organisation_is_warned_of_and_marked(people, project, sign_in) -> None:
    project.lead = people.university
    project.save()
    open_round(people.forum)
    report = report_of(project)
    submitted(people.actor("reviewer"), report)
    client = sign_in("university_reviewer")
    assert "あなたと同じ機関の報告です" in text_of(client.get(url(report)))
    decide(client, report, "accept")
    assert "報告と同じ機関" in text_of(client.get(url(report, "report_detail")))


def test_one_s_own_report_is_shown_without_buttons_and_says_why(people, project, sign_in) -> None:
    project.lead = people.university
    project.save()
    open_round(people.forum)
    report = report_of(project)
    submitted(people.actor("reviewer"), report)
    client = sign_in()
    page = text_of(client.get(url(report)))
    assert "自分が提出した報告や自分の担当の報告は、確認できません" in page
    assert "確認しました" not in page
    assert decide(client, report, "accept").status_code == 403
    assert report.project.name not in text_of(client.get(QUEUE))


@pytest.mark.parametrize("count", [1, 20])
def test_the_review_costs_the_same_for_one_figure_and_twenty(
    people, project, sign_in, django_assert_max_num_queries, count
) -> None:
    open_round(people.forum)
    for number in range(count):
        made = make_indicator(people.scorecard, fields={"post": people.scorecard.post})
        type_figure(people, made, str(number))
    report = report_of(project)
    submitted(people.actor("reporter"), report)
    client = sign_in()
    with django_assert_max_num_queries(26):
        assert client.get(url(report)).status_code == 200


# --- by API ----------------------------------------------------------------------------------------------------------


def api(report: ProgressReport, verb: str = "") -> str:
    return f"/api/v1/reports/{report.public_id}/" + (f"{verb}/" if verb else "")


def test_the_api_gives_versions_events_and_notes(report, sign_in) -> None:
    body = sign_in().get(api(report)).json()
    assert body["versions"][0]["content"]["answers"]["risks"] == "部品が届かない。"
    assert [each["kind"] for each in body["events"]] == ["requested", "started", "submitted"]
    assert [each["side"] for each in body["reviews"]] == ["municipality", "university"]


def test_a_decision_with_one_key_is_made_once_by_api(report, sign_in) -> None:
    client = sign_in()
    headers = {"Idempotency-Key": "one"}
    body = {"version": 1, "alignment": [{"question": "kpi", "score": 2}]}
    answers = [
        client.post(api(report, "accept"), body, "application/json", headers=headers) for _number in range(2)
    ]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert AlignmentAnswer.objects.filter(side="municipality").count() == 1


def test_the_api_refuses_in_words_and_by_field(report, sign_in) -> None:
    refused = sign_in().post(api(report, "return"), {"version": 1, "notes": {}}, "application/json")
    assert refused.status_code == 400
    assert "report" in refused.json()["error"]["fields"]
    refused = sign_in().post(api(report, "accept"), {"version": 7}, "application/json")
    assert refused.status_code == 409
    assert (
        sign_in("secretary").post(api(report, "accept"), {"version": 1}, "application/json").status_code
        == 403
    )


def test_the_whole_road_goes_by_api(people, project, sign_in) -> None:
    open_round(people.forum, period=Period.parse("FY2026-Q3"))
    report = report_of(project)
    client = sign_in("reporter")
    for key, text in (
        ("progress", "進んだ。"),
        *((f"alignment.{each}", "3") for each in ("resources", "vision", "balance", "kpi")),
    ):
        given = {"key": key, "text": text}
        assert client.post(api(report, "answer"), given, "application/json").status_code == 200
    assert client.post(api(report, "submit"), {}, "application/json").json()["state"] == "submitted"
    back = client.post(api(report, "take-back"), {"note": "直す"}, "application/json")
    assert back.json()["state"] == "drafting"
    assert len(client.post(api(report, "submit"), {}, "application/json").json()["versions"]) == 2

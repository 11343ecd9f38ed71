"""The pages of rounds: who sees the board, and every step of the secretariat, by its page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from ecosystems.models import AvoidedPeriod
from foundation.models.outbox import Message
from projects.models import ProgressReport, Reminder, ReportingRound, ReportReview
from projects.reporting.services import rounds, scheduling
from tests.conftest import People
from tests.factories.actors import make_holder, make_post
from tests.factories.ecosystems import give_duty
from tests.factories.projects import make_project
from tests.factories.reporting import SYSTEM, make_round, open_round, report_of, submitted

State = ProgressReport.State


@pytest.fixture
def project(people: People) -> Any:
    return make_project(people.forum, lead=people.city, scorecard=people.scorecard, code="P1")


@pytest.fixture
def enter(client: Any, people: People) -> Any:
    """The client as somebody."""

    def sign_in(name: str) -> Any:
        client.force_login(getattr(people, name))
        return client

    return sign_in


def at(page: str, round_: ReportingRound, *more: Any) -> str:
    return reverse(f"projects:{page}", args=[round_.public_id, *more])


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def day(shift: int) -> str:
    return (timezone.localdate() + timedelta(days=shift)).isoformat()


def filled(people: People, **fields: Any) -> dict[str, Any]:
    return {
        "forum": str(people.forum.public_id),
        "kind": "quarter",
        "period": "FY2026-Q2",
        "requested_on": day(0),
        "due_on": day(21),
        "closes_on": day(35),
    } | fields


# --- preparing -------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _in_2026(monkeypatch: pytest.MonkeyPatch) -> None:
    """The periods that a form offers are those around today."""
    from projects.reporting import forms_rounds

    offered = forms_rounds.period_choices(date(2026, 11, 20))
    monkeypatch.setattr(forms_rounds, "period_choices", lambda today: offered)


def test_the_request_is_written_before_anything_is_saved(people, enter) -> None:
    response = enter("secretary").post(reverse("projects:round_new"), filled(people, action="text"))
    page = words(response)
    assert "令和8年度 第2四半期 進捗報告" in page
    assert "令和8年度 第2四半期の進捗報告の提出を依頼します。" in page
    assert "あ市（架空） 企画課 事務局" in page
    assert not ReportingRound.objects.exists()


def test_a_year_is_asked_for_a_final_report(people, enter) -> None:
    data = filled(people, kind="year", period="FY2026", action="save")
    enter("secretary").post(reverse("projects:round_new"), data)
    assert ReportingRound.objects.get().name == "令和8年度 実績報告"


def test_a_date_in_a_council_session_is_warned_of_and_not_forbidden(people, enter) -> None:
    due = timezone.localdate() + timedelta(days=21)
    AvoidedPeriod.objects.create(
        forum=people.forum, name="12月定例会", from_on=due, to_on=due + timedelta(days=3)
    )
    client = enter("secretary")
    written = client.post(reverse("projects:round_new"), filled(people, action="text"))
    assert "「12月定例会」に当たります" in words(written)
    saved = client.post(reverse("projects:round_new"), filled(people, action="save"))
    assert saved.status_code == 302
    assert "「12月定例会」に当たります" in words(client.get(saved["Location"]))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"due_on": day(-1)}, "提出期限は依頼日以後の日にしてください。"),
        ({"closes_on": day(1)}, "受付終了日は提出期限以後の日にしてください。"),
        ({"period": "FY2026"}, "種類に合う対象期間を選んでください。"),
        ({"due_on": "いつか"}, "日付を正しく入力してください。"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_kept(people, enter, fields, told) -> None:
    response = enter("secretary").post(
        reverse("projects:round_new"), filled(people, name="大事な名称", action="save", **fields)
    )
    page = words(response)
    assert told in page
    assert "大事な名称" in page
    assert not ReportingRound.objects.exists()


def test_the_same_name_twice_is_refused(people, enter) -> None:
    make_round(people.forum, name="令和8年度 第2四半期 進捗報告")
    response = enter("secretary").post(reverse("projects:round_new"), filled(people, action="save"))
    assert "この名称の報告依頼は、すでにあります。" in words(response)


def test_what_somebody_changed_meanwhile_is_not_overwritten(people, enter) -> None:
    made = make_round(people.forum, due_in=21, closes_in=35)
    rounds.change_round(actor=SYSTEM, round_=made, revision=made.revision, request_text="新しい依頼文")
    response = enter("secretary").post(
        at("round_edit", made), filled(people, name="x", action="save", revision=made.revision)
    )
    assert "ほかの人がこの報告依頼を変えました" in words(response)
    made.refresh_from_db()
    assert made.request_text == "新しい依頼文"


# --- opening ---------------------------------------------------------------------------------------------------------


def test_the_last_look_names_projects_and_reviewers_and_one_press_starts_it(people, project, enter) -> None:
    ended = make_project(people.forum, code="P9", state="stopped", ends_on=date(2026, 3, 31))
    second = make_post(people.university, name="第二 URA")
    give_duty(people.forum, second, "university_reviewer")
    made = make_round(people.forum)
    client = enter("secretary")
    page = words(client.get(at("round_open", made)))
    assert project.name in page
    assert "あ大学（架空） 本部 確認担当" in page
    assert ended.name in page
    data = {
        f"university-{project.public_id}": str(second.public_id),
        f"exempt-{ended.public_id}": "1",
        f"reason-{ended.public_id}": "中止済み",
        "once": "one-press",
    }
    for _twice in range(2):
        assert client.post(at("round_open", made), data).status_code == 302
    assert ReportReview.objects.get(report=report_of(project), side="university").reviewer_post == second
    assert report_of(ended).exempt_reason == "中止済み"
    assert ProgressReport.objects.count() == 2


def test_an_exemption_without_a_reason_comes_back_in_words(people, project, enter) -> None:
    ended = make_project(people.forum, code="P9", state="stopped", ends_on=date(2026, 3, 31))
    made = make_round(people.forum)
    response = enter("secretary").post(
        at("round_open", made), {f"exempt-{ended.public_id}": "1", f"reason-{ended.public_id}": " "}
    )
    assert "報告対象外とする理由を入れてください。" in words(response)
    assert not ProgressReport.objects.exists()


# --- two worlds ------------------------------------------------------------------------------------------------------


def test_a_member_reads_the_request_and_never_the_board(people, project, enter) -> None:
    made = open_round(people.forum, request_text="令和8年度の報告を依頼します。")
    client = enter("member")
    page = words(client.get(at("round", made)))
    assert "令和8年度の報告を依頼します。" in page
    assert project.name not in page
    assert "提出状況" not in page
    listed = words(client.get(reverse("projects:round_list")))
    assert "自機関の報告はありません" in listed
    assert "提出 <strong>" not in listed
    assert client.get(at("round_close", made)).status_code == 403
    assert client.post(at("round_remind", made), {"reports": "x"}).status_code == 403
    assert client.get(at("round_report", made, report_of(project).public_id)).status_code == 403


def test_an_asked_organisation_finds_its_report_from_the_round(people, project, enter) -> None:
    made = open_round(people.forum)
    page = words(enter("reporter").get(at("round", made)))
    assert f"/reports/{report_of(project).public_id}/" in page
    assert "未着手" in page


def test_a_stranger_finds_no_round(people, project, enter) -> None:
    made = open_round(people.forum)
    client = enter("stranger")
    assert client.get(at("round", made)).status_code == 404
    assert made.name not in words(client.get(reverse("projects:round_list")))


def test_a_round_in_preparation_is_the_secretariats_alone(people, project, enter) -> None:
    made = make_round(people.forum)
    assert enter("secretary").get(at("round", made)).status_code == 200
    assert enter("member").get(at("round", made)).status_code == 404


def test_a_reviewer_reads_the_board_and_cannot_act_on_it(people, project, enter) -> None:
    made = open_round(people.forum)
    client = enter("reviewer")
    page = words(client.get(at("round", made)))
    assert project.name in page
    assert "督促する" not in page
    assert client.post(at("round_close", made)).status_code == 403


# --- the board -------------------------------------------------------------------------------------------------------


@pytest.fixture
def board(people: People, project: Any) -> ReportingRound:
    """P1 not started, P2 returned, P3 late and waiting, P4 exempt; due yesterday."""
    others = [make_project(people.forum, lead=people.city, code=f"P{number}") for number in (4, 3, 2)]
    made = open_round(people.forum, due_in=-1, closes_in=7)
    exempted, late, returned = (report_of(each) for each in others)
    rounds.exempt(actor=people.actor("secretary"), report=exempted, reason="中止済み")
    ProgressReport.objects.filter(pk=late.pk).update(
        state=State.SUBMITTED,
        is_late=True,
        first_submitted_at=timezone.now(),
        submitted_at=timezone.now(),
        late_reason="担当者の交代",
    )
    ProgressReport.objects.filter(pk=returned.pk).update(
        state=State.RETURNED, first_submitted_at=timezone.now(), submitted_at=timezone.now()
    )
    return made


def codes(response: Any) -> list[str]:
    return [row.report.project.code for row in response.context["rows"]]


def test_what_is_missing_stands_first_then_what_was_returned_then_what_came_late(board, enter) -> None:
    response = enter("secretary").get(at("round", board))
    assert codes(response) == ["P1", "P2", "P3", "P4"]
    page = words(response)
    assert "提出期限から1日経過" in page
    assert "期限後提出（1日遅れ）" in page
    assert "担当者の交代" in page
    assert [count for _key, _label, count in response.context["counts"].chips] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("group=unsubmitted", ["P1"]),
        ("group=exempt", ["P4"]),
        ("state=returned", ["P2"]),
        ("review=university:waiting", ["P3"]),
        ("q=P3", ["P3"]),
        ("q=どこにもない", []),
        ("state=nonsense", ["P1", "P2", "P3", "P4"]),
        ("page=999", ["P1", "P2", "P3", "P4"]),
    ],
)
def test_the_board_is_narrowed_by_what_is_asked(board, enter, query, expected) -> None:
    assert codes(enter("secretary").get(f"{at('round', board)}?{query}")) == expected


def test_an_exempt_report_is_not_counted_as_missing(board, enter) -> None:
    counts = enter("secretary").get(at("round", board)).context["counts"]
    assert (counts.asked, counts.submitted, counts.groups["unsubmitted"]) == (3, 2, 1)


def test_keepers_stand_with_their_section_address_and_telephone(people, project, enter) -> None:
    desk = make_post(people.city, name="係長", email="kakari@example.jp", phone="000-000-0000")
    project.post = desk
    project.save()
    page = words(enter("secretary").get(at("round", open_round(people.forum))))
    assert "mailto:kakari@example.jp" in page
    assert "000-000-0000" in page


def test_the_board_takes_as_many_queries_for_fifty_as_for_one(
    people, project, enter, django_assert_max_num_queries
) -> None:
    for number in range(49):
        make_project(people.forum, lead=people.city, code=f"X{number}")
    made = open_round(people.forum)
    client = enter("secretary")
    with django_assert_max_num_queries(10):
        assert len(client.get(at("round", made)).context["rows"]) == 50


def test_the_list_takes_as_many_queries_for_many_rounds(
    people, project, enter, django_assert_max_num_queries
) -> None:
    for _number in range(10):
        open_round(people.forum)
    client = enter("secretary")
    with django_assert_max_num_queries(6):
        client.get(reverse("projects:round_list"))


# --- acting from the board -------------------------------------------------------------------------------------------


def test_ticked_reports_are_reminded_and_the_rest_is_told(people, board, enter) -> None:
    ids = [str(each.public_id) for each in ProgressReport.objects.all()]
    ProgressReport.objects.update(post=people.scorecard.post)
    response = enter("secretary").post(
        at("round_remind", board),
        {"reports": [*ids, "no-id"], "step": "", "back": "group=unsubmitted"},
        follow=True,
    )
    page = words(response)
    assert response.redirect_chain[-1][0].endswith("?group=unsubmitted")
    assert "2件を督促しました。" in page
    assert "督促しなかった報告（2件）" in page
    assert "報告対象外です" in page
    assert Reminder.objects.count() == 2


def test_nothing_ticked_is_told_in_words(board, enter) -> None:
    page = words(enter("secretary").post(at("round_remind", board), {}, follow=True))
    assert "督促する報告を選んでください。" in page


def test_one_report_is_called_about_exempted_and_reopened(people, project, enter) -> None:
    made = open_round(people.forum)
    report = report_of(project)
    client, url = enter("secretary"), at("round_report", made, report.public_id)
    refused = client.post(url, {"action": "call", "call-whom": "係長", "call-note": ""})
    assert refused.status_code == 422
    client.post(url, {"action": "call", "call-whom": "係長", "call-note": "今週中に出すとのこと"})
    assert "今週中に出すとのこと" in words(client.get(url))
    client.post(url, {"action": "exempt", "exempt-reason": "休止中"})
    assert report_of(project).state == State.EXEMPT
    client.post(url, {"action": "reopen", "reopen-until": day(3), "reopen-reason": "再開したため"})
    assert report_of(project).resubmit_due_on == timezone.localdate() + timedelta(days=3)
    assert client.post(url, {"action": "nonsense"}).status_code == 302


def test_a_reviewer_is_changed_to_a_post_with_the_duty_or_to_none_with_a_reason(
    people, project, enter
) -> None:
    second = make_post(people.university, name="第二 URA")
    give_duty(people.forum, second, "university_reviewer")
    made = open_round(people.forum)
    url = at("round_report", made, report_of(project).public_id)
    client = enter("secretary")
    client.post(url, {"action": "university", "university-post": str(second.public_id)})
    assert ReportReview.objects.get(side="university").reviewer_post == second
    refused = client.post(url, {"action": "university", "university-post": ""})
    assert "確認者を置かない理由を入れてください。" in words(refused)
    stranger = make_post(people.company, name="営業")
    refused = client.post(url, {"action": "university", "university-post": str(stranger.public_id)})
    assert refused.status_code == 422


# --- dates and the end -----------------------------------------------------------------------------------------------


def test_dates_move_later_only_with_a_reason_and_people_are_told(people, project, enter) -> None:
    made = open_round(people.forum, due_in=7, closes_in=14)
    client, url = enter("secretary"), at("round_dates", made)
    data = {"due_on": day(3), "closes_on": day(14), "reason": "災害対応", "revision": made.revision}
    assert "早めることはできません" in words(client.post(url, data))
    moved = client.post(url, data | {"due_on": day(10), "closes_on": day(20)})
    assert moved.status_code == 302
    made.refresh_from_db()
    assert made.due_on == timezone.localdate() + timedelta(days=10)
    assert Message.objects.get(topic="projects.round_postponed").payload["reason"] == "災害対応"
    assert "ほかの人がこの報告依頼を変えました" in words(client.post(url, data | {"due_on": day(12)}))


def test_closing_names_who_is_missing_and_asks_once_more(people, project, enter) -> None:
    made = open_round(people.forum)
    client = enter("secretary")
    page = words(client.get(at("round_close", made)))
    assert project.name in page
    assert "まだそろっていない報告（1件）" in page
    client.post(at("round_close", made))
    made.refresh_from_db()
    assert made.state == "closed"
    again = client.post(at("round_close", made))
    assert "受付中の報告依頼だけ、終了できます。" in words(again)


def test_a_round_whose_last_day_has_passed_ends_by_itself_once(people, project) -> None:
    made = open_round(people.forum, due_in=-3, closes_in=-1)
    still = open_round(people.forum, due_in=-3, closes_in=0)
    assert scheduling.has_over()
    assert scheduling.close_over() == 1
    assert scheduling.close_over() == 0
    assert not scheduling.has_over()
    made.refresh_from_db()
    still.refresh_from_db()
    assert (made.state, still.state) == ("closed", "open")
    assert Message.objects.filter(topic="projects.round_closed").count() == 1


def test_a_report_after_the_end_is_refused_in_words(people, project) -> None:
    from foundation.errors import StateError

    made = open_round(people.forum)
    rounds.close_round(actor=people.actor("secretary"), round_=made)
    with pytest.raises(StateError, match="事務局に再開を依頼してください"):
        submitted(people.actor("reporter"), report_of(project))


def test_the_secretariat_is_told_on_its_first_page_of_a_round_that_ends_soon(people, project, enter) -> None:
    made = open_round(people.forum, due_in=2, closes_in=5)
    page = words(enter("secretary").get(reverse("portal:home")))
    assert "受付終了が近い報告依頼" in page
    assert made.name in page
    assert "未提出 1／1件" in page
    other = make_holder(make_post(people.company, name="総務"), "会社 七子（架空）")
    client = enter("member")
    client.force_login(other)
    assert "受付終了が近い報告依頼" not in words(client.get(reverse("portal:home")))

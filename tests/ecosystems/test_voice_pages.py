"""The pages of questions: asking without an account, the receipt, the public list, the queue and the page of work."""

from __future__ import annotations

import re
from datetime import date
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from actors.models import Post
from ecosystems.models import Voice
from ecosystems.subjects import FORUM, key_of
from foundation.callers import address_of, mark_of
from tests.factories.actors import make_post
from tests.factories.ecosystems import make_forum, make_voice
from tests.factories.projects import make_project
from tests.factories.visions import make_vision

ASK, LIST, QUEUE, ENTER = "/voices/ask/", "/voices/", "/voices/queue/", "/voices/enter/"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def forum(people):
    people.forum.visibility = "public"
    people.forum.save()
    return people.forum


def words(forum, **more) -> dict[str, str]:
    return {"about": key_of(FORUM, forum.public_id), "body": "電話でも頼めますか。"} | more


def work(voice) -> str:
    return reverse("ecosystems:voice_work", args=[voice.public_id])


def receipt(voice) -> str:
    return reverse("ecosystems:voice_receipt", args=[voice.receipt_id])


# --- asking ----------------------------------------------------------------------------------------------------------


def test_a_visitor_asks_and_is_led_to_the_receipt(client, forum):
    response = client.post(ASK, words(forum, asker="浜通り地区・50代"))
    voice = Voice.objects.get()
    assert response["Location"] == receipt(voice)
    text = client.get(response["Location"]).text
    assert voice.code in text
    assert "電話でも頼めますか。" in text
    assert "までにお答えします" in text


def test_the_form_says_before_sending_by_when_the_answer_comes(client, forum):
    page = client.get(ASK)
    assert "までに、担当の課がお答えします" in page.text
    assert "お名前を出さずに" in page.text
    assert page.context["due_on"] == Voice.due_for(timezone.localdate())


def test_what_cannot_be_seen_cannot_be_asked_about_and_leaves_no_trace(client, people):
    hidden = make_project(people.forum, visibility="members")
    for key in (f"projects.project:{hidden.public_id}", f"projects.project:{uuid4()}", "x"):
        assert client.get(ASK, {"about": key}).status_code == 404
        assert client.post(f"{ASK}?about={key}", {"about": key, "body": "質問"}).status_code == 404
        assert client.get(LIST, {"about": key}).status_code == 200
    assert hidden.name not in client.get(ASK).text
    response = client.post(ASK, {"about": f"projects.project:{hidden.public_id}", "body": "質問"})
    assert response.status_code == 422
    assert Voice.objects.count() == 0


def test_a_double_click_asks_once_and_both_reach_the_receipt(client, forum):
    token = re.search(r'name="once" value="(\w+)"', client.get(ASK).text)[1]
    first = client.post(ASK, words(forum, once=token))
    second = client.post(ASK, words(forum, once=token))
    assert first["Location"] == second["Location"]
    assert Voice.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("body", "", "必須です"),
        ("body", "あ" * 10_000, "内容は4,000字まで"),
        ("email", "a@b@c", "メールアドレスの形"),
        ("email", "a@example.jp\nBcc: b@example.jp", "メールアドレスの形"),
        ("asker", "あ" * 61, "60字まで"),
        ("website", "http://spam.example.com/", "空にして"),
    ],
)
def test_what_is_refused_is_said_beside_its_field_and_nothing_typed_is_lost(
    client, forum, field, typed, said
):
    sent = words(forum, asker="港町地区", **{field: typed}) if field != "asker" else words(forum, asker=typed)
    response = client.post(ASK, sent)
    assert response.status_code == 422
    assert said in str(response.context["form"].errors[field])
    assert sent["body"] in response.text
    assert Voice.objects.count() == 0


def test_script_in_the_words_is_shown_as_words(client, forum, people):
    client.post(ASK, words(forum, body=f"{SCRIPT}質問", asker=SCRIPT))
    voice = Voice.objects.get()
    client.force_login(people.secretary)
    pages = [client.get(url).text for url in (receipt(voice), work(voice), QUEUE)]
    make_voice(forum, released=True, body=SCRIPT, asker=SCRIPT, answer=SCRIPT)
    for text in [*pages, client.get(LIST).text]:
        assert SCRIPT not in text
        assert "&lt;script&gt;" in text


def test_past_the_limit_the_words_stay_on_the_page(client, forum):
    for number in range(5):
        assert client.post(ASK, words(forum, body=f"質問{number}")).status_code == 302
    response = client.post(ASK, words(forum, body="六つ目の質問"))
    assert response.status_code == 422
    assert "短い間に続けて" in response.text
    assert "六つ目の質問" in response.text
    assert Voice.objects.count() == 5
    assert client.post(ASK, words(forum, body="別の家から"), REMOTE_ADDR="203.0.113.9").status_code == 302


def test_the_caller_is_whom_our_own_proxy_saw_and_not_what_a_stranger_wrote(rf, settings):
    forged = rf.get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.9"})
    assert address_of(forged) == "10.0.0.1"
    settings.TRUSTED_PROXY_COUNT = 1
    assert address_of(forged) == "203.0.113.9"
    house = [rf.get("/", REMOTE_ADDR=f"2001:db8:1:2::{number}") for number in (1, 2)]
    settings.TRUSTED_PROXY_COUNT = 0
    day = date(2026, 5, 12)
    assert mark_of(house[0], day) == mark_of(house[1], day) != mark_of(forged, day)
    assert "2001" not in mark_of(house[0], day)


def test_a_form_from_elsewhere_is_refused(forum):
    response = Client(enforce_csrf_checks=True).post(ASK, words(forum))
    assert response.status_code == 403
    assert Voice.objects.count() == 0


# --- the receipt -----------------------------------------------------------------------------------------------------


def test_the_receipt_is_reached_by_its_own_address_alone_and_kept_by_nobody(client, forum):
    voice = make_voice(forum, body="私だけの質問", email="namae@example.jp")
    response = client.get(receipt(voice))
    assert response["Cache-Control"] == "private, no-store"
    assert "noindex" in response["X-Robots-Tag"]
    assert "namae@example.jp" not in response.text
    other = reverse("ecosystems:voice_receipt", args=[voice.public_id])
    assert client.get(other).status_code == 404
    assert str(voice.receipt_id) not in client.get(LIST).text


def test_the_receipt_shows_no_draft_before_its_release(client, forum):
    voice = make_voice(forum, state="checking", answer="まだ案です")
    assert "まだ案です" not in client.get(receipt(voice)).text
    declined = make_voice(forum, state="declined", declined_reason="場の取組と関わりがないため")
    assert "場の取組と関わりがないため" in client.get(receipt(declined)).text


def test_the_receipt_says_plainly_that_the_answer_is_late(client, forum):
    text = client.get(receipt(make_voice(forum))).text
    assert re.search(r"期限を\d+日過ぎています", text)


# --- the public list -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 20])
def test_list_costs_the_same_for_one_and_for_many(client, forum, rows, django_assert_num_queries):
    vision = make_vision(forum)
    for number in range(rows):
        make_voice(forum, released=True, body=f"質問{number}")
        make_voice(forum, released=True, about_key=f"visions.vision:{vision.public_id}")
    with django_assert_num_queries(4):
        response = client.get(LIST)
    assert len(response.context["voices"]) == min(10, 2 * rows)


def test_search_finds_words_of_two_characters_in_what_is_public_alone(client, forum):
    make_voice(forum, released=True, body="予約便は電話でも頼めますか。")
    make_voice(forum, released=True, body="住所は秘密町です", public_body="においは何とかなりませんか。")
    make_voice(forum, body="まだ答えのない予約の質問")

    def found(query: str) -> int:
        return len(client.get(LIST, {"q": query}).context["voices"])

    assert [found(query) for query in ("予約", "電話 予約", "秘密町", "ﾖﾔｸ", "におい", "ニオイ")] == [
        1,
        1,
        0,
        0,
        1,
        1,
    ]


def test_what_is_asked_about_is_named_only_to_who_may_see_it(client, forum, people):
    project = make_project(forum, visibility="members", name="内輪の研究（架空）")
    key = f"projects.project:{project.public_id}"
    make_voice(forum, released=True, about_key=key, about_label=project.name)
    visitor = client.get(LIST)
    assert "内輪の研究" not in visitor.text
    assert client.get(LIST, {"about": key}).context["voices"] == []
    client.force_login(people.member)
    assert "内輪の研究" in client.get(LIST).text
    assert len(client.get(LIST, {"about": key}).context["voices"]) == 1


def test_a_late_answer_is_told_in_days(client, forum):
    make_voice(forum, released=True, received_on=date(2026, 9, 10), answered_on=date(2026, 10, 1))
    assert "2日遅れました" in client.get(LIST).text


def test_two_worlds_unreleased_questions_change_no_byte_of_the_public_list(client, forum):
    make_voice(forum, released=True)
    before = [client.get(LIST, query).content for query in ({}, {"q": "質問"}, {"page": "1"})]
    for state in ("received", "assigned", "checking", "declined"):
        make_voice(forum, state=state, body="秘密の質問")
    make_voice(make_forum(visibility="members"), released=True, body="よその質問")
    after = [client.get(LIST, query).content for query in ({}, {"q": "質問"}, {"page": "1"})]
    assert before == after


# --- staff -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 20])
def test_queue_costs_the_same_for_one_and_for_many(client, people, rows, django_assert_num_queries):
    for _number in range(rows):
        make_voice(people.forum, post=make_post(people.city))
    client.force_login(people.secretary)
    with django_assert_num_queries(7):
        response = client.get(QUEUE)
    assert len(response.context["voices"]) == rows


def test_queue_shows_the_most_overdue_first_and_each_only_theirs(client, people):
    own = Post.objects.get(assignments__person__user=people.reporter)
    newer = make_voice(people.forum, received_on=date(2026, 11, 19), code="新")
    older = make_voice(people.forum, received_on=date(2026, 5, 12), code="古", post=own, state="assigned")
    done = make_voice(people.forum, released=True, code="済")
    client.force_login(people.secretary)
    assert client.get(QUEUE).context["voices"] == [older, newer]
    assert client.get(QUEUE, {"show": "all"}).context["voices"] == [older, newer, done]
    assert client.get(QUEUE, {"show": "late"}).context["voices"] == [older]
    client.force_login(people.reporter)
    assert client.get(QUEUE).context["voices"] == [older]
    client.force_login(people.member)
    assert client.get(QUEUE).context["voices"] == []


def buttons(client, voice) -> set[str]:
    return set(re.findall(r'name="action" value="(\w+)"', client.get(work(voice)).text))


def test_each_sees_the_steps_that_are_theirs(client, people):
    own = Post.objects.get(assignments__person__user=people.reporter)
    received = make_voice(people.forum)
    assigned = make_voice(people.forum, post=own, state="assigned")
    checking = make_voice(
        people.forum,
        post=own,
        state="checking",
        answer="案",
        answered_by_label="課",
        written_by_id=people.reporter.pk,
    )
    client.force_login(people.secretary)
    assert buttons(client, received) == {"assign", "decline"}
    assert buttons(client, checking) == {"release", "return", "send", "save", "assign", "decline"}
    client.force_login(people.reporter)
    assert client.get(work(received)).status_code == 404
    assert buttons(client, assigned) == {"send", "save"}
    assert buttons(client, checking) == {"send", "save"}
    client.force_login(people.administrator)
    assert buttons(client, checking) == set()
    client.force_login(people.member)
    assert client.get(work(checking)).status_code == 404


def test_a_step_that_is_not_ones_own_is_refused_by_the_service(client, people):
    own = Post.objects.get(assignments__person__user=people.reporter)
    voice = make_voice(
        people.forum,
        post=own,
        state="checking",
        answer="案",
        answered_by_label="課",
        written_by_id=people.reporter.pk,
    )
    client.force_login(people.reporter)
    sent = {"action": "release", "public_body": "質問", "publish": "yes", "has_no_names": "on"}
    assert client.post(work(voice), sent).status_code == 403
    assert client.post(work(voice), {"action": "decline", "note": "理由"}).status_code == 403
    assert client.post(work(voice), {"action": "nonsense"}).status_code == 404
    voice.refresh_from_db()
    assert voice.state == "checking"


def test_an_edit_on_an_older_page_is_refused_with_the_words_kept_and_then_goes_through(client, people):
    own = Post.objects.get(assignments__person__user=people.reporter)
    voice = make_voice(people.forum, post=own, state="assigned", revision=3)
    client.force_login(people.reporter)
    sent = {"action": "save", "answer": "長い回答の案", "answered_by_label": "課", "revision": "2"}
    response = client.post(work(voice), sent)
    assert response.status_code == 409
    assert "長い回答の案" in response.text
    assert 'name="revision" value="3"' in response.text
    assert client.post(work(voice), sent | {"revision": "3"}).status_code == 302


def test_what_was_written_when_the_session_had_ended_is_back_after_the_sign_in(client, people):
    own = Post.objects.get(assignments__person__user=people.reporter)
    voice = make_voice(people.forum, post=own, state="assigned")
    response = client.post(
        work(voice), {"action": "send", "answer": "長い回答の案", "answered_by_label": "課"}
    )
    assert response["Location"].startswith("/accounts/login/")
    client.force_login(people.reporter)
    assert "長い回答の案" in client.get(work(voice)).text
    assert "長い回答の案" not in client.get(work(voice)).text  # once
    voice.refresh_from_db()
    assert voice.answer == ""


def test_the_address_of_the_asker_is_shown_to_who_answers_alone(client, people):
    own = Post.objects.get(assignments__person__user=people.reporter)
    voice = make_voice(people.forum, post=own, state="assigned", email="namae@example.jp")
    for name, seen in (("reporter", True), ("secretary", False), ("administrator", False)):
        client.force_login(getattr(people, name))
        assert ("namae@example.jp" in client.get(work(voice)).text) == seen
        assert "namae@example.jp" not in client.get(f"/api/v1/voices/{voice.public_id}/").text


def test_a_telephoned_question_is_entered_with_its_own_day(client, forum, people):
    client.force_login(people.member)
    assert client.get(ENTER).status_code == 403
    client.force_login(people.secretary)
    sent = words(forum, channel="phone", received_on="2026-05-12")
    response = client.post(ENTER, sent)
    voice = Voice.objects.get()
    assert response["Location"] == work(voice)
    assert voice.due_on.isoformat() == "2026-05-26"
    assert client.post(ENTER, sent | {"received_on": "2999-01-01"}).status_code == 422


# --- the API ---------------------------------------------------------------------------------------------------------


def test_api_gives_everybody_the_released_and_staff_their_own(client, forum, people):
    make_voice(forum, released=True, body="原文", public_body="短い文")
    waiting = make_voice(forum, body="待っている質問")
    row = client.get("/api/v1/voices/").json()["results"]
    assert [(each["question"], each["question_as_received"]) for each in row] == [("短い文", "")]
    client.force_login(people.secretary)
    rows = {each["id"]: each for each in client.get("/api/v1/voices/").json()["results"]}
    assert rows[str(waiting.public_id)]["question_as_received"] == "待っている質問"


def test_api_takes_what_came_by_telephone_from_who_may_enter_it(client, forum, people):
    sent = {
        "about": key_of(FORUM, forum.public_id),
        "body": "電話で",
        "channel": "phone",
        "received_on": "2026-05-12",
    }

    def post(**more):
        return client.post("/api/v1/voices/", sent | more, content_type="application/json")

    assert post().status_code == 403
    client.force_login(people.member)
    assert post().status_code == 403
    client.force_login(people.secretary)
    response = post()
    assert response.status_code == 201
    assert response.json()["due_on"] == "2026-05-26"
    assert post(channel="page").status_code == 400
    assert post(about="visions.vision:x").status_code == 404

"""Questions of residents from coming in to the public answer: who may do what, by when, and what stays behind."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import Http404
from django.utils import timezone

from actors.models import Post
from ecosystems.models import Voice, VoiceEvent
from ecosystems.services import answering, voices
from ecosystems.subjects import FORUM, key_of, offered, resolve
from foundation import lanes
from foundation.access import ANONYMOUS, system_actor
from foundation.errors import DomainError, LostEdit, StateError
from foundation.models import Message, Notice
from foundation.tasks import tidy
from tests.factories.actors import actor_of, make_holder, make_post
from tests.factories.ecosystems import make_forum, make_voice
from tests.factories.projects import make_project
from tests.factories.visions import make_theme, make_vision

State = Voice.State


@pytest.fixture
def forum(people):
    """The forum of most people, open to everybody."""
    people.forum.visibility = "public"
    people.forum.save()
    return people.forum


def about(forum) -> str:
    return key_of(FORUM, forum.public_id)


def ask(forum, body: str = "予約便は電話でも頼めますか。", **fields) -> Voice:
    return voices.ask(actor=ANONYMOUS, about_key=about(forum), body=body, **fields)


def post_of(user) -> Post:
    return Post.objects.get(assignments__person__user=user)


@pytest.fixture
def assigned(forum, people) -> Voice:
    return voices.assign(actor=people.actor("secretary"), voice=ask(forum), post=post_of(people.reporter))


@pytest.fixture
def checking(assigned, people) -> Voice:
    return answering.write(
        actor=people.actor("reporter"),
        voice=assigned,
        answer="はい、お電話でお申し込みいただけます。",
        answered_by_label="あ市 環境課（架空）",
        send=True,
    )


def release(voice: Voice, actor, **fields) -> Voice:
    fields = {"public_body": voice.body, "publish": True, "has_no_names": True} | fields
    return answering.release(actor=actor, voice=voice, **fields)


# --- the term --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 5, 12), date(2026, 5, 26)),
        (date(2026, 4, 22), date(2026, 5, 12)),  # 祝日をはさむ
        (date(2026, 9, 10), date(2026, 9, 29)),  # 9月21〜23日は祝日・休日
    ],
)
def test_term_is_ten_business_days_from_the_day_after(received, due):
    assert Voice.due_for(received) == due


def test_lateness_is_counted_in_days_and_told_of_open_and_answered_ones():
    voice = Voice(due_on=date(2026, 9, 29), answered_on=date(2026, 10, 1), state=State.ANSWERED)
    assert voice.late_days(date(2026, 11, 20)) == 2
    assert Voice(due_on=date(2026, 9, 29)).late_days(date(2026, 9, 29)) == 0
    assert Voice(due_on=date(2026, 9, 29)).late_days(date(2026, 9, 30)) == 1
    declined = Voice(due_on=date(2026, 9, 29), state=State.DECLINED)
    assert declined.late_days(date(2026, 11, 20)) == 0


# --- coming in -------------------------------------------------------------------------------------------------------


def test_anybody_asks_and_nobody_reads_it_before_it_is_released(forum, people):
    voice = ask(forum, asker="浜通り地区・50代", email="namae@example.jp")
    assert (voice.state, voice.channel, voice.is_published) == ("received", "page", False)
    assert (voice.received_on, voice.due_on) == (timezone.localdate(), Voice.due_for(timezone.localdate()))
    assert voice.about_label == forum.name
    for name in ("reviewer", "member", "stranger", "reporter"):
        assert voice not in Voice.objects.visible_to(people.actor(name))
    assert voice not in Voice.objects.visible_to(ANONYMOUS)
    assert voice in Voice.objects.visible_to(people.actor("secretary"))


def test_nothing_is_asked_about_what_the_asker_may_not_see(people):
    for key in (about(people.forum), "visions.vision:none", "nothing:1", f"{FORUM}:{uuid4()}", ""):
        with pytest.raises(Http404):
            voices.ask(actor=ANONYMOUS, about_key=key, body="質問")
    assert Voice.objects.count() == 0


def test_visions_themes_and_projects_can_be_asked_about(forum):
    vision = make_vision(forum)
    theme, project = make_theme(vision), make_project(forum)
    hidden = make_project(forum, visibility="members")
    keys = {subject.key for _label, found in offered([forum.pk], ANONYMOUS) for subject in found}
    assert keys == {
        about(forum),
        f"visions.vision:{vision.public_id}",
        f"visions.theme:{theme.public_id}",
        f"projects.project:{project.public_id}",
    }
    assert resolve(f"projects.project:{hidden.public_id}", ANONYMOUS) is None


@pytest.mark.parametrize("body", ["", "  \n　", "\u202e\u200f", "\x00"])
def test_a_question_without_words_is_refused(forum, body):
    with pytest.raises(DomainError) as refused:
        ask(forum, body)
    assert (refused.value.code, refused.value.field) == ("empty", "body")


def test_ten_thousand_characters_are_refused_with_both_numbers(forum):
    with pytest.raises(DomainError) as refused:
        ask(forum, "あ" * 10_000)
    assert "4,000字" in refused.value.message
    assert "10,000字" in refused.value.message


def test_marks_that_turn_the_writing_and_control_characters_are_left_out(forum):
    voice = ask(forum, "安全\u202eです\x00。\r\n次の行", asker="港町\n\u2066地区")
    assert (voice.body, voice.asker) == ("安全です。\n次の行", "港町 地区")


@pytest.mark.parametrize(
    "email", ["a@example.jp\nBcc: b@example.jp", "a@example.jp\r\nSubject: x", "a", "a@b@c"]
)
def test_an_address_that_could_carry_a_header_is_refused(forum, email):
    with pytest.raises(DomainError) as refused:
        ask(forum, email=email)
    assert refused.value.field == "email"
    lanes.drain_all()
    assert mail.outbox == []


def test_the_same_words_from_the_same_place_on_the_same_day_are_one_question(forum):
    first = ask(forum, sender_mark="m")
    assert ask(forum, sender_mark="m") == first
    assert ask(forum, "別の質問", sender_mark="m") != first
    assert ask(forum, sender_mark="other") != first


def test_the_sixth_question_in_an_hour_from_one_address_is_refused_and_others_are_not(forum):
    for number in range(voices.PER_HOUR):
        ask(forum, f"質問{number}", sender_mark="m")
    with pytest.raises(voices.TooMany) as refused:
        ask(forum, "もう一つ", sender_mark="m")
    assert refused.value.status == 429
    assert ask(forum, "もう一つ", sender_mark="other")
    Voice.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert ask(forum, "もう一つ", sender_mark="m")


def test_nobody_is_flooded_with_our_mails_through_many_addresses(forum):
    for number in range(voices.PER_HOUR):
        ask(forum, f"質問{number}", sender_mark=f"m{number}", email="victim@example.jp")
    with pytest.raises(voices.TooMany):
        ask(forum, "もう一つ", sender_mark="m9", email="victim@example.jp")


def test_staff_write_down_what_came_by_telephone_on_the_day_it_came(forum, people):
    voice = voices.enter(
        actor=people.actor("secretary"), about_key=about(forum), body="電話での質問", channel="phone",
        received_on=date(2026, 5, 12),
    )  # fmt: skip
    assert (voice.channel, voice.due_on, voice.email) == ("phone", date(2026, 5, 26), "")
    with pytest.raises(PermissionDenied):
        voices.enter(
            actor=people.actor("member"), about_key=about(forum), body="電話", channel="phone",
            received_on=date(2026, 5, 12),
        )  # fmt: skip
    with pytest.raises(DomainError) as refused:
        voices.enter(
            actor=people.actor("secretary"), about_key=about(forum), body="電話", channel="phone",
            received_on=timezone.localdate() + timedelta(days=1),
        )  # fmt: skip
    assert refused.value.field == "received_on"


# --- giving it to somebody, answering, releasing ---------------------------------------------------------------------


def test_only_the_secretariat_assigns(forum, people):
    voice = ask(forum)
    for name in ("reporter", "reviewer", "member", "stranger", "administrator"):
        with pytest.raises((Http404, PermissionDenied)):
            voices.assign(actor=people.actor(name), voice=voice, post=post_of(people.reporter))
    voices.assign(actor=people.actor("secretary"), voice=voice, post=post_of(people.reporter))
    voice.refresh_from_db()
    assert (voice.state, voice.post) == ("assigned", post_of(people.reporter))


def test_the_post_that_answers_writes_and_nobody_else_does(assigned, people):
    words = {"voice": assigned, "answer": "回答", "answered_by_label": "課", "send": False}
    for name in ("reviewer", "member", "stranger"):
        with pytest.raises((Http404, PermissionDenied)):
            answering.write(actor=people.actor(name), **words)
    answering.write(actor=people.actor("reporter"), **words)
    assigned.refresh_from_db()
    assert (assigned.answer, assigned.state) == ("回答", "assigned")


def test_whoever_wrote_the_answer_does_not_release_it(checking, people):
    with pytest.raises(PermissionDenied):
        release(checking, people.actor("reporter"))
    assert release(checking, people.actor("secretary")).is_published


def test_a_second_person_of_the_same_section_releases_and_one_of_another_section_sees_nothing(
    checking, people
):
    own = post_of(people.reporter)
    own.section = "産業振興課"
    own.save()
    beside = make_holder(make_post(people.city, section="産業振興課", name="水産係"))
    apart = make_holder(make_post(people.city, section="税務課", name="係"))
    with pytest.raises(Http404):
        release(checking, actor_of(apart))
    assert release(checking, actor_of(beside)).state == "answered"


def test_the_secretariat_may_release_what_it_wrote_itself(assigned, people):
    actor = people.actor("secretary")
    voice = answering.write(actor=actor, voice=assigned, answer="回答", answered_by_label="課", send=True)
    assert release(voice, actor).is_published


def test_a_right_that_was_lost_while_the_page_was_open_counts_when_it_is_used(checking, people):
    """The draft became one's own meanwhile: the answer is asked for again under the lock."""
    own = post_of(people.reporter)
    own.section = "産業振興課"
    own.save()
    beside = actor_of(make_holder(make_post(people.city, section="産業振興課", name="水産係")))
    answering.write(actor=beside, voice=checking, answer="書き直し", answered_by_label="課", send=True)
    with pytest.raises(PermissionDenied):
        release(checking, beside)


def test_release_asks_whether_names_are_out(checking, people):
    with pytest.raises(DomainError) as refused:
        release(checking, people.actor("secretary"), has_no_names=False)
    assert refused.value.field == "has_no_names"
    checking.refresh_from_db()
    assert not checking.is_published


def test_what_everybody_reads_may_be_shortened_and_what_was_received_stays(checking, people):
    voice = release(
        checking, people.actor("secretary"), public_body="電話でも頼めますか。", asker="浜通り地区"
    )
    assert (voice.public_body, voice.body) == ("電話でも頼めますか。", "予約便は電話でも頼めますか。")
    assert voice.is_shortened
    assert voice.asker == "浜通り地区"


def test_an_answer_for_the_asker_alone_is_not_public(checking, people):
    voice = release(checking, people.actor("secretary"), publish=False, has_no_names=False)
    assert (voice.state, voice.is_published, voice.search) == ("answered", False, "")
    assert voice not in Voice.objects.visible_to(ANONYMOUS)
    later = release(voice, people.actor("secretary"))
    assert (later.is_published, later.answered_on) == (True, voice.answered_on)


def test_a_released_question_can_be_taken_off_the_public_pages_with_a_reason(checking, people):
    voice = release(checking, people.actor("secretary"))
    with pytest.raises(DomainError):
        answering.unpublish(actor=people.actor("secretary"), voice=voice, note=" ")
    answering.unpublish(actor=people.actor("secretary"), voice=voice, note="個人が分かるため")
    voice.refresh_from_db()
    assert (voice.state, voice.is_published) == ("answered", False)
    assert voice not in Voice.objects.visible_to(ANONYMOUS)


def test_a_draft_is_sent_back_with_what_is_to_be_mended(checking, people):
    with pytest.raises(DomainError):
        answering.send_back(actor=people.actor("secretary"), voice=checking, note="")
    answering.send_back(actor=people.actor("secretary"), voice=checking, note="電話番号を入れてください。")
    checking.refresh_from_db()
    assert (checking.state, checking.answer) == ("assigned", "はい、お電話でお申し込みいただけます。")


def test_declining_needs_a_reason_and_is_the_secretariats(assigned, people):
    with pytest.raises(PermissionDenied):
        voices.decline(actor=people.actor("reporter"), voice=assigned, note="理由")
    with pytest.raises(DomainError):
        voices.decline(actor=people.actor("secretary"), voice=assigned, note="")
    voice = voices.decline(actor=people.actor("secretary"), voice=assigned, note="場の取組と関わりがないため")
    assert (voice.state, voice.is_published) == ("declined", False)
    with pytest.raises(StateError):
        voices.assign(actor=people.actor("secretary"), voice=voice, post=post_of(people.reporter))


def test_a_step_on_an_older_state_is_refused_and_changes_nothing(checking, people):
    seen = checking.revision
    answering.send_back(actor=people.actor("secretary"), voice=checking, note="直してください", revision=seen)
    with pytest.raises(LostEdit):
        release(checking, people.actor("secretary"), revision=seen)
    checking.refresh_from_db()
    assert checking.state == "assigned"


def test_the_database_itself_holds_that_nothing_unanswered_is_public(forum):
    voice = ask(forum)
    with pytest.raises(DatabaseError), transaction.atomic():
        Voice.objects.filter(pk=voice.pk).update(is_published=True)


# --- what stays, what is forgotten -----------------------------------------------------------------------------------


def test_every_step_stays_with_who_and_when_and_cannot_be_changed(checking, people):
    release(checking, people.actor("secretary"))
    steps = list(VoiceEvent.objects.filter(voice=checking).values_list("from_state", "to_state", "user_name"))
    assert steps == [
        ("", "received", ""),
        ("received", "assigned", "事務 四郎（架空）"),
        ("assigned", "checking", "報告 花子（架空）"),
        ("checking", "answered", "事務 四郎（架空）"),
    ]
    with pytest.raises(DatabaseError), transaction.atomic():
        VoiceEvent.objects.filter(voice=checking).update(note="別の理由")


def test_the_address_of_the_asker_is_for_who_answers_and_is_erased_after_its_time(forum, people, settings):
    voice = ask(forum, email="namae@example.jp", sender_mark="m")
    voices.assign(actor=people.actor("secretary"), voice=voice, post=post_of(people.reporter))
    allowed = [
        name
        for name in ("reporter", "secretary", "administrator", "member", "stranger")
        if Voice.objects.allowed(people.actor(name), "ecosystems.view_email_voice").exists()
    ]
    assert allowed == ["reporter"]
    closed = timezone.now() - timedelta(days=settings.VOICE_EMAIL_KEPT_DAYS - 1)
    Voice.objects.update(closed_at=closed, created_at=timezone.now() - timedelta(days=2))
    tidy()
    voice.refresh_from_db()
    assert (voice.email, voice.sender_mark) == ("namae@example.jp", "")
    Voice.objects.update(closed_at=closed - timedelta(days=2))
    tidy()
    voice.refresh_from_db()
    assert voice.email == ""


def test_an_open_question_keeps_its_address_however_long_it_waits(forum):
    voice = ask(forum, email="namae@example.jp")
    Voice.objects.update(created_at=timezone.now() - timedelta(days=400))
    tidy()
    voice.refresh_from_db()
    assert voice.email == "namae@example.jp"


# --- telling people --------------------------------------------------------------------------------------------------


def told(user) -> list[str]:
    lanes.drain_all()
    return list(Notice.objects.filter(user_id=user.pk).order_by("id").values_list("title", flat=True))


def test_the_secretariat_is_told_with_the_whole_question(forum, people):
    ask(forum, asker="浜通り地区・50代")
    [title] = told(people.secretary)
    assert title.startswith("新しいご意見・ご質問")
    body = Notice.objects.get(user_id=people.secretary.pk).body
    assert "予約便は電話でも頼めますか。" in body
    assert "浜通り地区・50代" in body
    assert told(people.member) == []


def test_who_answers_is_told_and_who_acted_is_not(assigned, people):
    assert [each[:10] for each in told(people.reporter)] == ["回答をお願いします："]
    assert len(told(people.secretary)) == 1  # of the question itself, not of her own act


def test_a_post_that_nobody_with_an_account_holds_is_told_by_mail_to_its_section(forum, people):
    desk = make_post(people.city, section="環境課", name="資源循環係", email="kankyo@example.jp")
    voices.assign(actor=people.actor("secretary"), voice=ask(forum), post=desk)
    lanes.drain_all()
    [message] = mail.outbox
    assert message.to == ["kankyo@example.jp"]
    assert "【回答期限" in message.subject
    assert "予約便は電話でも頼めますか。" in message.body


def test_the_asker_gets_a_receipt_and_the_answer_by_mail_and_the_queue_keeps_no_address(forum, people):
    voice = ask(forum, email="namae@example.jp")
    lanes.drain_all()
    assert [message.to for message in mail.outbox] == [["namae@example.jp"]]
    assert str(voice.receipt_id) in mail.outbox[0].body
    assert voice.body not in mail.outbox[0].body  # whoever's address this is, no stranger's words reach it
    voices.assign(actor=people.actor("secretary"), voice=voice, post=post_of(people.reporter))
    answering.write(
        actor=people.actor("reporter"),
        voice=voice,
        answer="はい、お電話で。",
        answered_by_label="課",
        send=True,
    )
    release(voice, people.actor("secretary"))
    lanes.drain_all()
    assert len(mail.outbox) == 2
    assert "はい、お電話で。" in mail.outbox[1].body
    assert "namae@example.jp" not in str(list(Message.objects.values_list("payload", flat=True)))
    assert "namae@example.jp" not in str(list(Notice.objects.values_list("body", flat=True)))


def test_what_is_loaded_as_history_tells_nobody(forum, people):
    long_ago = datetime(2026, 5, 12, 10, tzinfo=timezone.get_current_timezone())
    voices.enter(
        actor=system_actor("sample"), about_key=about(forum), body="昔の質問", channel="page",
        received_on=date(2026, 5, 12), at=long_ago,
    )  # fmt: skip
    assert told(people.secretary) == []


def test_home_page_tells_each_what_is_theirs_to_do(client, checking, people):
    make_voice(checking.forum, about_label="新しい質問")
    late = make_voice(checking.forum, state="assigned", post=post_of(people.reporter), about_label="遅い質問")
    kinds = {}
    for name in ("secretary", "reporter", "member"):
        client.force_login(getattr(people, name))
        waiting = client.get("/home/").context["waiting"]
        kinds[name] = [(item.kind, due.state) for item, due in waiting if "voices" in item.url]
    assert kinds["secretary"] == [("ご意見・ご質問の担当を決める", "over"), ("回答案の確認", "")]
    assert kinds["reporter"] == [("ご意見・ご質問への回答", "over")]
    assert kinds["member"] == []
    assert late.late_days(timezone.localdate()) > 0


def test_forums_of_public_record_take_no_questions(db):
    forum = make_forum(is_public_record=True)
    assert resolve(about(forum), ANONYMOUS) is None

"""話を聞きたい: visitors and the link of their mail, signed-in people, who answers, and what nobody answered."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from actors.models import Organization, Person, User
from ecosystems.models import ForumDuty
from foundation import lanes
from foundation.dates import TOKYO, add_business_days
from foundation.errors import DomainError, LostEdit, StateError
from foundation.models import Notice
from foundation.waiting import collect
from projects.models import Interest, InterestEvent
from projects.partnering.services import answering, applying
from projects.partnering.services.answering import Answer
from projects.partnering.services.applying import Introduction, Wish
from tests.factories.actors import PASSWORD, actor_of, make_holder, make_organization, make_post, make_user
from tests.factories.ecosystems import give_duty, join
from tests.factories.partnering import make_interest, make_opportunity

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _november(time_machine):
    time_machine.move_to(datetime(2026, 11, 20, 10, tzinfo=TOKYO), tick=True)


@pytest.fixture
def poster(people):
    """A company of the forum that posts, with the person who answers."""
    people.poster_of = make_organization("岬（架空）", kind=Organization.Kind.COMPANY)
    join(people.forum, people.poster_of)
    people.desk = make_post(people.poster_of, name="営業")
    return make_holder(people.desk, "岬 四郎（架空）")


@pytest.fixture
def opportunity(people, poster):
    return make_opportunity(
        people.forum, people.poster_of, title="乾燥機を使えます", reply_days=5, post=people.desk
    )


@pytest.fixture
def coordinator(people):
    post = make_post(make_organization("支援（架空）"), name="調整役")
    give_duty(people.forum, post, ForumDuty.Duty.COORDINATOR)
    return make_holder(post, "調整 三郎（架空）")


def apply_url(opportunity) -> str:
    return reverse("projects:interest_apply", args=[opportunity.public_id])


def page_url(interest, name: str = "interest_detail") -> str:
    return reverse(f"projects:{name}", args=[interest.public_id])


def visit(opportunity, client: Client | None = None, **more):
    data = {"name": "試作社（架空）", "email": "new@example.jp", "message": "見学したい", **more}
    return (client or Client()).post(apply_url(opportunity), data)


def link_in(message) -> str:
    """The path of the link in a mail."""
    found = urlsplit(re.search(r"https?://\S+", message.body)[0])
    return f"{found.path}?{found.query}"


def mailed_link() -> str:
    lanes.drain("messages")
    return link_in(mail.outbox[-1])


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


# --- days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("applied", "days", "due"),
    [
        ("2026-10-13", 5, "2026-10-20"),
        ("2026-11-13", 10, "2026-11-30"),
        ("2026-07-21", 3, "2026-07-24"),
        ("2026-09-02", 5, "2026-09-09"),
        ("2026-10-29", 10, "2026-11-13"),
        ("2026-10-28", 10, "2026-11-12"),
        ("2026-12-25", 3, "2027-01-05"),
    ],
)
def test_the_answer_is_due_on_a_business_day(opportunity, applied, days, due):
    opportunity.reply_days = days
    assert applying.due_day(opportunity, date.fromisoformat(applied)) == date.fromisoformat(due)


def test_the_days_count_from_the_confirmation_not_from_the_form(opportunity, time_machine):
    visit(opportunity)
    link = mailed_link()
    time_machine.move_to(datetime(2026, 11, 24, 10, tzinfo=TOKYO))
    Client().post(link)
    assert Interest.objects.get().reply_due_on == add_business_days(date(2026, 11, 24), 5)


# --- a visitor -------------------------------------------------------------------------------------------------------


def test_a_visitor_confirms_by_mail_and_sees_the_day(opportunity, poster):
    client = Client()
    assert visit(opportunity, client)["Location"] == "/opportunities/sent/"
    interest = Interest.objects.get()
    assert interest.confirmed_at is None
    assert interest.reply_due_on is None
    link = mailed_link()
    assert mail.outbox[0].to == ["new@example.jp"]
    assert "見学したい" not in mail.outbox[0].body
    assert "申込みを確定する" in client.get(link).content.decode()
    assert Interest.objects.get().confirmed_at is None, "opening the link changes nothing"
    assert client.post(link)["Location"] == page_url(interest)
    page = client.get(page_url(interest)).content.decode()
    assert "2026年11月30日（月）" in page
    assert "見学したい" in page
    lanes.drain("messages")
    assert "試作社（架空）" in Notice.objects.get(user_id=poster.pk).title


def test_the_new_account_has_no_password_and_no_right(opportunity, people):
    visit(opportunity)
    client = Client()
    client.post(mailed_link())
    user = User.objects.get(email="new@example.jp")
    assert not user.has_usable_password()
    assert Person.objects.get(user=user).name == "試作社（架空）"
    assert actor_of(user).organizations == []
    organization = reverse("actors:organization_detail", args=[people.city.public_id])
    assert "環境課 担当" not in client.get(organization).content.decode()
    assert "環境課 担当" in signed_in(people.member).get(organization).content.decode()


def test_unconfirmed_ones_are_seen_by_nobody(opportunity, poster, coordinator, people):
    visit(opportunity)
    interest = Interest.objects.get()
    for user in (poster, coordinator, people.administrator):
        client = signed_in(user)
        assert client.get(page_url(interest)).status_code == 404
        assert "試作社" not in client.get("/interests/inbox/").content.decode()
        assert client.get("/api/v1/interests/").json()["count"] == 0


def test_the_page_and_the_mail_do_not_tell_whether_an_account_exists(opportunity):
    make_user("known@example.jp")
    make_user("closed@example.jp", is_active=False)
    answers, bodies = [], []
    for email in ("known@example.jp", "closed@example.jp", "unknown@example.jp"):
        response = visit(opportunity, email=email)
        answers.append((response.status_code, response["Location"], sorted(response.headers)))
        lanes.drain("messages")
        bodies.append(re.sub(r"\?t=\S+", "", mail.outbox[-1].body))
    assert answers[0] == answers[1] == answers[2]
    assert bodies[0] == bodies[1] == bodies[2]
    assert [message.to[0] for message in mail.outbox] == [
        "known@example.jp",
        "closed@example.jp",
        "unknown@example.jp",
    ]


def test_a_known_address_is_attached_only_after_signing_in(opportunity):
    user = make_user("known@example.jp")
    visit(opportunity, email="Known@Example.jp")
    link, client = mailed_link(), Client()
    response = client.post(link)
    assert response["Location"].startswith("/accounts/login/?next=%2Fopportunities%2Fconfirm%2F")
    assert "_auth_user_id" not in client.session
    assert Interest.objects.get().confirmed_at is None
    client.force_login(user)
    assert client.post(link).status_code == 302
    assert Interest.objects.get().applicant == user


def test_another_account_does_not_take_it(opportunity, people):
    visit(opportunity)
    response = signed_in(people.member).post(mailed_link())
    assert response.status_code == 409
    assert "別の利用者" in response.content.decode()
    assert not User.objects.filter(email="new@example.jp").exists()


def test_a_closed_account_applies_no_more(opportunity):
    make_user("closed@example.jp", is_active=False)
    visit(opportunity, email="closed@example.jp")
    response = Client().post(mailed_link())
    assert response.status_code == 409
    assert "利用は止められています" in response.content.decode()


@pytest.mark.parametrize("change", ["", "x", "nonsense", "../", "%00"])
def test_a_forged_link_opens_nothing(opportunity, change):
    visit(opportunity)
    link = mailed_link()[:-3] + change if change != "nonsense" else "/opportunities/confirm/?t=nonsense"
    assert Client().get(link).status_code == 410
    assert Client().post(link).status_code == 404
    assert Interest.objects.get().confirmed_at is None


def test_a_link_is_good_for_seven_days(opportunity, time_machine):
    visit(opportunity)
    link = mailed_link()
    time_machine.shift(timedelta(days=7, seconds=5))
    response = Client().get(link)
    assert response.status_code == 410
    assert "もう一度申し込んでください" in response.content.decode()
    assert Client().post(link).status_code == 404


def test_a_link_works_once_and_signs_nobody_in_again(opportunity):
    visit(opportunity)
    link = mailed_link()
    Client().post(link)
    second = Client()
    response = second.post(link)
    assert response.status_code == 409
    assert "すでに確定しています" in response.content.decode()
    assert "_auth_user_id" not in second.session
    assert "試作社" not in second.get(link).content.decode()
    assert InterestEvent.objects.count() == 1


def test_what_nobody_proves_is_forgotten_after_seven_days(opportunity, time_machine):
    visit(opportunity)
    make_interest(opportunity)
    assert answering.go_round() == 0
    time_machine.shift(timedelta(days=8))
    assert lanes.get("interests").pending()
    assert lanes.drain("interests") == 1
    assert Interest.objects.get().confirmed_at is not None


def test_a_double_click_leaves_one_wish_and_one_mail(opportunity):
    for _click in range(2):
        assert visit(opportunity, once="token-1").status_code == 302
    lanes.drain("messages")
    assert Interest.objects.count() == 1
    assert len(mail.outbox) == 1


def test_the_trap_stores_nothing_and_says_nothing(opportunity):
    assert visit(opportunity, website="https://spam.example/")["Location"] == "/opportunities/sent/"
    assert not Interest.objects.exists()


def test_too_many_requests_for_an_address_are_refused(opportunity):
    answers = [visit(opportunity).status_code for _request in range(6)]
    assert answers == [302] * 5 + [429]
    response = visit(opportunity)
    assert "短い間に何度も" in response.content.decode()
    assert "見学したい" in response.content.decode()
    assert visit(opportunity, email="other@example.jp").status_code == 302


def test_too_many_requests_from_one_place_are_refused(opportunity, monkeypatch):
    monkeypatch.setattr(applying, "PER_ORIGIN", 2)
    answers = [visit(opportunity, email=f"a{n}@example.jp").status_code for n in range(3)]
    assert answers == [302, 302, 429]
    assert "127.0.0.1" not in str(list(Interest.objects.values()))
    from_elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    assert visit(opportunity, from_elsewhere, email="b@example.jp").status_code == 302


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "　"),
        ("name", "あ" * 201),
        ("name", "賞金は https://spam.example へ"),
        ("email", "no address"),
        ("email", "a@example.jp\nBcc: b@example.jp"),
        ("message", "長" * 2001),
    ],
)
def test_bad_input_is_told_beside_its_field_and_kept(opportunity, field, value):
    response = visit(opportunity, **{field: value})
    assert response.status_code == 422
    assert 'class="p-form-errors"' in response.content.decode()
    assert "見学したい" in response.content.decode() or field == "message"
    assert not Interest.objects.exists()


def test_line_ends_in_a_name_reach_no_header(opportunity, people):
    actor = applying.system_actor("test")
    applying.request_interest(
        actor=actor, opportunity=opportunity, wish=Wish("社\r\nBcc: x@example.jp\u202e", "a@example.jp")
    )
    lanes.drain("messages")
    message = mail.outbox[0]
    assert Interest.objects.get().name == "社 Bcc: x@example.jp"
    assert message.recipients() == ["a@example.jp"]
    assert "Bcc" not in message.message().as_string().split("\n\n")[0]


@pytest.mark.parametrize("closed", [{"state": "closed"}, {"closes_on": date(2026, 11, 19)}])
def test_a_closed_opportunity_takes_nobody_and_keeps_the_words(people, poster, closed):
    opportunity = make_opportunity(people.forum, people.poster_of, **closed)
    response = visit(opportunity)
    assert response.status_code == 409
    assert "この募集は終わりました" in response.content.decode()
    assert "見学したい" in response.content.decode()
    with pytest.raises(StateError):
        applying.apply(actor=people.actor("member"), opportunity=opportunity)


def test_an_opportunity_that_closed_in_between_is_told_at_the_link(opportunity):
    visit(opportunity)
    link = mailed_link()
    opportunity.state = "closed"
    opportunity.save()
    response = Client().post(link)
    assert response.status_code == 409
    assert not User.objects.filter(email="new@example.jp").exists()


# --- signed-in people ------------------------------------------------------------------------------------------------


def test_one_press_is_enough_for_a_member(opportunity, people, poster):
    client = signed_in(people.member)
    page = client.get(reverse("projects:opportunity_detail", args=[opportunity.public_id])).content.decode()
    assert f'action="{apply_url(opportunity)}"' in page
    answers = [client.post(apply_url(opportunity), {"once": "t"}) for _click in range(2)]
    interest = Interest.objects.get()
    assert [each["Location"] for each in answers] == [page_url(interest)] * 2
    assert (interest.name, interest.organization, interest.post) == (
        "あ社（架空）",
        people.company,
        people.desk,
    )
    assert interest.reply_due_on == date(2026, 11, 30)


def test_the_same_person_applies_once_at_a_time(opportunity, people):
    actor = people.actor("member")
    first = applying.apply(actor=actor, opportunity=opportunity)
    response = signed_in(people.member).post(apply_url(opportunity))
    assert response.status_code == 409
    assert "すでに申し込んでいます" in response.content.decode()
    answering.withdraw_interest(actor=actor, interest=first)
    assert applying.apply(actor=actor, opportunity=opportunity).pk != first.pk


def test_nobody_applies_to_themselves_or_to_what_they_do_not_see(opportunity, people, poster):
    with pytest.raises(StateError, match="自分の機関"):
        applying.apply(actor=actor_of(poster), opportunity=opportunity)
    hidden = make_opportunity(people.forum, people.poster_of, visibility="members")
    with pytest.raises(Http404):
        applying.apply(actor=people.actor("stranger"), opportunity=hidden)
    assert visit(hidden).status_code == 404


def test_a_bank_introduces_a_client_whose_name_only_the_poster_sees(opportunity, people, poster, coordinator):
    bank = make_organization("信金（架空）", kind=Organization.Kind.FINANCE)
    rival = make_organization("別の銀行（架空）", kind=Organization.Kind.FINANCE)
    for each in (bank, rival):
        join(people.forum, each)
    desk = make_post(bank, name="地域支援")
    banker, other = make_holder(desk), make_holder(make_post(rival))
    data = {"client": "信金の取引先", "consented_on": "2026-09-14", "message": "試したい"}
    assert signed_in(banker).post(apply_url(opportunity), data).status_code == 302
    interest = Interest.objects.get()
    assert interest.is_name_withheld
    assert (interest.introduced_by, interest.introduced_by_post, interest.organization) == (bank, desk, None)
    for user, sees in (
        (poster, True), (coordinator, True), (banker, True),
        (other, False), (people.member, False), (people.secretary, False),
    ):  # fmt: skip
        client = signed_in(user)
        assert client.get(page_url(interest)).status_code == (200 if sees else 404)
        assert client.get("/api/v1/interests/").json()["count"] == sees


def test_an_introduction_needs_the_day_of_consent(opportunity, people):
    client = signed_in(people.member)
    for data in (
        {"client": "取引先"},
        {"consented_on": "2026-09-14"},
        {"client": "取引先", "consented_on": "2027-01-01"},
    ):
        assert client.post(apply_url(opportunity), data).status_code == 422
    with transaction.atomic(), pytest.raises(IntegrityError):
        Interest.objects.create(opportunity=opportunity, name="x", introduced_by=people.company)


def test_somebody_without_a_post_introduces_nobody(opportunity):
    user = make_user()
    introduction = Introduction(make_organization().pk, TODAY)
    with pytest.raises(DomainError):
        applying.apply(actor=actor_of(user), opportunity=opportunity, introduction=introduction)


@pytest.mark.parametrize(("withheld", "sees"), [(False, True), (True, False)])
def test_the_secretariat_reads_names_that_may_be_known(opportunity, people, withheld, sees):
    interest = make_interest(opportunity, is_name_withheld=withheld)
    assert signed_in(people.secretary).get(page_url(interest)).status_code == (200 if sees else 404)


# --- answering -------------------------------------------------------------------------------------------------------


def answer(user, interest, state=None, **words):
    return answering.answer_interest(
        actor=actor_of(user), interest=interest, answer=Answer(state=state, **words)
    )


def test_the_road_to_an_outcome(opportunity, poster, people):
    interest = make_interest(opportunity, applicant=people.member)
    for state in ("received", "meeting", "negotiating"):
        answer(poster, interest, state, message=f"{state}の連絡")
    with pytest.raises(DomainError, match="成立の中身"):
        answer(poster, interest, "agreed")
    done = answer(poster, interest, "agreed", outcome="equipment_use", outcome_note="6時間")
    assert (done.state, done.outcome, done.outcome_note) == ("agreed", "equipment_use", "6時間")
    answer(poster, interest, message="利用報告を受け取りました")
    assert [event.to_state for event in interest.events.all()] == [
        "applied", "received", "meeting", "negotiating", "agreed", "agreed",
    ]  # fmt: skip
    with pytest.raises(StateError):
        answer(poster, interest, "declined", reason="遅い")


def test_it_never_goes_back(opportunity, poster):
    interest = make_interest(opportunity)
    answer(poster, interest, "meeting")
    for state in ("applied", "received", "expired", "withdrawn"):
        with pytest.raises(StateError):
            answer(poster, interest, state)


def test_declining_needs_a_reason_that_the_applicant_reads(opportunity, poster, people):
    interest = make_interest(opportunity, applicant=people.member)
    client = signed_in(poster)
    url = page_url(interest, "interest_answer")
    response = client.post(url, {"state": "declined", "revision": 0, "message": "残念ですが"})
    assert response.status_code == 422
    assert "見送りの理由を書いてください" in response.content.decode()
    assert "残念ですが" in response.content.decode()
    data = {"state": "declined", "revision": 0, "reason": "日中の参加が難しいため", "note": "内々の話"}
    assert client.post(url, data).status_code == 302
    page = signed_in(people.member).get(page_url(interest)).content.decode()
    assert "日中の参加が難しいため" in page
    assert "内々の話" not in page
    assert "内々の話" in client.get(page_url(interest)).content.decode()
    lanes.drain("messages")
    notice = Notice.objects.get(user_id=people.member.pk)
    assert "見送り" in notice.title
    assert "日中の参加が難しいため" in notice.body
    assert notice.mail_after is not None


def test_notes_are_kept_from_the_applicant_in_the_api(opportunity, poster, people):
    interest = make_interest(opportunity, applicant=people.member, email="m@example.jp")
    answer(poster, interest, "received", note="内々の話", message="受け取りました")
    answer(poster, interest, note="もう一つの内々の話")
    path = f"/api/v1/interests/{interest.public_id}/"
    mine, theirs = (signed_in(user).get(path).json() for user in (people.member, poster))
    assert "内々" not in str(mine)
    assert "受け取りました" in str(mine)
    assert (mine["email"], theirs["email"]) == ("", "m@example.jp")
    assert str(theirs).count("内々の話") == 2


def test_the_second_of_two_who_answer_sees_what_the_first_did(opportunity, poster, people):
    interest = make_interest(opportunity)
    shown = interest.revision
    answer(poster, interest, "received", message="先に返しました")
    with pytest.raises(LostEdit):
        answering.answer_interest(
            actor=actor_of(poster), interest=interest, answer=Answer("declined", reason="x"), revision=shown
        )
    colleague = make_holder(make_post(people.poster_of))
    data = {"state": "declined", "reason": "別の理由", "revision": shown}
    response = signed_in(colleague).post(page_url(interest, "interest_answer"), data)
    page = response.content.decode()
    assert response.status_code == 409
    assert "ほかの人が返答しました" in page
    assert "先に返しました" in page
    assert "別の理由" in page
    interest.refresh_from_db()
    assert interest.state == "received"


def test_a_double_click_answers_once(opportunity, poster):
    interest = make_interest(opportunity)
    data = {"state": "received", "revision": 0, "once": "t"}
    client = signed_in(poster)
    assert [client.post(page_url(interest, "interest_answer"), data).status_code for _c in range(2)] == [
        302,
        302,
    ]
    assert interest.events.count() == 2


def test_who_may_answer_and_who_may_withdraw(opportunity, poster, coordinator, people):
    interest = make_interest(opportunity, applicant=people.member)
    answer(coordinator, interest, note="見ています")
    with pytest.raises(PermissionDenied):
        answer(people.member, interest, "agreed", outcome="trade")
    with pytest.raises(Http404):
        answer(people.stranger, interest, "received")
    with pytest.raises(PermissionDenied):
        answering.withdraw_interest(actor=actor_of(poster), interest=interest)
    client = signed_in(people.member)
    data = {"revision": 1, "reason": "予定が変わりました"}
    assert client.post(page_url(interest, "interest_withdraw"), data).status_code == 302
    lanes.drain("messages")
    assert "取下げ" in Notice.objects.get(user_id=poster.pk).title


def test_the_trail_cannot_be_changed(opportunity):
    make_interest(opportunity)
    with transaction.atomic(), pytest.raises(Exception, match="append-only"):
        InterestEvent.objects.update(note="別の話")


# --- what nobody answered --------------------------------------------------------------------------------------------


def test_what_nobody_answers_goes_to_the_coordinator_once(opportunity, poster, coordinator, people):
    interest = make_interest(opportunity, reply_due_on=date(2026, 11, 19))
    answered = make_interest(opportunity, reply_due_on=date(2026, 11, 19))
    answer(poster, answered, "received")
    make_interest(opportunity, reply_due_on=TODAY)
    assert [answering.go_round() for _round in range(3)] == [1, 0, 0]
    interest.refresh_from_db()
    assert interest.state == "expired"
    assert interest.handed_to.name == "調整役"
    lanes.drain("messages")
    told = Notice.objects.filter(topic="projects.interest_expired").values_list("user_id", flat=True)
    assert set(told) == {poster.pk, coordinator.pk}
    assert [item.kind for item in collect(actor_of(coordinator), TODAY)] == ["期限切れの申込み"]
    answer(coordinator, interest, "received", message="お待たせしました")
    interest.refresh_from_db()
    assert interest.state == "received"


def test_without_a_coordinator_it_still_expires(opportunity):
    interest = make_interest(opportunity, reply_due_on=date(2026, 11, 19))
    assert answering.go_round() == 1
    interest.refresh_from_db()
    assert (interest.state, interest.handed_to) == ("expired", None)


def test_what_waits_is_on_the_home_page_of_the_post_by_day(opportunity, poster, people):
    make_interest(opportunity, reply_due_on=date(2026, 12, 1))
    make_interest(opportunity, reply_due_on=date(2026, 11, 24))
    assert [item.due_on for item in collect(actor_of(poster), TODAY)] == [
        date(2026, 11, 24),
        date(2026, 12, 1),
    ]
    assert collect(people.actor("member"), TODAY) == []


def test_the_inbox_is_sorted_by_day_and_marks_what_is_late(opportunity, poster, people):
    make_interest(opportunity, name="後の社", reply_due_on=date(2026, 11, 30))
    make_interest(opportunity, name="先の社", reply_due_on=date(2026, 11, 19))
    page = signed_in(poster).get("/interests/inbox/").content.decode()
    assert page.index("先の社") < page.index("後の社")
    assert "期限超過（1日）" in page
    assert "先の社" not in signed_in(people.member).get("/interests/inbox/").content.decode()


def test_the_coordinator_s_queue_says_how_long_it_lies(opportunity, coordinator, poster):
    make_interest(opportunity, name="待つ社", confirmed_at=timezone.now() - timedelta(days=12))
    make_interest(opportunity, name="済んだ社", state="received")
    page = signed_in(coordinator).get("/interests/queue/").content.decode()
    assert "待つ社" in page
    assert "12日経過" in page
    assert "済んだ社" not in page
    assert "待つ社" not in signed_in(poster).get("/interests/queue/").content.decode()


@pytest.mark.parametrize("count", [1, 20])
def test_lists_and_page_keep_their_budget(opportunity, poster, people, django_assert_max_num_queries, count):
    for _number in range(count):
        last = make_interest(opportunity, organization=people.company)
        answer(poster, last, message="連絡")
    client = signed_in(poster)
    for path, most in (("/interests/inbox/", 7), (page_url(last), 8)):
        with django_assert_max_num_queries(most):
            assert client.get(path).status_code == 200


# --- signing in again ------------------------------------------------------------------------------------------------


def test_the_account_made_by_a_link_gets_a_password_by_the_usual_way(opportunity):
    visit(opportunity)
    client = Client()
    client.post(mailed_link())
    client.logout()
    client.post("/accounts/password/reset/", {"email": "new@example.jp"})
    page = client.get(link_in(mail.outbox[-1]), follow=True)
    data = {"password1": PASSWORD, "password2": PASSWORD}
    client.post(page.redirect_chain[-1][0], data)
    assert client.login(email="new@example.jp", password=PASSWORD)
    assert "乾燥機を使えます" in client.get("/interests/").content.decode()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="two writers at once")
@pytest.mark.django_db(transaction=True)
def test_two_who_answer_at_the_same_moment_leave_one_step(opportunity, poster):
    from concurrent.futures import ThreadPoolExecutor

    interest = make_interest(opportunity)
    actor = actor_of(poster)

    def once(_number: int) -> bool:
        try:
            answering.answer_interest(actor=actor, interest=interest, answer=Answer("received"), revision=0)
            return True
        except LostEdit:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(once, range(4))) == [False, False, False, True]
    assert interest.events.count() == 2

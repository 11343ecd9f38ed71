"""Notices in the portal and by mail."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.http import Http404
from django.test import RequestFactory
from django.utils import timezone

from foundation import lanes, notices
from foundation.access import Actor, load_facts
from foundation.models import Notice
from foundation.notices import notify, send_digest
from foundation.views.notices import NoticeListView, read, read_all

pytestmark = [pytest.mark.django_db, pytest.mark.urls("foundation.urls")]


@pytest.fixture(autouse=True)
def topics(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SITE_NAME = "共創の場ポータル"
    settings.PUBLIC_URL = "https://portal.example.jp/"
    monkeypatch.setattr("foundation.notice_topics._topics", {})
    notices.register_topic("round_opened", "報告依頼")
    notices.register_topic("seen_only", "画面のみ", mailed=False)


@pytest.fixture
def ura() -> Any:
    return get_user_model().objects.create_user(email="ura@example.jp")


@pytest.fixture
def other() -> Any:
    return get_user_model().objects.create_user(email="kikaku@example.jp")


def _later(minutes: int = 16) -> Any:
    return timezone.now() + timedelta(minutes=minutes)


def _actor(user: Any) -> Actor:
    return Actor(user=user, label="試験 太郎（架空）")


def _request(user: Any, method: str = "get", **data: str) -> Any:
    request = getattr(RequestFactory(), method)("/notices/", data)
    request.user, request.actor, request.session = user, _actor(user), {}
    request._messages = FallbackStorage(request)
    return request


def test_each_person_is_told_once_per_occasion(ura: Any, other: Any) -> None:
    notify([ura, other, ura], "round_opened", "第2四半期", key="round:1")
    notify([ura], "round_opened", "第2四半期", key="round:1")
    notify([ura], "round_opened", "第3四半期", key="round:2")
    assert Notice.objects.filter(user_id=ura.pk).count() == 2
    assert Notice.objects.filter(user_id=other.pk).count() == 1


def test_a_topic_that_nobody_registered_is_a_mistake(ura: Any) -> None:
    with pytest.raises(KeyError):
        notify([ura], "unknown", "件名", key="1")


@pytest.mark.parametrize("url", ["https://example.jp/", "//example.jp/", "javascript:alert(1)"])
def test_a_notice_leads_into_the_portal_only(ura: Any, url: str) -> None:
    with pytest.raises(ValueError, match="path"):
        notify([ura], "round_opened", "件名", url=url, key="1")


def test_all_notices_of_a_person_go_into_one_mail_newest_first(ura: Any, other: Any) -> None:
    notify(
        [ura, other], "round_opened", "第2四半期 進捗報告", "提出期限は10月23日です。", "/rounds/1/", key="1"
    )
    notify([ura], "round_opened", "差戻し & 確認", "備考欄をご確認ください。", key="2")
    assert send_digest(_later()) == 2
    by_address = {message.to[0]: message for message in mail.outbox}
    assert by_address["ura@example.jp"].subject == "【共創の場ポータル】お知らせ2件"
    body = by_address["ura@example.jp"].body
    assert body.index("差戻し & 確認") < body.index("第2四半期 進捗報告")
    assert "提出期限は10月23日です。" in body
    assert "https://portal.example.jp/rounds/1/" in body
    assert "https://portal.example.jp/notices/" in body


def test_a_single_notice_gives_the_mail_its_title(ura: Any) -> None:
    notify([ura], "round_opened", "第2四半期\r\nBcc: x@example.jp", key="1")
    send_digest(_later())
    assert mail.outbox[0].subject == "【共創の場ポータル】第2四半期 Bcc: x@example.jp"


def test_a_mail_waits_for_what_else_comes(ura: Any) -> None:
    notify([ura], "round_opened", "件名", key="1")
    assert send_digest(_later(5)) == 0
    assert send_digest(_later(16)) == 1


def test_nothing_is_mailed_twice(ura: Any) -> None:
    notify([ura], "round_opened", "件名", key="1")
    assert [send_digest(_later()), send_digest(_later(60))] == [1, 0]


def test_what_was_read_or_is_not_for_mail_stays_in_the_portal(ura: Any) -> None:
    notify([ura], "round_opened", "既読", key="1")
    notices.mark_read(_actor(ura), Notice.objects.all())
    notify([ura], "seen_only", "画面のみ", key="2")
    assert send_digest(_later()) == 0


@pytest.mark.parametrize("changed", [{"is_active": False}, {"email": ""}])
def test_nobody_without_an_open_account_and_an_address_is_mailed(ura: Any, changed: dict[str, Any]) -> None:
    notify([ura], "round_opened", "件名", key="1")
    type(ura).objects.filter(pk=ura.pk).update(**changed)
    assert send_digest(_later()) == 0
    assert not Notice.objects.filter(mail_after__isnull=False).exists()


def _failing(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    send = EmailBackend.send_messages

    def fail_for(self: Any, messages: Any) -> Any:
        if messages[0].to == [address]:
            raise OSError("relay down")
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", fail_for)


def test_a_mail_that_fails_keeps_no_other_back_and_is_tried_again(
    ura: Any, other: Any, monkeypatch: Any
) -> None:
    notify([ura, other], "round_opened", "件名", key="1")
    with monkeypatch.context() as broken:
        _failing(broken, "ura@example.jp")
        assert send_digest(_later(16)) == 1
        assert send_digest(_later(16)) == 0
    assert send_digest(_later(18)) == 1
    assert sorted(message.to[0] for message in mail.outbox) == ["kikaku@example.jp", "ura@example.jp"]


def test_after_eight_failures_nobody_tries_again(ura: Any, monkeypatch: Any) -> None:
    notify([ura], "round_opened", "件名", key="1")
    _failing(monkeypatch, "ura@example.jp")
    for hour in range(1, 12):
        send_digest(_later(hour * 300))
    notice = Notice.objects.get()
    assert (notice.mail_attempts, notice.mail_after, notice.mailed_at) == (8, None, None)


def test_a_sender_that_dies_repeats_a_mail_and_loses_none(ura: Any, monkeypatch: Any) -> None:
    notify([ura], "round_opened", "件名", key="1")

    class Killed(BaseException):
        pass

    def killed_after_sending(message: Any, *args: Any) -> None:
        mail.outbox.append(message)
        raise Killed

    with monkeypatch.context() as killing:
        killing.setattr("foundation.letters.EmailMessage.send", killed_after_sending)
        with pytest.raises(Killed):
            send_digest(_later(16))
    assert send_digest(_later(17)) == 0  # its claim still holds
    assert send_digest(_later(22)) == 1
    assert len(mail.outbox) == 2


def test_two_senders_share_nothing(ura: Any) -> None:
    notify([ura], "round_opened", "件名", key="1")
    first = notices._claim(ura.pk, _later())
    second = notices._claim(ura.pk, _later())
    assert Notice.objects.filter(mail_token=first).count() == 1
    assert Notice.objects.filter(mail_token=second).count() == 0


def test_mails_leave_through_a_lane(ura: Any) -> None:
    notify([ura], "round_opened", "件名", key="1")
    assert not lanes.get("notices").pending()
    Notice.objects.update(mail_after=timezone.now())
    assert lanes.get("notices").pending()
    assert lanes.drain("notices") == 1


def test_the_header_knows_how_many_are_unread(ura: Any, other: Any) -> None:
    notify([ura], "round_opened", "一", key="1")
    notify([ura], "seen_only", "二", key="2")
    notify([other], "round_opened", "三", key="1")
    facts = tuple(load_facts(ura.pk, timezone.localdate()))
    assert Actor(user=ura, facts=facts).unread_count == 2


def test_the_list_shows_own_notices_newest_first(ura: Any, other: Any) -> None:
    notify([ura], "round_opened", "一", key="1")
    notify([ura], "round_opened", "二", key="2")
    notify([other], "round_opened", "三", key="3")
    response = NoticeListView.as_view()(_request(ura))
    assert [notice.title for notice in response.context_data["page_obj"]] == ["二", "一"]
    assert response.context_data["unread"] == 2


def test_reading_marks_one_and_leads_back_or_on(ura: Any) -> None:
    notify([ura], "round_opened", "一", url="/rounds/1/", key="1")
    notify([ura], "round_opened", "二", key="2")
    notice = Notice.objects.get(key="1")
    assert read(_request(ura, "post"), notice.public_id).url == "/notices/"
    assert read(_request(ura, "post", go="1"), notice.public_id).url == "/rounds/1/"
    assert list(Notice.objects.filter(read_at=None).values_list("key", flat=True)) == ["2"]


def test_the_notices_of_others_cannot_be_read(ura: Any, other: Any) -> None:
    notify([ura], "round_opened", "一", key="1")
    with pytest.raises(Http404):
        read(_request(other, "post"), Notice.objects.get().public_id)
    read_all(_request(other, "post"))
    assert Notice.objects.filter(read_at=None).count() == 1


def test_reading_needs_a_post(ura: Any) -> None:
    assert read_all(_request(ura)).status_code == 405

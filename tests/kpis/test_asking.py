"""入力依頼: a section without an account is asked for a few cells, and answers once, by its own name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from foundation import lanes
from foundation.errors import DomainError, MultipleErrors, StateError
from foundation.models import AuditEntry, Notice
from kpis.models import Indicator, InputRequest, Measurement, Submission
from kpis.periods import Period
from kpis.services import asking, reviewing
from tests.conftest import People
from tests.factories.kpis import make_indicator

Q1, Q2 = Period.parse("FY2025-Q1"), Period.parse("FY2025-Q2")


@pytest.fixture
def indicator(people: People) -> Indicator:
    return make_indicator(people.scorecard, fields={"post": people.scorecard.post, "code": "K-1"})


@pytest.fixture
def asked(people: People, indicator: Indicator) -> InputRequest:
    return ask(people, [(indicator, Q1), (indicator, Q2)])


def ask(people: People, cells: Any, who: str = "reporter", **fields: Any) -> InputRequest:
    fields.setdefault("due_on", timezone.localdate() + timedelta(days=14))
    return asking.ask(
        actor=people.actor(who),
        scorecard=people.scorecard,
        cells=cells,
        section="環境課 資源循環係",
        email="kankyo@example.jp",
        **fields,
    )


def texts(asked: InputRequest, *values: str) -> dict[int, dict[str, str]]:
    return {cell.pk: {"value": value} for cell, value in zip(asked.cells.order_by("id"), values, strict=True)}


def answer(asked: InputRequest, *values: str, name: str = "計量 太郎", section: str = "環境課") -> Submission:
    return asking.answer(asked=asked, typed=texts(asked, *values), name=name, section=section)


def address(asked: InputRequest) -> str:
    return reverse("kpis:answer", args=[asked.public_id, asking.seal_of(asked.public_id)])


# --- asking ----------------------------------------------------------------------------------------------------------


def test_the_mail_holds_the_whole_request_and_the_link(asked) -> None:
    lanes.drain("messages")
    letter = mail.outbox[0]
    assert letter.to == ["kankyo@example.jp"]
    assert "【回答期限" in letter.subject
    assert "指標" in letter.body
    assert "令和7年度 第1四半期（確定値）" in letter.body
    assert address(asked) in letter.body


def test_only_cells_that_one_may_enter_can_be_asked_for(people, indicator) -> None:
    other = make_indicator(people.scorecard, fields={"code": "K-2"})
    Indicator.objects.filter(pk=other.pk).update(post=people.reviewer.person.assignments.get().post)
    with pytest.raises(PermissionDenied):
        ask(people, [(other, Q1)])
    for cells in ([], [(indicator, Period.parse("FY2025"))]):
        with pytest.raises(DomainError):
            ask(people, cells)
    with pytest.raises(DomainError, match="今日以後"):
        ask(people, [(indicator, Q1)], due_on=timezone.localdate() - timedelta(days=1))
    assert not InputRequest.objects.exists()


# --- answering -------------------------------------------------------------------------------------------------------


def test_the_answer_is_a_submission_signed_with_name_and_section(people, asked) -> None:
    submission = answer(asked, "1,234", "０")
    rows = list(submission.measurements.order_by("id"))
    assert [int(row.value) for row in rows] == [1234, 0]
    assert {row.reporter_name for row in rows} == {"計量 太郎（環境課）"}
    assert {row.reporter_id for row in rows} == {None}
    assert {row.organization_id for row in rows} == {people.city.pk}
    asked.refresh_from_db()
    assert (asked.state, asked.submission) == ("answered", submission)
    assert AuditEntry.objects.filter(action="kpis.answer_input_request").count() == 1


def test_the_answer_is_reviewed_like_any_other(people, asked) -> None:
    rows = list(answer(asked, "1", "2").measurements.all())
    reviewing.approve(actor=people.actor("reviewer"), measurements=rows)
    assert {event.kind for row in rows for event in row.events.all()} == {"submitted", "approved"}


def test_whoever_asked_is_told(people, asked) -> None:
    answer(asked, "1", "2")
    while lanes.drain("messages"):
        pass
    told = Notice.objects.get(user_id=people.reporter.pk, topic="kpis.input_answered")
    assert "計量 太郎" in told.body


def test_an_answer_is_taken_whole_or_not_at_all(asked) -> None:
    with pytest.raises(MultipleErrors) as refused:
        answer(asked, "1", "約2")
    second = asked.cells.order_by("id").last()
    assert [error.field for error in refused.value.errors] == [f"{second.pk}.value"]
    assert not Measurement.objects.exists()


def test_an_answer_needs_its_senders_name_and_section(asked) -> None:
    with pytest.raises(MultipleErrors) as refused:
        answer(asked, "1", "2", name=" ", section="")
    assert [error.field for error in refused.value.errors] == ["name", "section"]


def test_a_request_is_answered_once(asked) -> None:
    answer(asked, "1", "2")
    with pytest.raises(StateError, match="すでに回答"):
        answer(asked, "3", "4")
    assert Submission.objects.count() == 1


def test_an_outlook_is_never_counted(people, indicator) -> None:
    wanted = ask(people, [(indicator, Q1)], nature="outlook")
    row = answer(wanted, "9").measurements.get()
    assert row.nature == "outlook"


def test_a_withdrawn_or_old_request_takes_no_answer(people, asked) -> None:
    InputRequest.objects.filter(pk=asked.pk).update(due_on=timezone.localdate() - timedelta(days=61))
    asked.refresh_from_db()
    with pytest.raises(StateError, match="受付を終えました"):
        answer(asked, "1", "2")
    asking.withdraw(actor=people.actor("reporter"), asked=asked)
    with pytest.raises(StateError, match="取り下げ"):
        answer(asked, "1", "2")


# --- the pages -------------------------------------------------------------------------------------------------------


def test_the_link_opens_without_an_account_and_shows_only_what_is_asked(people, asked, client) -> None:
    other = make_indicator(people.scorecard, fields={"name": "ほかの指標"})
    page = client.get(address(asked))
    words = page.content.decode()
    assert page.status_code == 200
    assert "令和7年度 第1四半期" in words
    assert other.name not in words
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_guessed_seal_is_not_found(asked, client) -> None:
    for seal in ("0" * 40, asking.seal_of(asked.public_id)[:-1], "x"):
        assert client.get(reverse("kpis:answer", args=[asked.public_id, seal])).status_code == 404
        assert client.post(reverse("kpis:answer", args=[asked.public_id, seal])).status_code == 404


def test_what_was_typed_stays_when_the_answer_is_refused(asked, client) -> None:
    first, second = asked.cells.order_by("id")
    given = {f"{first.pk}.value": "12", f"{second.pk}.value": "たくさん", "name": "計量", "section": "環境課"}
    page = client.post(address(asked), given)
    words = page.content.decode()
    assert page.status_code == 422
    assert 'value="たくさん"' in words
    assert 'value="12"' in words
    assert not Submission.objects.exists()


def test_answering_on_the_page_thanks_by_name(asked, client) -> None:
    first, second = asked.cells.order_by("id")
    given = {f"{first.pk}.value": "12", f"{second.pk}.value": "0", "name": "計量", "section": "環境課"}
    sent = client.post(address(asked), given)
    assert sent.status_code == 302
    assert "計量 様からの回答を受け付けました" in client.get(sent.url).content.decode()


def test_other_cells_cannot_be_smuggled_in(people, asked, client) -> None:
    other = ask(people, [(make_indicator(people.scorecard, fields={"post": people.scorecard.post}), Q1)])
    first, second = asked.cells.order_by("id")
    foreign = other.cells.get()
    client.post(
        address(asked),
        {
            f"{first.pk}.value": "1",
            f"{second.pk}.value": "2",
            f"{foreign.pk}.value": "3",
            "name": "計量",
            "section": "環境課",
        },
    )
    assert Measurement.objects.count() == 2


def test_asking_on_the_page(people, indicator, client) -> None:
    client.force_login(people.reporter)
    page = client.get(reverse("kpis:requests", args=[people.scorecard.public_id]))
    assert "まだ依頼はありません" in page.content.decode()
    sent = client.post(
        reverse("kpis:requests", args=[people.scorecard.public_id]),
        {
            "section": "環境課",
            "email": "kankyo@example.jp",
            "due_on": (timezone.localdate() + timedelta(days=7)).isoformat(),
            "nature": "final",
            "cells": [f"{indicator.public_id.hex}.FY2025-Q1"],
        },
    )
    assert sent.status_code == 302
    assert "あと7日" in client.get(sent.url).content.decode()


def test_another_organisation_sees_no_request(people, asked, client) -> None:
    client.force_login(people.reviewer)
    found = client.post(reverse("kpis:request_withdraw", args=[asked.public_id]))
    assert found.status_code == 404

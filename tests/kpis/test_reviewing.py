"""Reviewing: nobody approves their own, nothing follows a return or a withdrawal, and people are told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from foundation import lanes
from foundation.errors import DomainError, StateError
from foundation.models import AuditEntry, Message, Notice
from kpis.models import Cell, MeasurementEvent
from kpis.notices import tell_reporters, tell_reviewers
from kpis.periods import Period
from kpis.services import entering, reviewing
from kpis.services.entering import Typed
from tests.factories.actors import actor_of, make_holder, make_post
from tests.factories.ecosystems import give_duty
from tests.factories.kpis import make_indicator

pytestmark = pytest.mark.django_db
Q1 = Period.parse("FY2026-Q1")


def submitted(people, *values: str, who: str = "reporter", note: str = ""):
    """One submission with an indicator for each value; its rows."""
    actor = people.actor(who)
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    for value in values:
        indicator = make_indicator(people.scorecard)
        entering.save_entry(actor=actor, draft=draft, typed=Typed(indicator, Q1, value))
    return entering.submit(actor=actor, draft=draft, note=note)


def kinds(row) -> list[str]:
    return list(row.events.order_by("id").values_list("kind", flat=True))


def test_approval_is_an_event_and_moves_the_official_cell(people):
    (row,) = submitted(people, "17.4")
    reviewing.approve(actor=people.actor("reviewer"), measurements=[row])
    event = row.events.get(kind="approved")
    assert (event.user_name, event.organization) == ("確認 次郎（架空）", people.university)
    assert event.is_same_organization is False
    assert Cell.objects.get(indicator=row.indicator, basis="official").value == Decimal("17.4")
    assert AuditEntry.objects.filter(action="kpis.approve_measurement").count() == 1


def test_a_member_cannot_approve(people):
    rows = submitted(people, "5")
    with pytest.raises(PermissionDenied):
        reviewing.approve(actor=people.actor("member"), measurements=rows)


def test_the_secretariat_cannot_approve(people):
    rows = submitted(people, "5")
    with pytest.raises(PermissionDenied):
        reviewing.approve(actor=people.actor("secretary"), measurements=rows)


def test_for_a_stranger_the_figure_does_not_exist(people):
    rows = submitted(people, "5")
    with pytest.raises(Http404):
        reviewing.approve(actor=people.actor("stranger"), measurements=rows)


def test_nobody_approves_their_own_figure(people):
    give_duty(people.forum, people.scorecard.post, "municipal_reviewer")
    rows = submitted(people, "5")
    with pytest.raises(PermissionDenied):
        reviewing.approve(actor=people.actor("reporter"), measurements=rows)


def test_nor_a_figure_of_a_post_they_hold(people):
    give_duty(people.forum, people.scorecard.post, "municipal_reviewer")
    deputy = make_holder(people.scorecard.post, "副担 八郎（架空）")
    rows = submitted(people, "5")
    with pytest.raises(PermissionDenied):
        reviewing.approve(actor=actor_of(deputy), measurements=rows)


@pytest.fixture
def colleague(people):
    """A reviewer in the reporter's own organisation, in another post."""
    post = make_post(people.city, name="政策課 課長")
    give_duty(people.forum, post, "municipal_reviewer")
    return actor_of(make_holder(post, "政策 九郎（架空）"))


def test_the_same_organisation_does_not_approve_unless_the_forum_allows_it(people, colleague):
    rows = submitted(people, "5")
    with pytest.raises(PermissionDenied):
        reviewing.approve(actor=colleague, measurements=rows)


def test_where_the_forum_allows_it_the_approval_is_marked(people, colleague):
    people.forum.allows_same_organization_approval = True
    people.forum.save()
    (row,) = submitted(people, "5")
    reviewing.approve(actor=colleague, measurements=[row])
    assert row.events.get(kind="approved").is_same_organization is True


def test_all_chosen_rows_or_none(people):
    give_duty(people.forum, people.scorecard.post, "municipal_reviewer")
    own = submitted(people, "5")
    others = submitted(people, "6", who="secretary")
    with pytest.raises(PermissionDenied):
        reviewing.approve(actor=people.actor("reporter"), measurements=[*own, *others])
    assert not MeasurementEvent.objects.filter(kind="approved").exists()


@pytest.mark.parametrize("step", ["return_", "withdraw"])
def test_sending_or_taking_back_needs_a_reason(people, step):
    rows = submitted(people, "5")
    with pytest.raises(DomainError) as caught:
        getattr(reviewing, step)(actor=people.actor("reviewer"), measurements=rows, note="  ")
    assert (caught.value.code, caught.value.field) == ("note_missing", "note")


def test_nothing_chosen_is_refused(people):
    with pytest.raises(DomainError) as caught:
        reviewing.approve(actor=people.actor("reviewer"), measurements=[])
    assert caught.value.code == "nothing_chosen"


@pytest.mark.parametrize(
    ("first", "second"),
    [("approve", "approve"), ("approve", "return_"), ("return_", "return_"), ("return_", "approve"),
     ("withdraw", "approve"), ("withdraw", "withdraw"), ("return_", "withdraw")],
)  # fmt: skip
def test_what_was_settled_is_not_settled_again(people, first, second):
    (row,) = submitted(people, "5")
    take(people, first, row)
    before = kinds(row)
    with pytest.raises(StateError) as caught:
        take(people, second, row)
    assert caught.value.details["measurements"] == [str(row.public_id)]
    assert kinds(row) == before


def take(people, step, row):
    note = {} if step == "approve" else {"note": "理由"}
    who = "reporter" if step == "withdraw" else "reviewer"
    getattr(reviewing, step)(actor=people.actor(who), measurements=[row], **note)


def test_an_approved_figure_may_be_withdrawn(people):
    (row,) = submitted(people, "5")
    take(people, "approve", row)
    take(people, "withdraw", row)
    assert kinds(row) == ["submitted", "approved", "withdrawn"]
    assert not Cell.objects.filter(indicator=row.indicator).exists()


# --- telling people --------------------------------------------------------------------------------------------------


def told(user) -> list[Notice]:
    return list(Notice.objects.filter(user_id=user.pk).order_by("id"))


def test_reviewers_are_told_of_a_submission_with_the_essentials(people):
    rows = submitted(people, "17.4", "0", note="9月分は速報です")
    lanes.drain("messages")
    (notice,) = told(people.reviewer)
    assert notice.title == "確認待ち：試験のKPI一覧（あ市（架空）、2件）"
    assert f"{rows[0].indicator}　令和8年度 第1四半期　17.4件" in notice.body
    assert "報告 花子（架空）" in notice.body
    assert "9月分は速報です" in notice.body
    assert notice.url == f"/reviews/{rows[0].submission.public_id}/"
    assert len(told(people.university_reviewer)) == 1
    assert told(people.secretary) == told(people.reporter) == told(people.stranger) == []


def test_reporter_and_holders_of_the_post_are_told_of_a_return_once(people):
    deputy = make_holder(people.scorecard.post, "副担 八郎（架空）")
    rows = submitted(people, "302", "258")
    reviewing.return_(
        actor=people.actor("reviewer"), measurements=rows, note="乗降記録との照合をお願いします。"
    )
    lanes.drain("messages")
    for user in (people.reporter, deputy):
        (notice,) = told(user)
        assert notice.title == "差戻し：試験のKPI一覧（2件）"
        assert "乗降記録との照合をお願いします。" in notice.body
        assert "確認 次郎（架空）" in notice.body


def test_nobody_is_told_of_their_own_act(people):
    (row,) = submitted(people, "5")
    reviewing.withdraw(actor=people.actor("reporter"), measurements=[row], note="誤り")
    lanes.drain("messages")
    assert told(people.reporter) == []


def test_a_message_delivered_twice_tells_once(people):
    rows = submitted(people, "5")
    reviewing.approve(actor=people.actor("reviewer"), measurements=rows)
    handlers = {"kpis.submitted": tell_reviewers, "kpis.reviewed": tell_reporters}
    for message in [*Message.objects.filter(topic__in=handlers)] * 2:
        handlers[message.topic](message.payload)
    assert len(told(people.reporter)) == 1
    assert len(told(people.university_reviewer)) == 1


def test_two_acts_on_one_submission_are_told_apart(people):
    first, second = submitted(people, "5", "6")
    reviewing.approve(actor=people.actor("reviewer"), measurements=[first])
    reviewing.return_(actor=people.actor("reviewer"), measurements=[second], note="照合")
    lanes.drain("messages")
    assert [notice.title[:2] for notice in told(people.reporter)] == ["承認", "差戻"]


def test_a_long_submission_is_told_in_short(people):
    submitted(people, *[str(number) for number in range(25)])
    lanes.drain("messages")
    assert "ほか5件" in told(people.reviewer)[0].body

"""つながりの承認: proposed does not count, accepted does; the keeper is asked, the proposer is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from foundation import outbox, waiting
from foundation.errors import DomainError, StateError
from foundation.models import AuditEntry, Notice
from kpis.models import Cell, Contribution, Indicator
from kpis.periods import Period
from kpis.rollup import drain
from kpis.services.contributions import (
    accept_contribution,
    decline_contribution,
    end_contribution,
    propose_contribution,
)
from tests.factories.actors import make_holder, make_post
from tests.factories.kpis import approved, make_indicator, make_rolled_up, make_scorecard

QUEUE = "/contributions/"
Q1 = Period.parse("FY2025-Q1")


@pytest.fixture
def keeper(people) -> Any:
    """Holds the post that keeps the parent, in an organisation of its own right."""
    return make_holder(make_post(people.university, name="産学連携"), "所管 八郎（架空）")


@pytest.fixture
def parent(people, keeper) -> Indicator:
    post = keeper.person.assignments.get().post
    return make_rolled_up(people.scorecard, fields={"post": post, "visibility": "members"})


@pytest.fixture
def child(people) -> Indicator:
    card = make_scorecard(people.forum, name="会社のKPI", visibility="members")
    card.participants.add(people.company)
    post = people.member.person.assignments.get().post
    return make_indicator(card, fields={"post": post, "visibility": "members"})


@pytest.fixture
def link(people, parent, child) -> Contribution:
    return propose_contribution(actor=people.actor("member"), parent=parent, child=child)


def actor_of_keeper(keeper: Any) -> Any:
    from tests.factories.actors import actor_of

    return actor_of(keeper)


def total(parent: Indicator) -> Any:
    while drain.drain():
        pass
    return (
        Cell.objects.filter(indicator=parent, period=Q1, basis="official")
        .values_list("value", flat=True)
        .first()
    )


def deliver() -> None:
    while outbox.deliver_one():
        pass


def told(user: Any) -> list[str]:
    return list(Notice.objects.filter(user_id=user.pk).order_by("id").values_list("title", flat=True))


def page(link: Contribution) -> str:
    return reverse("kpis:contribution", args=[link.public_id])


def test_proposed_does_not_count_and_accepted_does(parent, child, link, keeper):
    approved(child, "FY2025-Q1", "12")
    assert total(parent) is None
    accept_contribution(actor=actor_of_keeper(keeper), contribution=link)
    assert total(parent) == 12


def test_declined_never_counts_and_may_be_proposed_again(people, parent, child, link, keeper):
    approved(child, "FY2025-Q1", "12")
    decline_contribution(actor=actor_of_keeper(keeper), contribution=link, reason="定義が違うため")
    link.refresh_from_db()
    assert (link.state, link.reason) == ("declined", "定義が違うため")
    assert link.superseded_at is not None
    assert total(parent) is None
    assert AuditEntry.objects.get(action="kpis.decline_contribution").reason == "定義が違うため"
    again = propose_contribution(actor=people.actor("member"), parent=parent, child=child)
    accept_contribution(actor=actor_of_keeper(keeper), contribution=again)
    assert total(parent) == 12


def test_the_same_two_are_not_proposed_twice(people, parent, child, link):
    with pytest.raises(DomainError, match="すでに"):
        propose_contribution(actor=people.actor("member"), parent=parent, child=child)


def test_declining_needs_a_reason_that_fits(link, keeper):
    for reason in ("", "　 ", "あ" * 2001):
        with pytest.raises(DomainError) as caught:
            decline_contribution(actor=actor_of_keeper(keeper), contribution=link, reason=reason)
        assert caught.value.field == "reason"


def test_the_second_of_two_keepers_is_told_what_the_first_did(people, link, keeper):
    accept_contribution(actor=actor_of_keeper(keeper), contribution=link)
    with pytest.raises(StateError, match="承認済み"):
        decline_contribution(actor=people.actor("secretary"), contribution=link, reason="見送る")
    with pytest.raises(StateError):
        accept_contribution(actor=people.actor("secretary"), contribution=link)
    end_contribution(actor=people.actor("secretary"), contribution=link, reason="終える")
    with pytest.raises(StateError):
        accept_contribution(actor=people.actor("secretary"), contribution=link)


def test_the_child_s_side_does_not_accept_its_own_proposal(people, link):
    with pytest.raises(PermissionDenied):
        accept_contribution(actor=people.actor("member"), contribution=link)


def test_it_waits_for_the_keeper_alone(people, link, keeper):
    today = timezone.localdate()

    def kinds(actor: Any) -> list[str]:
        return [item.kind for item in waiting.collect(actor, today) if "つながり" in item.kind]

    assert kinds(actor_of_keeper(keeper)) == ["つながりの承認"]
    for name in ("member", "reporter", "secretary", "stranger", "administrator"):
        assert kinds(people.actor(name)) == [], name
    Indicator.objects.filter(pk=link.parent_id).update(post=None)
    assert kinds(people.actor("secretary")) == ["つながりの承認"]
    accept_contribution(actor=people.actor("secretary"), contribution=link)
    assert kinds(people.actor("secretary")) == []


def test_keeper_is_asked_and_the_proposer_is_told(people, link, keeper):
    deliver()
    assert len(told(keeper)) == 1
    assert told(keeper)[0].startswith("つながりの承認待ち")
    assert told(people.member) == []
    decline_contribution(actor=actor_of_keeper(keeper), contribution=link, reason="定義が違うため")
    deliver()
    assert told(people.member)[0].startswith("つながりの見送り")
    assert "定義が違うため" in Notice.objects.get(user_id=people.member.pk).body
    assert len(told(keeper)) == 1


def test_queue_and_page_let_the_keeper_accept(client, people, parent, child, link, keeper):
    client.force_login(keeper)
    assert page(link) in client.get(QUEUE).text
    shown = client.get(page(link)).text
    assert child.name in shown
    assert parent.name in shown
    response = client.post(page(link), {"action": "accept", "once": "k"}, follow=True)
    assert "これから集計に入ります" in response.text
    assert Contribution.objects.get().state == "accepted"
    assert client.post(page(link), {"action": "accept", "once": "k"}).status_code == 302
    assert client.post(page(link), {"action": "decline", "reason": "やめる"}).status_code == 409


def test_page_asks_for_the_reason_and_keeps_what_was_typed(client, link, keeper):
    client.force_login(keeper)
    response = client.post(page(link), {"action": "decline", "reason": " "})
    assert response.status_code == 422
    assert "見送る理由を" in response.text
    assert Contribution.objects.get().state == "proposed"


def test_members_see_neither_the_queue_s_rows_nor_the_page(client, people, link):
    client.force_login(people.member)
    assert page(link) not in client.get(QUEUE).text
    assert client.get(page(link)).status_code == 403
    client.force_login(people.stranger)
    assert client.get(page(link)).status_code == 404


@pytest.mark.parametrize("rows", [1, 20])
def test_queue_costs_the_same_for_one_and_for_many(
    client, people, parent, keeper, rows, django_assert_num_queries
):
    card = make_scorecard(people.forum)
    post = people.reporter.person.assignments.get().post
    for _number in range(rows):
        child = make_indicator(card, fields={"post": post})
        propose_contribution(actor=people.actor("reporter"), parent=parent, child=child)
    client.force_login(keeper)
    with django_assert_num_queries(5):
        assert len(client.get(QUEUE).context["links"]) == rows

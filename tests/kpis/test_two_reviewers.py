"""Two people at the same moment, in threads, on whatever database the tests run: one wins, the other is told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from foundation import lanes
from foundation.errors import DomainError, LostEdit, StateError
from kpis.models import DraftEntry, Measurement, MeasurementEvent, Submission
from kpis.periods import Period
from kpis.rollup.verify import verify
from kpis.services import entering, reviewing
from kpis.services.entering import Typed, mark_of
from tests.factories.kpis import make_indicator

pytestmark = pytest.mark.django_db(transaction=True)
Q1 = Period.parse("FY2026-Q1")
BLANK = mark_of(("", "", ""))


@pytest.fixture(autouse=True)
def _needs_a_database_for_threads(db):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip(
            "threads cannot wait for each other in SQLite's memory database: needs PostgreSQL or a file"
        )


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts in threads that start together; each one's result, or the domain error it met."""
    barrier, results = Barrier(len(acts)), [None] * len(acts)

    def run(position: int, act: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=10)
            results[position] = act()
        except DomainError as error:
            results[position] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


@pytest.fixture
def draft(people):
    return entering.open_draft(actor=people.actor("reporter"), scorecard=people.scorecard)


@pytest.fixture
def row(people, draft):
    actor = people.actor("reporter")
    entering.save_entry(actor=actor, draft=draft, typed=Typed(make_indicator(people.scorecard), Q1, "5"))
    return entering.submit(actor=actor, draft=draft)[0]


def test_two_approvers_at_once_leave_one_approval(people, row):
    acts = [
        partial(reviewing.approve, actor=people.actor(who), measurements=[row])
        for who in ("reviewer", "university_reviewer")
    ]
    results = at_once(*acts)
    assert MeasurementEvent.objects.filter(measurement=row, kind="approved").count() == 1
    assert sorted(type(each) for each in results if isinstance(each, DomainError)) == [StateError]


def test_approving_and_returning_at_once_leave_one_of_the_two(people, row):
    one, other = people.actor("reviewer"), people.actor("university_reviewer")
    at_once(
        lambda: reviewing.approve(actor=one, measurements=[row]),
        lambda: reviewing.return_(actor=other, measurements=[row], note="照合"),
    )
    assert MeasurementEvent.objects.filter(measurement=row).exclude(kind="submitted").count() == 1
    lanes.drain("rollup")
    assert list(verify()) == []


def test_a_draft_submitted_twice_at_once_is_recorded_once(people, draft):
    actor = people.actor("reporter")
    entering.save_entry(actor=actor, draft=draft, typed=Typed(make_indicator(people.scorecard), Q1, "5"))
    at_once(*[lambda: entering.submit(actor=actor, draft=draft)] * 4)
    assert Measurement.objects.count() == 1
    assert MeasurementEvent.objects.count() == 1


def test_two_writers_on_one_blank_cell_do_not_overwrite_each_other(people, draft):
    indicator = make_indicator(people.scorecard)
    acts = [
        partial(
            entering.save_entry,
            actor=people.actor(who),
            draft=draft,
            typed=Typed(indicator, Q1, value, seen=BLANK),
        )
        for who, value in (("reporter", "12"), ("secretary", "15"))
    ]
    results = at_once(*acts)
    kept = [each for each in results if isinstance(each, DraftEntry)]
    assert [type(each) for each in results if each not in kept] == [LostEdit]
    assert DraftEntry.objects.get().value == kept[0].value


def test_two_who_begin_at_once_share_one_draft(people):
    acts = [
        partial(entering.open_draft, actor=people.actor(who), scorecard=people.scorecard)
        for who in ("reporter", "secretary")
    ]
    assert len({draft.pk for draft in at_once(*acts)}) == 1
    assert Submission.objects.count() == 1


def test_a_figure_typed_while_the_draft_is_submitted_is_in_it_or_refused(people, draft):
    first, second = make_indicator(people.scorecard), make_indicator(people.scorecard)
    actor, other = people.actor("reporter"), people.actor("secretary")
    entering.save_entry(actor=actor, draft=draft, typed=Typed(first, Q1, "5"))
    _rows, typed = at_once(
        lambda: entering.submit(actor=actor, draft=draft),
        lambda: entering.save_entry(actor=other, draft=draft, typed=Typed(second, Q1, "7")),
    )
    recorded = Measurement.objects.filter(indicator=second).exists()
    assert recorded != isinstance(typed, StateError)

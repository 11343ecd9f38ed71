"""The registry of what waits for somebody."""

from __future__ import annotations

from datetime import date

import pytest

from foundation import waiting
from foundation.access import ANONYMOUS
from foundation.waiting import Due, Waiting

TODAY = date(2026, 11, 20)


@pytest.fixture
def sources(monkeypatch):
    monkeypatch.setattr(waiting, "_sources", {})
    return waiting


def test_earliest_day_comes_first_and_what_has_none_last(sources):
    late = Waiting("a", "遅れ", "/", due_on=date(2026, 3, 31))
    soon = Waiting("a", "近い", "/", due_on=date(2026, 11, 27))
    since = Waiting("a", "待つ", "/", since_on=date(2026, 10, 1))
    undated = Waiting("a", "いつでも", "/")
    sources.source("one", "一つ目")(lambda actor, today: [undated, soon])
    sources.source("two", "二つ目")(lambda actor, today: [since, late])
    assert sources.collect(ANONYMOUS, TODAY) == [late, since, soon, undated]


def test_two_sources_of_one_name_are_refused(sources):
    sources.source("one", "一つ目")(lambda actor, today: [])
    with pytest.raises(ValueError, match="one"):
        sources.source("one", "もう一つ")(lambda actor, today: [])


@pytest.mark.parametrize(
    ("on", "state", "words"),
    [
        (date(2026, 3, 31), "over", "期限超過（234日）"),
        (date(2026, 11, 19), "over", "期限超過（1日）"),
        (date(2026, 11, 20), "soon", "今日まで"),
        (date(2026, 11, 27), "soon", "あと7日"),
        (date(2026, 11, 28), "", "あと8日"),
    ],
)
def test_due_day_is_told_in_words(on, state, words):
    due = Due.seen_from(TODAY, on)
    assert (due.state, due.words) == (state, words)


def test_no_due_day_is_no_due():
    assert Due.seen_from(TODAY, None) is None

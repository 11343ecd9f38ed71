"""What residents read and ask in the sample, as it was loaded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import transaction
from django.utils import timezone

from ecosystems.models import Voice
from ecosystems.subjects import resolve
from foundation.access import ANONYMOUS
from foundation.models import Notice
from kpis.models import Indicator
from kpis.selectors.plain import plain_figures
from portal.sample import loader
from visions.models import Vision

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _sample(django_db_setup, django_db_blocker) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():
        loader.load()
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("code", "received", "due", "answered", "late"),
    [
        ("VO1", date(2026, 5, 12), date(2026, 5, 26), date(2026, 5, 22), 0),
        ("VO2", date(2026, 4, 22), date(2026, 5, 12), date(2026, 5, 11), 0),
        ("VO3", date(2026, 9, 10), date(2026, 9, 29), date(2026, 10, 1), 2),
    ],
)
def test_questions_bear_the_dates_of_the_story(code, received, due, answered, late):
    voice = Voice.objects.get(code=code)
    assert (voice.received_on, voice.due_on, voice.answered_on) == (received, due, answered)
    assert voice.late_days(date(2026, 11, 20)) == late
    assert voice in Voice.objects.visible_to(ANONYMOUS)
    assert resolve(voice.about_key, ANONYMOUS).label == voice.about_label


def test_their_history_runs_forward_from_the_day_they_came_in():
    for voice in Voice.objects.all():
        days = [timezone.localdate(event.at) for event in voice.events.all()]
        states = list(voice.events.values_list("to_state", flat=True))
        assert states == ["received", "assigned", "checking", "answered"]
        assert days == sorted(days)
        assert (days[0], days[-1]) == (voice.received_on, voice.answered_on)
        assert not voice.email


def test_what_is_long_past_is_told_to_nobody():
    assert not Notice.objects.filter(topic="ecosystems.voice").exists()


def test_every_goal_of_the_vision_has_plain_words():
    goals = Indicator.objects.filter(scorecard__vision__code="VI1", code__startswith="V-K")
    assert goals.count() == 10
    for goal in goals:
        assert goal.plain_name, goal.code
        assert "KPI" not in goal.plain_name + goal.plain_note


def test_residents_read_the_figures_of_the_check_table_in_everyday_words():
    vision = Vision.objects.get(code="VI1")
    found = {
        each.code: (f"{each.value}{each.unit}", each.goal, each.grade)
        for each in plain_figures(ANONYMOUS, vision.scorecard_id, date(2026, 11, 20))
    }
    assert found == {
        "V-K01": ("5,530万円", "5,000万円以上", "順調（一部未報告）"),
        "V-K02": ("4,187トン", "4,200トン以下", "順調"),
        "V-K03": ("30.4％", "32％以上", "おおむね順調"),
        "V-K04": ("11件", "11件以上", "順調"),
        "V-K05": ("1,924万円", "2,600万円以上", "課題あり"),
        "V-K06": ("1,819人", "2,400人以上", "課題あり"),
        "V-K07": ("36.0％", "37％以下", "順調"),
        "V-K08": ("8人", "10人以上", "おおむね順調"),
        "V-K10": ("2 試験連携", "3 予約便で常時運用", "課題あり"),
    }

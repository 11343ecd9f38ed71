"""とりまとめ報告 of the fictitious forum: two of the last closed round, the second published; one of the open round."""

from __future__ import annotations

from datetime import datetime

from foundation.access import Actor, system_actor
from kpis.services import ledger
from portal.sample.tables import moment
from portal.sample.timeline import Timeline
from portal.sample.world import World
from projects.models import CompiledReport, ReportingRound
from projects.reporting.models import end_of
from projects.reporting.services.compiling import JOB, compile_round

CLOSED, OPEN = "R6", "R7"
SECRETARY = "仮野 あおい（架空）"
AFTER_REVIEW, PUBLISHED = ("2026-08-19", 16, 0), ("2026-08-21", 9, 0)
BEFORE_THE_MEETING = ("2026-11-20", 9, 0)


def load_compiled(world: World, timeline: Timeline) -> None:
    """By itself when the round closed; by the secretariat after the reviews, and published; once while a round is open."""
    for round_ in ReportingRound.objects.filter(forum=world.forum, code__in=(CLOSED, OPEN)):
        if round_.code == OPEN:
            _at(timeline, moment(*BEFORE_THE_MEETING), round_, _secretary())
            continue
        _at(timeline, end_of(round_.closes_on), round_, system_actor(JOB))
        _at(timeline, moment(*AFTER_REVIEW), round_, _secretary())
        timeline.at(moment(*PUBLISHED), lambda closed=round_: _publish(closed))  # type: ignore[misc]


def _secretary() -> Actor:
    return Actor(label=SECRETARY)


def _at(timeline: Timeline, at: datetime, round_: ReportingRound, actor: Actor) -> None:
    def compile_then() -> None:
        compile_round(actor, round_, ledger.settle(at))

    timeline.at(at, compile_then)


def _publish(round_: ReportingRound) -> None:
    newest = CompiledReport.objects.filter(round=round_, as_of=moment(*AFTER_REVIEW))
    newest.update(
        state=CompiledReport.State.PUBLISHED,
        published_at=moment(*PUBLISHED),
        published_by_name=SECRETARY,
    )

"""Rounds and reports, made through the services as the product does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from ecosystems.models import Forum
from foundation.access import Actor, system_actor
from kpis.periods import Period
from projects.models import ProgressReport, Project, ReportingRound, ReportVersion
from projects.reporting.questions import ALIGNMENT_KEYS
from projects.reporting.services import rounds, writing

SYSTEM = system_actor("test")
_numbers = count(1)


def make_round(forum: Forum, *, due_in: int = 7, closes_in: int = 14, **fields: Any) -> ReportingRound:
    """A round being prepared, due and closing so many days from today."""
    today = timezone.localdate()
    fields.setdefault("name", f"試験の報告依頼{next(_numbers)}")
    fields.setdefault("kind", ReportingRound.Kind.QUARTER)
    fields.setdefault("period", Period.parse("FY2026-Q2"))
    fields.setdefault("due_on", today + timedelta(days=due_in))
    fields.setdefault("closes_on", today + timedelta(days=closes_in))
    fields.setdefault("requested_on", min(today, fields["due_on"]))
    return rounds.create_round(actor=SYSTEM, forum=forum, **fields)


def open_round(forum: Forum, **fields: Any) -> ReportingRound:
    made = make_round(forum, **fields)
    rounds.open_round(actor=SYSTEM, round_=made)
    made.refresh_from_db()
    return made


def report_of(project: Project, round_: ReportingRound | None = None) -> ProgressReport:
    """The project's report in the round (its newest without one), read afresh."""
    rows = ProgressReport.objects.select_related("round", "project").filter(project=project)
    found = (rows.filter(round=round_) if round_ else rows).order_by("-id").first()
    assert found is not None
    return found


def write(
    actor: Actor, report: ProgressReport, *, scores: Sequence[int] = (3, 3, 3, 3), **answers: str
) -> None:
    """Type what a report needs before it can be submitted."""
    answers.setdefault("progress", "予定どおり進んでいる。")
    for key, text in answers.items():
        writing.save_answer(actor=actor, report=report, key=key, text=text)
    for key, score in zip(ALIGNMENT_KEYS, scores, strict=True):
        writing.save_answer(actor=actor, report=report, key=f"alignment.{key}", text=str(score))


def submitted(actor: Actor, report: ProgressReport, **answers: str) -> ReportVersion:
    write(actor, report, **answers)
    return writing.submit(actor=actor, report=report)

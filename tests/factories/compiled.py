"""A round that was opened, and compiled reports of it, made without a worker."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from ecosystems.models import Forum
from kpis.periods import Period
from projects.models import CompiledReport, ReportingRound
from projects.reporting.selectors.compiling import content_for, gather
from projects.reporting.services.compiling import digest_of


def make_compiled_round(forum: Forum, name: str) -> ReportingRound:
    """Closed long ago, and nobody was asked."""
    return ReportingRound.objects.create(
        forum=forum,
        name=name,
        kind=ReportingRound.Kind.YEAR,
        period=Period.parse("FY2024"),
        requested_on=date(2025, 4, 1),
        due_on=date(2025, 5, 15),
        closes_on=date(2025, 5, 31),
        state=ReportingRound.State.CLOSED,
    )


def make_compiled(round_: ReportingRound, **fields: Any) -> CompiledReport:
    """Of the whole forum, as of the day the round closed."""
    at = datetime(2025, 5, 31, tzinfo=UTC)
    content = content_for(gather(round_, at, 0), None)
    return CompiledReport.objects.create(
        **{
            "round": round_,
            "version": 1,
            "as_of": at,
            "record_number": 0,
            "content": content,
            "digest": digest_of(content),
            **fields,
        }
    )

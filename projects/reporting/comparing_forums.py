"""What reporting says where forums are compared: how many reports came in on time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from django.db.models import Count
from django.utils.translation import gettext as _

from ecosystems.comparing import Section, compares, counted
from ecosystems.models import Forum
from foundation.access import Actor
from projects.reporting.models import CompiledReport, ProgressReport, ReportingRound

State = ProgressReport.State


@compares("projects.reports", place=50)
def reports(forums: Sequence[Forum], actor: Actor, today: date) -> list[Section]:
    """Of closed rounds: reports on time, late, missing and not asked for. Two queries.

    Counted are the forums whose compiled reports the actor may read: what is published of a round is how it went.
    """
    rounds = ReportingRound.objects.visible_to(actor).filter(
        forum__in=forums, state=ReportingRound.State.CLOSED
    )
    told = CompiledReport.objects.visible_to(actor).filter(round__in=rounds, vision=None)
    rows = ProgressReport.objects.filter(round__in=told.values("round_id")).order_by()
    found = rows.values_list("round__forum_id", "state", "is_late").annotate(count=Count("pk"))
    counts: dict[str, Counter[int]] = {name: Counter() for name in ("on_time", "late", "missing", "exempt")}
    for forum_id, state, is_late, count in found:
        counts[_how(state, is_late)][forum_id] += count
    return [
        Section(
            _("進捗報告"),
            [
                counted(_("期限内に提出"), counts["on_time"], forums, _("件")),
                counted(_("期限後に提出"), counts["late"], forums, _("件")),
                counted(_("未提出"), counts["missing"], forums, _("件")),
                counted(_("報告対象外"), counts["exempt"], forums, _("件")),
            ],
            _("受付を終え、とりまとめ報告が読める報告依頼の件数です。"),
        )
    ]


def _how(state: str, is_late: bool) -> str:
    if state == State.EXEMPT:
        return "exempt"
    if state in (State.NOT_STARTED, State.DRAFTING, State.IN_HOUSE):
        return "missing"
    return "late" if is_late else "on_time"

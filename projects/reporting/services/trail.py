"""Moving a report and leaving the trace: state, event and audit entry together, under the report's row lock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from foundation import audit
from foundation.access import Actor
from foundation.errors import LostEdit
from kpis.services import ledger
from kpis.services.entering import signing_post
from projects.reporting.models import ProgressReport, ReportEvent

Kind = ReportEvent.Kind
State = ProgressReport.State


def locked(report: ProgressReport, revision: int | None = None) -> ProgressReport:
    """The report as it is now, held until the transaction ends; LostEdit where `revision` is no longer current."""
    rows = ProgressReport.objects.select_for_update(of=("self",)).select_related("round", "project__forum")
    current: ProgressReport = rows.get(pk=report.pk)
    if revision is not None and revision != current.revision:
        raise LostEdit(
            "lost_edit",
            _(
                "ページを開いたあとに、ほかの人がこの報告を動かしました。今の内容を確かめて、もう一度操作してください。"
            ),
        )
    return current


def moment() -> datetime:
    """The database's clock under the ledger's shared lock, so that an `as_of` settles reports and figures alike."""
    return ledger.begin(())


def move(
    actor: Actor,
    report: ProgressReport,
    kind: str,
    to_state: str,
    at: datetime,
    *,
    note: str = "",
    side: str = "",
    is_proxy: bool = False,
    **fields: Any,
) -> ReportEvent:
    """Bring the report into a state with further fields, and write who did it, when and why."""
    before = {"state": report.state}
    from_state, report.state = report.state, to_state
    for name, value in fields.items():
        setattr(report, name, value)
    report.revision += 1
    report.save()
    event = ReportEvent.objects.create(
        report=report,
        kind=kind,
        side=side,
        at=at,
        from_state=from_state,
        to_state=to_state,
        note=note,
        user_id=actor.user_id,
        user_name=actor.label,
        organization_id=actor.organization_id,
        post_id=signing_post(actor, report.post_id),
        is_proxy=is_proxy,
    )
    audit.record(
        actor, f"projects.report_{kind}", report, before=before, after={"state": to_state}, reason=note
    )
    return event

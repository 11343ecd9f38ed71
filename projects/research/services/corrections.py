"""軌道修正: putting on record that a plan was corrected, by which decision, and what changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecosystems.models import Decision, Forum
from foundation import audit, locks
from foundation.access import Actor, require
from foundation.errors import DomainError
from kpis.models import Indicator
from projects.research.models import Correction, Project
from projects.research.services.sections import lock, touch

Kind = Correction.Kind
ENDS = {Kind.STOPPED: Project.State.STOPPED, Kind.FINISHED: Project.State.FINISHED}


def record_correction(
    *,
    actor: Actor,
    forum: Forum,
    project: Project | None,
    kind: str,
    trigger: str,
    change: str,
    decision: Decision | None,
    effective_on: date,
    indicators: Sequence[Indicator] = (),
    code: str = "",
    **more: Any,
) -> Correction:
    """Put a correction on record; it demands the decision that it rests on. `more`: procedure, course, post.

    中止 and 予定どおり終了 end the project on `effective_on`, and set its state once that day has come.
    """
    require(actor, "change", project or forum)
    _check(forum, project, decision, effective_on)
    assert decision is not None  # noqa: S101 (checked above)
    with transaction.atomic():
        locks.exclusive(f"projects.corrections:{forum.pk}")
        row = Correction.objects.create(
            forum=forum,
            project=project,
            code=code or _next_code(forum),
            kind=kind,
            trigger=trigger.strip(),
            change=change.strip(),
            decision=decision,
            decided_on=decision.decided_on,
            effective_on=effective_on,
            **{"post": project.post if project else decision.post} | more,
        )
        row.indicators.set(indicators)
        if project is not None and kind in ENDS:
            _end(project, Kind(kind), effective_on)
        audit.record(
            actor,
            "projects.record_correction",
            row,
            after={
                "kind": kind,
                "project": str(project or ""),
                "decision": decision.code,
                "effective_on": effective_on,
            },
        )
        return row


def _check(forum: Forum, project: Project | None, decision: Decision | None, effective_on: date) -> None:
    if decision is None:
        message = _("軌道修正は決定にもとづきます。もとになる決定事項を選んでください。")
        raise DomainError("decision_missing", message, field="decision")
    if decision.forum_id != forum.pk or (project is not None and project.forum_id != forum.pk):
        message = _("同じ場の決定事項を選んでください。")
        raise DomainError("decision_of_other_forum", message, field="decision")
    if project is not None and effective_on < project.starts_on:
        message = _("施行日は、プロジェクトの開始日以後の日にしてください。")
        raise DomainError("before_start", message, field="effective_on")


def _next_code(forum: Forum) -> str:
    codes = Correction.objects.filter(forum=forum).values_list("code", flat=True)
    taken = [int(code[1:]) for code in codes if code[:1] == "C" and code[1:].isdigit()]
    return f"C{max(taken, default=0) + 1}"


def _end(project: Project, kind: Correction.Kind, on: date) -> None:
    project = lock(project)
    project.ends_on = on
    if on <= timezone.localdate():
        project.state = ENDS[kind]
    project.save(update_fields=["ends_on", "state", "updated_at"])
    touch(project)

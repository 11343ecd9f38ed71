"""とりまとめ: a job that compiles a round's reports for the forum and each of its visions, and their publication.

A compilation fixes its moment first (`ledger.settle`) and keeps it on the job, so that a worker that takes over speaks
of the same. All reports of one compilation are written together.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundation import audit, clock, jobs, outbox
from foundation.access import Actor, require, system_actor
from foundation.errors import DomainError, StateError
from foundation.models import Job
from kpis.services import ledger
from projects.reporting.models import CompiledReport, ReportingRound
from projects.reporting.selectors.compiling import Content, content_for, gather
from visions.models import Vision

JOB = "projects.compile"
_OPEN = (Job.State.QUEUED, Job.State.RUNNING)


def request_compilation(*, actor: Actor, round_: ReportingRound, as_of: datetime | None = None) -> Job:
    """Ask for a new version of the round's compiled reports. While one is being made there is no second."""
    require(actor, "compile", round_)
    if round_.state == ReportingRound.State.PREPARING:
        raise StateError("not_open", _("報告の受付を始めてから、とりまとめてください。"))
    if as_of is not None and as_of > clock.database_now():
        raise DomainError("as_of_to_come", _("基準時点に、これからの日時は指定できません。"), field="as_of")
    with transaction.atomic():
        ReportingRound.objects.select_for_update().get(pk=round_.pk)
        if under_way(round_).exists():
            raise StateError("under_way", _("とりまとめの最中です。終わるまでお待ちください。"))
        return _enqueue(actor, round_, as_of)


def under_way(round_: ReportingRound) -> QuerySet[Job]:
    """Compilations of the round that are waiting or running (作成中)."""
    return Job.objects.filter(kind=JOB, state__in=_OPEN, arguments__round=str(round_.public_id)).order_by(
        "id"
    )


def last_failure(round_: ReportingRound) -> Job | None:
    """The newest compilation of the round, if it failed."""
    newest = Job.objects.filter(kind=JOB, arguments__round=str(round_.public_id)).order_by("-id").first()
    return newest if newest is not None and newest.state == Job.State.FAILED else None


def _enqueue(actor: Actor, round_: ReportingRound, as_of: datetime | None, key: str | None = None) -> Job:
    arguments = {"round": str(round_.public_id), "as_of": as_of.isoformat() if as_of else None}
    return jobs.enqueue(actor, JOB, arguments, unique_key=key)


@outbox.handles("projects.round_closed")
def compile_when_closed(payload: dict[str, Any]) -> None:
    """A round that has closed is compiled by itself, once for each time it closes."""
    round_ = ReportingRound.objects.get(pk=payload["round"])
    _enqueue(system_actor(JOB), round_, None, f"{JOB}:{round_.pk}:{round_.revision}")


# --- making ----------------------------------------------------------------------------------------------------------


@jobs.job(JOB, cast(str, gettext_lazy("報告のとりまとめ")))
def _run(progress: jobs.Progress) -> dict[str, Any]:
    rows = ReportingRound.objects.select_related("forum")
    round_ = rows.get(public_id=progress.arguments["round"])
    actor = progress.actor()
    require(actor, "compile", round_)
    progress.step(0, 1, _("報告と実績値を集めています"))
    made = compile_round(actor, round_, _settled(progress), progress)
    return {"compiled": [str(each.public_id) for each in made]}


def _settled(progress: jobs.Progress) -> ledger.Moment:
    asked = progress.arguments.get("as_of")
    moment = ledger.settle(datetime.fromisoformat(asked) if asked else None)
    if not asked:
        progress.arguments["as_of"] = moment.at.isoformat()
        Job.objects.filter(pk=progress.job.pk).update(arguments=progress.arguments)
    return moment


def compile_round(
    actor: Actor, round_: ReportingRound, moment: ledger.Moment, progress: jobs.Progress | None = None
) -> list[CompiledReport]:
    """One version for the forum and one for each vision that a report belongs to, all or none.

    What was compiled before as of the same moment is left as it is.
    """
    gathered = gather(round_, moment.at, moment.number)
    concerned = set().union(*gathered.themes_of.values())
    scopes = [None, *(vision for vision in gathered.visions if vision.pk in concerned)]
    contents = [(vision, content_for(gathered, vision)) for vision in scopes]
    with transaction.atomic():
        if progress is not None:
            progress.step(1, 1, _("できました"))
        ReportingRound.objects.select_for_update().get(pk=round_.pk)
        made = [_keep(actor, round_, vision, moment, content) for vision, content in contents]
        return [each for each in made if each is not None]


def _keep(
    actor: Actor, round_: ReportingRound, vision: Vision | None, moment: ledger.Moment, content: Content
) -> CompiledReport | None:
    earlier = CompiledReport.objects.filter(round=round_, vision=vision)
    if earlier.filter(as_of=moment.at).exists():
        return None
    compiled: CompiledReport = CompiledReport.objects.create(
        round=round_,
        vision=vision,
        version=(earlier.aggregate(last=Max("version"))["last"] or 0) + 1,
        as_of=moment.at,
        record_number=moment.number,
        content=content,
        digest=digest_of(content),
        made_by_name="" if actor.is_system else actor.label,
    )
    after = {"version": compiled.version, "as_of": moment.at, "digest": compiled.digest}
    audit.record(actor, "projects.compile_report", compiled, after=after)
    return compiled


def digest_of(content: Content) -> str:
    """sha256 of the content, the same whatever order a database keeps its members in."""
    plain = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def recompiled(compiled: CompiledReport) -> str:
    """The digest of the same report made anew as of its moment."""
    gathered = gather(compiled.round, compiled.as_of, compiled.record_number)
    return digest_of(content_for(gathered, compiled.vision))


# --- publishing ------------------------------------------------------------------------------------------------------


def publish(*, actor: Actor, compiled: CompiledReport) -> CompiledReport:
    """公開: from now on the forum's members read this version."""
    require(actor, "publish", compiled)
    with transaction.atomic():
        current: CompiledReport = CompiledReport.objects.select_for_update(of=("self",)).get(pk=compiled.pk)
        if current.state == CompiledReport.State.PUBLISHED:
            raise StateError("already_published", _("すでに公開しています。"))
        current.state = CompiledReport.State.PUBLISHED
        current.published_at, current.published_by_name = clock.database_now(), actor.label
        current.revision += 1
        current.save()
        audit.record(actor, "projects.publish_compiled", current, after={"state": current.state})
        return current

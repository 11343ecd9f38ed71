"""The export room: somebody asks for a file, a worker makes it, the same person fetches it while it is kept.

A kind of export is registered by the app that owns what it prints (`register_export`). Its `describe` is the gate: it
is asked when the export is requested, again when the worker begins and when it is done, and at every download, each
time with the rights of that moment. So what somebody may no longer see is neither made nor given out.

The bytes go to a file without a name first; only the whole file is stored and linked, in one transaction that also
proves that the job is still this worker's. A cancelled, failed or killed export leaves nothing.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any, cast

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundation import audit, clock, files, jobs, notices
from foundation.access import NOBODY, Actor, Ground, declare, load_actor, require
from foundation.errors import DomainError, StateError
from foundation.models.exports import Export
from foundation.models.jobs import Job

JOB = "foundation.export"
TOPIC = "foundation.export_ended"
KEPT_FOR = timedelta(days=30)
MAX_OPEN = 5
_WORTH_A_NOTICE = timedelta(seconds=5)
_STEP_EVERY = 0.5
_MEDIA_TYPES = {
    Export.Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Export.Format.CSV: "text/csv",
    Export.Format.PDF: "application/pdf",
}

notices.register_topic(TOPIC, cast(str, gettext_lazy("書き出し")), mailed=False)


# Kinds ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Described:
    """What an export would hold for somebody now.

    `title` is printed, e.g. 「令和8年度 第2四半期 進捗報告」. `rights` names whatever decides what the file holds
    beside the parameters (e.g. "full" or "approved"): a file made under other rights is given out no more. `url` leads back to the
    page where it is asked for.
    """

    title: str
    rights: str = ""
    url: str = ""


class Order:
    """What a producer works by. It writes the whole file to `target` and returns the number of rows."""

    def __init__(
        self, export: Export, actor: Actor, described: Described, progress: jobs.Progress, target: IO[bytes]
    ) -> None:
        self.actor, self.described, self.target = actor, described, target
        self.parameters: dict[str, Any] = export.parameters
        self.format: str = export.format
        self._export, self._progress = export, progress
        self._stepped_at = 0.0
        self._last = (0, 0, "")

    @property
    def as_of(self) -> datetime | None:
        """The moment the export speaks of; None as long as nobody said."""
        return self._export.as_of

    def fix_as_of(self, settled: Callable[[], datetime]) -> datetime:
        """The moment asked for, or what `settled()` answers; kept, so that a worker that takes over uses the same."""
        if self._export.as_of is None:
            self._export.as_of = settled()
            Export.objects.filter(pk=self._export.pk).update(as_of=self._export.as_of)
        return self._export.as_of

    def step(self, done: int, total: int, message: str = "") -> None:
        """Say how far it is, at most twice a second. Raises `JobCancelled` where the work is not wanted any more.

        Not inside a transaction: others must see it.
        """
        self._last = (done, total, message)
        now = time.monotonic()
        if now - self._stepped_at >= _STEP_EVERY:
            self._stepped_at = now
            self._progress.step(done, total, message)

    def alive(self) -> None:
        """The same, where nothing can be counted."""
        self.step(*self._last)


Describe = Callable[[Actor, dict[str, Any]], Described]
Produce = Callable[[Order], int]


@dataclass(frozen=True, slots=True)
class ExportKind:
    """A kind of export: its word, its formats, its gate and its producer."""

    name: str
    label: str
    formats: tuple[str, ...]
    describe: Describe
    produce: Produce


_kinds: dict[str, ExportKind] = {}


def register_export(
    kind: str, label: str, formats: tuple[str, ...], *, describe: Describe, produce: Produce
) -> None:
    """Each app registers its kinds when it starts.

    `describe(actor, parameters)` answers with what would be exported. It raises `Http404` or `PermissionDenied`
    where the actor may not, `DomainError` where the parameters cannot be read; they come from outside. `produce(order)` writes the file.
    """
    _kinds[kind] = ExportKind(kind, label, formats, describe, produce)


def kinds() -> list[ExportKind]:
    return [_kinds[name] for name in sorted(_kinds)]


def kind_label(name: str) -> str:
    """The word; a kind that no longer exists has none."""
    return str(_kinds[name].label) if name in _kinds else ""


def _kind(name: str) -> ExportKind:
    if name not in _kinds:
        raise DomainError("unknown_kind", _("この種類の書き出しはありません。"), field="kind")
    return _kinds[name]


# Asking ---------------------------------------------------------------------------------------------------------


def request_export(
    *, actor: Actor, kind: str, format: str, parameters: dict[str, Any], as_of: datetime | None = None
) -> Export:
    """Ask for a file. Raises what the kind's `describe` raises, and `DomainError` for a format that it does not have."""
    found = _kind(kind)
    if actor.user_id is None:
        raise PermissionDenied
    if format not in found.formats:
        raise DomainError("unknown_format", _("この形式では書き出せません。"), field="format")
    if as_of is not None and as_of > clock.database_now():
        raise DomainError("as_of_to_come", _("基準時点に、これからの日時は指定できません。"), field="as_of")
    described = found.describe(actor, parameters)
    with transaction.atomic():
        if Export.objects.visible_to(actor).filter(job__state__in=_OPEN).count() >= MAX_OPEN:
            message = _(
                "書き出しが%(count)s件、終わらずに残っています。終わるのを待つか、取り消してください。"
            )
            raise StateError("too_many_exports", message % {"count": MAX_OPEN})
        job = jobs.enqueue(actor, JOB, {"kind": kind, "format": format, "parameters": parameters})
        export: Export = Export.objects.create(
            kind=kind,
            label=f"{described.title}（{Export.Format(format).label}）"[:200],
            format=format,
            parameters=parameters,
            requested_by_id=actor.user_id,
            on_behalf_of_id=actor.organization_id,
            on_behalf_of=actor.organization_name[:200],
            as_of=as_of,
            job=job,
        )
        audit.record(actor, "foundation.request_export", export, after=_noted(export))
    return export


_OPEN = (Job.State.QUEUED, Job.State.RUNNING)


def _noted(export: Export) -> dict[str, Any]:
    return {
        "kind": export.kind,
        "format": export.format,
        "parameters": export.parameters,
        "as_of": export.as_of,
    }


def request_again(*, actor: Actor, export: Export) -> Export:
    """The same once more, as things stand now."""
    require(actor, "repeat", export)
    return request_export(actor=actor, kind=export.kind, format=export.format, parameters=export.parameters)


def cancel_export(*, actor: Actor, export: Export) -> None:
    """Stop an export that waits or runs."""
    require(actor, "cancel", export)
    if not export.job.is_open:
        raise StateError("already_ended", _("この書き出しは、すでに終わっています。"))
    jobs.cancel(actor, export.job)


# Making ---------------------------------------------------------------------------------------------------------


@jobs.job(JOB, cast(str, gettext_lazy("書き出し")))
def _run(progress: jobs.Progress) -> dict[str, Any]:
    export: Export = Export.objects.get(job=progress.job)
    try:
        if export.file_id is None:
            _make(export, progress)
    except (Http404, PermissionDenied) as error:
        _tell_failed(export)
        raise DomainError("right_lost", _right_lost()) from error
    except DomainError:
        _tell_failed(export)
        raise
    return {"export": str(export.public_id), "rows": export.row_count}


def _right_lost() -> str:
    return _("依頼した後に、書き出す権限がなくなりました。ファイルは作っていません。")


def _make(export: Export, progress: jobs.Progress) -> None:
    kind = _kind(export.kind)
    actor = _requester(export)
    described = kind.describe(actor, export.parameters)
    progress.step(0, 0, _("準備しています"))
    with tempfile.TemporaryFile() as target:
        order = Order(export, actor, described, progress, target)
        export.row_count = kind.produce(order)
        if kind.describe(_requester(export), export.parameters).rights != described.rights:
            raise PermissionDenied
        target.seek(0)
        _keep(export, actor, described, progress, target)


def _requester(export: Export) -> Actor:
    """The requester with the rights of this moment, for the organisation they asked for; otherwise refused."""
    actor = load_actor(export.requested_by_id, export.on_behalf_of_id)
    if actor.user_id is None or actor.organization_id != export.on_behalf_of_id:
        raise PermissionDenied
    return actor


def _keep(
    export: Export, actor: Actor, described: Described, progress: jobs.Progress, content: IO[bytes]
) -> None:
    """Store and link the whole file while the job is still ours."""
    name = f"{described.title}.{export.format}"
    with transaction.atomic():
        progress.step(progress.job.total, progress.job.total, _("できました"))
        export.file = files.store_produced(actor, name, _MEDIA_TYPES[Export.Format(export.format)], content)
        export.rights = described.rights
        export.expires_at = clock.database_now() + KEPT_FOR
        export.save(update_fields=["file", "rights", "row_count", "expires_at", "updated_at"])
        after = {**_noted(export), "rows": export.row_count, "sha256": export.file.sha256}
        audit.record(actor, "foundation.produce_export", export, after=after)
        if timezone.now() - export.created_at >= _WORTH_A_NOTICE:
            title = _("書き出しが終わりました：%(label)s") % {"label": export.label}
            _tell(export, title, _("一覧から受け取れます。保存期間は30日です。"))


def _tell_failed(export: Export) -> None:
    _tell(export, _("書き出せませんでした：%(label)s") % {"label": export.label}, "")


def _tell(export: Export, title: str, body: str) -> None:
    people = get_user_model()._default_manager.filter(pk=export.requested_by_id, is_active=True)
    url = reverse("exports:detail", args=[export.public_id])
    notices.notify(people, TOPIC, title, body, url, key=f"{TOPIC}:{export.pk}")


# Giving out -----------------------------------------------------------------------------------------------------


def is_still_theirs(export: Export) -> bool:
    """Whether the requester still holds the rights under which the file was made, and it is kept."""
    if export.expires_at is None or export.expires_at <= timezone.now() or export.kind not in _kinds:
        return False
    try:
        described = _kinds[export.kind].describe(_requester(export), export.parameters)
    except (Http404, PermissionDenied, DomainError):
        return False
    return described.rights == export.rights


def page_of(export: Export) -> str:
    """The page where such an export is asked for; empty where the requester sees it no more."""
    try:
        return _kind(export.kind).describe(_requester(export), export.parameters).url
    except (Http404, PermissionDenied, DomainError):
        return ""


def expire(now: datetime | None = None) -> int:
    """Let go of files whose time is over; returns how many. The history keeps the line."""
    over = Export.objects.filter(file__isnull=False, expires_at__lte=now or timezone.now())
    return int(over.update(file=None))


def _own(actor: Actor) -> Q:
    return NOBODY if actor.user_id is None else Q(requested_by_id=actor.user_id)


_REQUESTER = [Ground("依頼した人", _own)]
declare("foundation.view_export", Export, "書き出しの履歴を見る、ファイルを受け取る", _REQUESTER)
declare("foundation.cancel_export", Export, "書き出しを取り消す", _REQUESTER)
declare("foundation.repeat_export", Export, "同じ条件でもう一度書き出す", _REQUESTER)
files.register_file_owner(
    "foundation.export", lambda actor: Export.objects.visible_to(actor), "file", still=is_still_theirs
)

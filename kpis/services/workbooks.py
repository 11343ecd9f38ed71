"""Bringing a workbook back: read in the background, shown as a preview, applied to the draft whole or not at all.

The file is read again when it is applied, under the draft's lock: what was typed meanwhile is never overwritten
unseen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundation import audit, jobs
from foundation.access import Actor, require
from foundation.errors import DomainError, StateError
from foundation.files import Upload, open_file, register_file_owner, store_upload
from foundation.jobs import Progress
from foundation.sheets import SheetError, read_workbook
from kpis.models import Scorecard, WorkbookImport
from kpis.services import entering
from kpis.workbooks.read import Line, compare, tables_of

State = WorkbookImport.State
READ, APPLY = "kpis.read_workbook", "kpis.apply_workbook"
MAX_SHOWN = 300
KINDS = ("xlsx", "csv")
register_file_owner("kpis.workbook", lambda actor: WorkbookImport.objects.visible_to(actor), "file")


def start_import(*, actor: Actor, scorecard: Scorecard, upload: Upload) -> WorkbookImport:
    """Keep the file and read it in the background. DomainError (field "file") where it is no workbook at all."""
    require(actor, "kpis.enter_scorecard", scorecard)
    organization_id = entering.reporting_organization(actor)
    if not (upload.name or "").lower().endswith(tuple(f".{kind}" for kind in KINDS)):
        raise DomainError("kind", _("Excelブック（.xlsx）か CSV を選んでください。"), field="file")
    with transaction.atomic():
        made = WorkbookImport.objects.create(
            scorecard=scorecard,
            organization_id=organization_id,
            uploaded_by_id=entering.reporting_user(actor),
            file=store_upload(actor, upload),
        )
        _enqueue(actor, made, READ)
        audit.record(actor, "kpis.upload_workbook", made, after={"file": made.file.original_name})
        return made


def apply_import(*, actor: Actor, made: WorkbookImport, overwrite: bool = False) -> None:
    """Take everything into the open draft, in the background; asked twice it happens once."""
    require(actor, "change", made)
    with transaction.atomic():
        current = _locked(made)
        if current.state not in (State.READY, State.REFUSED):
            raise StateError("not_ready", _("この取込みは、もう済んでいるか、まだ読み取っています。"))
        current.state, current.overwrite = State.APPLYING, overwrite
        current.save()
        _enqueue(actor, current, APPLY)


def discard_import(*, actor: Actor, made: WorkbookImport) -> None:
    """取りやめ: nothing of the workbook is taken over."""
    require(actor, "change", made)
    with transaction.atomic():
        current = _locked(made)
        if current.state == State.APPLIED:
            raise StateError("applied", _("すでに取り込みました。下書きの画面で直してください。"))
        current.state = State.DISCARDED
        current.save()
        audit.record(actor, "kpis.discard_workbook", current)


def _locked(made: WorkbookImport) -> WorkbookImport:
    return WorkbookImport.objects.select_for_update(of=("self",)).select_related("scorecard").get(pk=made.pk)


def _enqueue(actor: Actor, made: WorkbookImport, kind: str) -> None:
    made.job = jobs.enqueue(actor, kind, {"import": made.pk}, unique_key=f"{kind}:{made.pk}:{made.revision}")
    made.revision += 1
    made.save(update_fields=["job", "revision"])


# --- in the worker ---------------------------------------------------------------------------------------------------


@jobs.job(READ, str(gettext_lazy("ブックの読取り")))
def read_in_background(progress: Progress) -> dict[str, Any]:
    """Fill in the preview. Repeated it gives the same; a file that cannot be read says so on the page."""
    made = WorkbookImport.objects.select_related("scorecard", "file").get(pk=progress.arguments["import"])
    if made.state != State.READING:
        return dict(made.counts)
    actor = progress.actor()
    require(actor, "kpis.enter_scorecard", made.scorecard)
    progress.step(0, 2, _("ブックを読んでいます"))
    try:
        lines = lines_of(actor, made)
    except (DomainError, SheetError) as error:
        _show(made, [], message=str(error))
        return dict(made.counts)
    progress.step(1, 2, _("今の値と比べています"))
    _show(made, lines)
    return dict(made.counts)


def lines_of(actor: Actor, made: WorkbookImport) -> list[Line]:
    with open_file(made.file) as source:
        tables = tables_of(read_workbook(source, made.file.original_name))
    return compare(actor, made.scorecard, tables, overwrite=made.overwrite)


def _show(made: WorkbookImport, lines: Sequence[Line], message: str = "") -> None:
    counts = Counter(line.kind for line in lines)
    shown = sorted((line for line in lines if line.kind != "same" or line.message), key=_rank)
    made.counts = {**dict(counts), "conflict": sum(line.is_conflict for line in lines)}
    made.lines = [
        {
            "kind": line.kind,
            "where": line.where,
            "code": line.code,
            "name": line.name,
            "period": line.period,
            "before": line.before,
            "after": line.after,
            "message": line.message,
        }
        for line in shown[:MAX_SHOWN]
    ]
    made.message = message
    made.state = State.REFUSED if message or counts["error"] else State.READY
    made.save()


def _rank(line: Line) -> tuple[int, str, int]:
    return (("error", "changed", "new", "same").index(line.kind), line.sheet, line.row)


@jobs.job(APPLY, str(gettext_lazy("ブックの取込み")))
def apply_in_background(progress: Progress) -> dict[str, Any]:
    """Take everything over in one transaction; where anything is wrong by now, nothing, and the preview says what."""
    actor = progress.actor()
    with transaction.atomic():
        made = _locked(WorkbookImport.objects.get(pk=progress.arguments["import"]))
        if made.state != State.APPLYING:
            return dict(made.counts)
        draft = entering.open_draft(actor=actor, scorecard=made.scorecard)
        lines = lines_of(actor, made)
        if any(line.kind == "error" for line in lines):
            _show(made, lines)
            return dict(made.counts)
        entries = [line.entry for line in lines if line.entry is not None]
        if entries:
            entering.save_entries(actor=actor, draft=draft, entries=entries)
        _show(made, lines)
        made.state = State.APPLIED
        made.save(update_fields=["state"])
        audit.record(actor, "kpis.apply_workbook", made, after={"count": len(entries)})
        return dict(made.counts)

"""入力依頼: the keeper asks another section for a few cells by a link that needs no account.

The link carries a seal made from the request's id and the portal's secret; whoever holds it may answer this request
and nothing else. The answer is a submission of the asking organisation, signed with the sender's name and section,
and is reviewed like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from foundation import audit, outbox
from foundation.access import Actor, require, system_actor
from foundation.errors import DomainError, MultipleErrors, StateError
from foundation.text import clean_line, clean_pasted
from kpis.bundles import open_bundle
from kpis.models import (
    DraftEntry,
    Indicator,
    IndicatorSheet,
    InputRequest,
    RequestedCell,
    Scorecard,
    Submission,
)
from kpis.periods import Period
from kpis.rules import Nature
from kpis.services import ledger
from kpis.services.entering import check_length, reporting_organization, reporting_user, signing_post
from kpis.services.planning import FIGURES, check_period, figures_of, plan, rolled_up

State = InputRequest.State
MAX_CELLS = 40
OPEN_AFTER_DUE = timedelta(days=60)
Cell = tuple[Indicator, Period]


def seal_of(public_id: UUID) -> str:
    """The part of the link that nobody can guess."""
    return str(salted_hmac("kpis.input_request", public_id.hex, algorithm="sha256").hexdigest())[:40]


def link_to(request: InputRequest) -> str:
    """The whole address for the mail."""
    path = reverse("kpis:answer", args=[request.public_id, seal_of(request.public_id)])
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


def sealed(public_id: UUID, seal: str) -> InputRequest:
    """The request behind a link; Http404 where the seal is not the right one, as for a request that never was."""
    if not constant_time_compare(seal, seal_of(public_id)):
        raise Http404
    rows = InputRequest.objects.select_related("scorecard__forum", "organization", "post", "asked_by__person")
    found: InputRequest | None = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def ask(
    *,
    actor: Actor,
    scorecard: Scorecard,
    cells: Sequence[Cell],
    section: str,
    email: str,
    due_on: date,
    message: str = "",
    nature: str = Nature.FINAL,
) -> InputRequest:
    """Ask a section for cells that the actor may enter; the mail goes out after the commit."""
    require(actor, "kpis.enter_scorecard", scorecard)
    organization_id = reporting_organization(actor)
    _check_cells(actor, scorecard, cells)
    if due_on < timezone.localdate():
        raise DomainError("past_day", _("回答期限は、今日以後の日にしてください。"), field="due_on")
    with transaction.atomic():
        asked = InputRequest.objects.create(
            scorecard=scorecard,
            organization_id=organization_id,
            asked_by_id=reporting_user(actor),
            post_id=signing_post(actor, scorecard.post_id),
            section=clean_line(section),
            email=clean_line(email),
            message=clean_pasted(message).strip(),
            due_on=due_on,
        )
        RequestedCell.objects.bulk_create(
            RequestedCell(request=asked, indicator=indicator, period=period, nature=nature)
            for indicator, period in cells
        )
        audit.record(
            actor,
            "kpis.ask_input",
            asked,
            after={"section": asked.section, "cells": len(cells), "due_on": due_on},
        )
        outbox.emit("kpis.input_asked", {"request": asked.pk}, key=f"kpis.input_asked:{asked.pk}")
        return asked


def _check_cells(actor: Actor, scorecard: Scorecard, cells: Sequence[Cell]) -> None:
    if not cells:
        raise DomainError("nothing_chosen", _("依頼する欄を一つ以上選んでください。"), field="cells")
    if len(cells) > MAX_CELLS:
        raise DomainError(
            "too_many", _("一度に依頼できるのは%(limit)s欄までです。") % {"limit": MAX_CELLS}, field="cells"
        )
    ids = {indicator.pk for indicator, _period in cells}
    allowed = Indicator.objects.filter(pk__in=ids, scorecard=scorecard).allowed(actor, "enter")
    if not actor.is_system and allowed.count() < len(ids):
        raise PermissionDenied(_("入力の担当でないKPIがあります。"))
    sheets = {
        sheet.indicator_id: sheet
        for sheet in IndicatorSheet.objects.filter(indicator_id__in=ids, superseded_at=None)
    }
    for indicator, period in cells:
        if indicator.is_rolled_up:
            raise rolled_up()
        check_period(period, sheets[indicator.pk])


def withdraw(*, actor: Actor, asked: InputRequest) -> None:
    """取下げ: the link answers no more."""
    require(actor, "change", asked)
    with transaction.atomic():
        current = InputRequest.objects.select_for_update().get(pk=asked.pk)
        if current.state != State.ASKED:
            raise StateError("not_open", _("回答済み又は取下げ済みの依頼です。"))
        current.state = State.WITHDRAWN
        current.save()
        audit.record(actor, "kpis.withdraw_input_request", current, after={"state": current.state})


def check_open(asked: InputRequest) -> None:
    """StateError with what to do where the link answers no more."""
    if asked.state == State.WITHDRAWN:
        raise StateError("withdrawn", _("この依頼は取り下げられました。回答は要りません。"))
    if asked.state == State.ANSWERED:
        raise StateError(
            "answered", _("この依頼には、すでに回答をいただいています。直すときは、依頼元へご連絡ください。")
        )
    if timezone.localdate() > asked.due_on + OPEN_AFTER_DUE:
        raise StateError(
            "expired", _("回答期限から日がたったため、受付を終えました。依頼元へご連絡ください。")
        )


def answer(
    *, asked: InputRequest, typed: Mapping[int, Mapping[str, str]], name: str, section: str, note: str = ""
) -> Submission:
    """The section's answer, all or nothing: {id of the requested cell: {value, numerator, denominator, missing, note}}.

    Raises MultipleErrors; each error's `field` is `<id of the cell>.<name of the field>`.
    """
    name, section = clean_line(name)[:100], clean_line(section)[:200]
    with transaction.atomic():
        current = (
            InputRequest.objects.select_for_update(of=("self",)).select_related("scorecard").get(pk=asked.pk)
        )
        check_open(current)
        cells = list(current.cells.select_related("indicator").order_by("id"))
        _check_sender(name, section)
        entries = {cell.pk: _entry(cell, typed.get(cell.pk, {})) for cell in cells}
        at = ledger.begin(cell.indicator_id for cell in cells)
        figures = _figures(entries)
        submission = _submission(current, note)
        signer = ledger.Signer(name=f"{name}（{section}）"[:200], organization_id=current.organization_id)
        ledger.record(figures, signer, submission, at)
        Submission.objects.filter(pk=submission.pk).update(submitted_at=at)
        current.state, current.submission, current.answered_at = State.ANSWERED, submission, at
        current.sender_name, current.sender_section = name, section
        current.save()
        audit.record(
            system_actor("入力依頼"),
            "kpis.answer_input_request",
            current,
            after={"name": name, "section": section, "count": len(figures)},
        )
        outbox.emit("kpis.submitted", {"submission": submission.pk}, key=f"kpis.submitted:{submission.pk}")
        outbox.emit("kpis.input_answered", {"request": current.pk}, key=f"kpis.input_answered:{current.pk}")
        return submission


def _check_sender(name: str, section: str) -> None:
    missing = [
        DomainError("required", message, field=field)
        for field, text, message in (
            ("name", name, _("お名前を入れてください。")),
            ("section", section, _("部署名を入れてください。")),
        )
        if not text
    ]
    if missing:
        raise MultipleErrors("sender", _("お名前と部署名を入れてください。"), missing)


def _entry(cell: RequestedCell, texts: Mapping[str, str]) -> DraftEntry:
    given = {name: clean_pasted(texts.get(name, "")).strip() for name in (*FIGURES, "missing", "note")}
    for name, text in given.items():
        check_length(name, text)
    return DraftEntry(indicator=cell.indicator, period=cell.period, nature=cell.nature, **given)


def _figures(entries: Mapping[int, DraftEntry]) -> list[ledger.Entry]:
    planned = plan(list(entries.values()))
    errors = [
        DomainError(error.code, error.message, field=f"{key}.{error.field or 'value'}", details=error.details)
        for key, each in zip(entries, planned, strict=True)
        for error in each.errors
    ]
    if errors:
        raise MultipleErrors("entries", _("直すところがあります。印の付いた欄を確かめてください。"), errors)
    figures = figures_of(planned)
    if not figures:
        raise DomainError(
            "nothing_new", _("すでに報告された値と同じです。変わるところがあれば、直して送ってください。")
        )
    return figures


def _submission(asked: InputRequest, note: str) -> Submission:
    bundle = open_bundle(asked.scorecard)
    return Submission.objects.create(
        scorecard=asked.scorecard,
        organization_id=asked.organization_id,
        post_id=asked.post_id,
        state=Submission.State.SUBMITTED,
        note=clean_pasted(note)[:2000],
        bundle=bundle.key if bundle else "",
        bundle_label=bundle.label if bundle else "",
        bundle_url=bundle.url if bundle else "",
    )


def texts_given(data: Mapping[str, Any], cells: Sequence[RequestedCell]) -> dict[int, dict[str, str]]:
    """What was posted, by the ids of the cells that were asked for; anything else is left alone."""
    names = (*FIGURES, "missing", "note")
    return {cell.pk: {name: str(data.get(f"{cell.pk}.{name}", "")) for name in names} for cell in cells}

"""Entering figures: drafts that lose nothing, and the step into the ledger.

A draft belongs to an organisation and a scorecard; colleagues type into the same one. Every cell is kept as typed,
right or wrong. What somebody else typed since the page was shown is not overwritten silently (`Typed.seen`), and a
draft is submitted only as it was confirmed (`revision`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from foundation import audit, outbox
from foundation.access import Actor, require
from foundation.errors import DomainError, LostEdit, MultipleErrors, StateError
from foundation.text import clean_pasted
from kpis.bundles import open_bundle
from kpis.models import DraftEntry, Indicator, IndicatorSheet, Measurement, Scorecard, Submission
from kpis.periods import Period
from kpis.rules import Nature
from kpis.services import ledger
from kpis.services.planning import (
    ENTERABLE_MISSING,
    FIGURES,
    Planned,
    check_period,
    figures_of,
    plan,
    rolled_up,
)

OPEN = (Submission.State.DRAFT, Submission.State.IN_HOUSE)
DETAILS = ("nature", "missing", "note")
MAX_TYPED = 64
MAX_NOTE = 2000


@dataclass(frozen=True)
class Typed:
    """One cell as somebody typed it; a field that is None was not on the page and stays as it is.

    `seen` is the mark of what the page showed (`mark_of`); empty: whatever is stored is replaced.
    """

    indicator: Indicator
    period: Period
    value: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    nature: str | None = None
    missing: str | None = None
    note: str | None = None
    seen: str = ""

    @property
    def given(self) -> dict[str, str]:
        names = (*FIGURES, *DETAILS)
        return {name: clean_pasted(text) for name in names if (text := getattr(self, name)) is not None}


def mark_of(texts: Iterable[str]) -> str:
    """A short mark of some texts, by which a page says what it showed."""
    return hashlib.sha256("\x1f".join(text.strip() for text in texts).encode()).hexdigest()[:16]


def mark_of_entry(entry: DraftEntry) -> str:
    return mark_of((entry.value, entry.numerator, entry.denominator))


def open_draft(*, actor: Actor, scorecard: Scorecard) -> Submission:
    """The organisation's one open draft on a scorecard, made if there is none."""
    require(actor, "kpis.enter_scorecard", scorecard)
    organization_id = reporting_organization(actor)
    with transaction.atomic():
        draft, _created = Submission.objects.get_or_create(
            scorecard=scorecard,
            organization_id=organization_id,
            state__in=OPEN,
            defaults={
                "state": Submission.State.DRAFT,
                "created_by_id": actor.user_id,
                "post_id": signing_post(actor, scorecard.post_id),
            },
        )
    return draft


def reporting_organization(actor: Actor) -> int:
    """The organisation in whose name the actor reports; PermissionDenied where they act for none."""
    if actor.organization_id is None:
        raise PermissionDenied(_("提出する機関の担当として操作してください。"))
    return actor.organization_id


def reporting_user(actor: Actor) -> int:
    """The account that acts; PermissionDenied for the system, which asks and uploads nothing."""
    if actor.user_id is None:
        raise PermissionDenied(_("サインインして操作してください。"))
    return actor.user_id


def signing_post(actor: Actor, preferred: int | None) -> int | None:
    """The post for which the actor signs: the preferred one if they hold it, otherwise their first."""
    if preferred in actor.post_ids:
        return preferred
    return min(actor.post_ids, default=None)


# --- keeping what is typed -------------------------------------------------------------------------------------------


def save_entry(*, actor: Actor, draft: Submission, typed: Typed) -> DraftEntry | None:
    """Keep a cell as typed, right or wrong; an emptied cell leaves the draft (None is returned).

    Refuses only what is no cell of this draft at all, and to overwrite what a colleague typed meanwhile (LostEdit).
    """
    require(actor, "change", draft)
    require(actor, "kpis.enter_indicator", typed.indicator)
    _check_cell(draft, typed)
    where = {"submission": draft, "indicator": typed.indicator, "period": typed.period}
    with transaction.atomic():
        _locked(draft)
        entry = DraftEntry.objects.filter(**where).select_related("updated_by__person").first()
        _check_seen(actor, entry, typed)
        entry = _fill(entry or DraftEntry(**where), typed)
        _touch(draft)
        if _is_empty(entry):
            DraftEntry.objects.filter(**where).delete()
            return None
        entry.updated_by_id = actor.user_id
        entry.save()
    return entry


def _check_cell(draft: Submission, typed: Typed) -> None:
    if typed.indicator.scorecard_id != draft.scorecard_id:
        raise DomainError("indicator", _("このKPIは、この一覧にありません。"), field="indicator")
    if typed.indicator.is_rolled_up:
        raise rolled_up()
    check_period(typed.period, IndicatorSheet.objects.get(indicator=typed.indicator, superseded_at=None))
    for name, text in typed.given.items():
        check_length(name, text)
    if typed.nature and typed.nature not in set(Nature):
        raise DomainError("nature", _("数値の性質を選び直してください。"), field="nature")
    if typed.missing and typed.missing not in ENTERABLE_MISSING:
        raise DomainError("missing", _("欠測か対象外を選んでください。"), field="missing")


def check_length(name: str, text: str) -> None:
    """DomainError where a text is longer than its field."""
    limit = MAX_NOTE if name == "note" else MAX_TYPED
    if len(text) > limit:
        raise DomainError("too_long", _("%(limit)s字以内で入力してください。") % {"limit": limit}, field=name)


def _check_seen(actor: Actor, entry: DraftEntry | None, typed: Typed) -> None:
    """Refuse to overwrite what somebody else typed after the page was shown, unless both typed the same."""
    if entry is None or not typed.seen or entry.updated_by_id == actor.user_id:
        return
    if mark_of_entry(entry) == typed.seen:
        return
    theirs = {name: getattr(entry, name) for name in FIGURES}
    if all(theirs[name].strip() == typed.given.get(name, theirs[name]).strip() for name in FIGURES):
        return
    raise LostEdit(
        "lost_edit",
        _("%(who)sさんが先に「%(theirs)s」と入力しています。")
        % {
            "who": typist(entry),
            "theirs": " ／ ".join(text for text in theirs.values() if text) or _("値なし"),
        },
        field="value",
        details={"theirs": theirs, "who": typist(entry), "mark": mark_of_entry(entry)},
    )


def typist(entry: DraftEntry) -> str:
    """Who typed last, by name. Costs a query unless `updated_by__person` was selected."""
    user = entry.updated_by
    return str(getattr(user, "person", user)) if user else _("ほかの人")


def _fill(entry: DraftEntry, typed: Typed) -> DraftEntry:
    for name, text in typed.given.items():
        setattr(entry, name, text.strip() if name != "note" else text)
    entry.nature = entry.nature or Nature.FINAL
    return entry


def _is_empty(entry: DraftEntry) -> bool:
    return not any(getattr(entry, name).strip() for name in (*FIGURES, "missing", "note"))


def _touch(draft: Submission) -> None:
    """The draft is no longer what an open confirmation shows."""
    Submission.objects.filter(pk=draft.pk).update(revision=F("revision") + 1)


def save_entries(*, actor: Actor, draft: Submission, entries: Sequence[DraftEntry]) -> None:
    """Keep many cells at once, all or nothing, in a fixed number of statements. Each was checked as a figure before."""
    require(actor, "change", draft)
    with transaction.atomic():
        _locked(draft)
        _require_all(actor, {entry.indicator_id for entry in entries})
        for entry in entries:
            entry.submission, entry.updated_by_id, entry.updated_at = draft, actor.user_id, timezone.now()
        DraftEntry.objects.bulk_create(
            entries,
            update_conflicts=True,
            unique_fields=["submission", "indicator", "period"],
            update_fields=[*FIGURES, *DETAILS, "updated_by", "updated_at"],
            batch_size=500,
        )
        _touch(draft)


def remove_entry(*, actor: Actor, draft: Submission, indicator: Indicator, period: Period) -> None:
    """Take one cell out of the draft, also one that no grid shows any more."""
    require(actor, "change", draft)
    with transaction.atomic():
        _locked(draft)
        DraftEntry.objects.filter(submission=draft, indicator=indicator, period=period).delete()
        _touch(draft)


def redraft(*, actor: Actor, measurement: Measurement) -> DraftEntry:
    """Put a reported figure into the open draft to be mended; an approved one becomes a 訂正値."""
    require(actor, "view", measurement)
    indicator = measurement.indicator
    draft = open_draft(actor=actor, scorecard=indicator.scorecard)
    existing = DraftEntry.objects.filter(
        submission=draft, indicator=indicator, period=measurement.period
    ).first()
    if existing is not None:
        return existing  # somebody is already at it: what they typed stays
    is_approved = measurement.events.filter(kind="approved").exists()
    figures = {name: _as_text(getattr(measurement, name)) for name in FIGURES}
    nature = Nature.CORRECTED if is_approved and measurement.nature == Nature.FINAL else measurement.nature
    typed = Typed(
        indicator,
        measurement.period,
        **figures,
        nature=nature,
        missing=measurement.missing,
        note="" if is_approved else measurement.note,
    )
    entry = save_entry(actor=actor, draft=draft, typed=typed)
    if entry is None:
        raise DomainError("nothing_to_mend", _("直す値がありません。"))
    return entry


def _as_text(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


# --- the draft itself ------------------------------------------------------------------------------------------------


def keep_in_house(
    *,
    actor: Actor,
    draft: Submission,
    approved_on: date | None = None,
    document_number: str = "",
    note: str = "",
) -> None:
    """所属内確認中: note the organisation's own decision (決裁日・文書番号); figures stay open until submitted."""
    require(actor, "change", draft)
    with transaction.atomic():
        current = _locked(draft)
        before = {"state": current.state, "approved_in_house_on": current.approved_in_house_on}
        after = {
            "state": Submission.State.IN_HOUSE,
            "approved_in_house_on": approved_on,
            "document_number": document_number.strip(),
            "note": note,
        }
        Submission.objects.filter(pk=draft.pk).update(**after)
        audit.record(actor, "kpis.keep_in_house", current, before=before, after=after)


def back_to_draft(*, actor: Actor, draft: Submission) -> None:
    """From 所属内確認中 to 下書き again."""
    require(actor, "change", draft)
    with transaction.atomic():
        current = _locked(draft)
        Submission.objects.filter(pk=draft.pk).update(state=Submission.State.DRAFT)
        audit.record(
            actor, "kpis.back_to_draft", current, before={"state": current.state}, after={"state": "draft"}
        )


def discard(*, actor: Actor, draft: Submission) -> None:
    """取りやめ: the draft is closed; what was typed stays with it."""
    require(actor, "change", draft)
    with transaction.atomic():
        current = _locked(draft)
        Submission.objects.filter(pk=draft.pk).update(state=Submission.State.DISCARDED)
        audit.record(
            actor,
            "kpis.discard_draft",
            current,
            before={"state": current.state},
            after={"state": "discarded"},
        )


def _locked(draft: Submission, revision: int | None = None) -> Submission:
    """The draft as it is now, held until the end; tells when somebody else changed it since the page was opened."""
    current = Submission.objects.select_for_update().get(pk=draft.pk)
    if current.state not in OPEN:
        raise StateError("not_a_draft", _("すでに提出されています。訂正は、新しい下書きに入力してください。"))
    if revision is not None and revision != current.revision:
        raise LostEdit(
            "lost_edit",
            _(
                "確認のページを開いたあとに、下書きの値が変わりました。下の内容を確かめて、もう一度提出してください。"
            ),
        )
    return current


# --- submitting ------------------------------------------------------------------------------------------------------


def submit(
    *, actor: Actor, draft: Submission, revision: int | None = None, note: str = ""
) -> list[Measurement]:
    """Turn the draft's entries into measurements, all or nothing; repeated by mistake it changes nothing.

    Sheets and standing figures are read under the ledger's lock, so that what is recorded is what was checked.
    """
    require(actor, "change", draft)
    with transaction.atomic():
        draft = _locked(draft, revision)
        entries = entries_of(draft)
        _require_all(actor, {entry.indicator_id for entry in entries})
        at = ledger.begin(entry.indicator_id for entry in entries)
        figures = _submittable(plan(entries))
        rows = ledger.record(figures, signer_of(actor, draft.post_id), draft, at)
        Submission.objects.filter(pk=draft.pk).update(
            state=Submission.State.SUBMITTED,
            submitted_by_id=actor.user_id,
            submitted_at=at,
            note=note or draft.note,
            revision=draft.revision + 1,
            **_bundle_of(draft),
        )
        audit.record(actor, "kpis.submit", draft, after={"count": len(rows)})
        outbox.emit("kpis.submitted", {"submission": draft.pk}, key=f"kpis.submitted:{draft.pk}")
        return rows


def _bundle_of(draft: Submission) -> dict[str, str]:
    """What gathers the draft's figures for review, as the submission's own fields."""
    bundle = open_bundle(draft.scorecard)
    if bundle is None:
        return {}
    return {"bundle": bundle.key, "bundle_label": bundle.label, "bundle_url": bundle.url}


def entries_of(draft: Submission) -> list[DraftEntry]:
    """The cells of a draft in the order of the card, then of time."""
    rows = draft.entries.select_related("indicator", "updated_by__person")
    return list(rows.order_by("indicator__position", "indicator_id", "period"))


def _require_all(actor: Actor, indicator_ids: set[int]) -> None:
    allowed = Indicator.objects.filter(pk__in=indicator_ids).allowed(actor, "enter")
    if not actor.is_system and allowed.count() < len(indicator_ids):
        raise PermissionDenied(_("入力の担当でないKPIがあります。"))


def _submittable(planned: list[Planned]) -> list[ledger.Entry]:
    """The figures to record, unchanged ones left out; all refusals at once."""
    errors = [error for each in planned for error in each.errors]
    if errors:
        raise MultipleErrors("entries", _("直すところがあります。印の付いた欄を確かめてください。"), errors)
    figures = figures_of(planned)
    if not figures:
        raise DomainError(
            "nothing_to_submit", _("提出する値がありません。値を入力してから提出してください。")
        )
    return figures


def signer_of(actor: Actor, post_id: int | None = None) -> ledger.Signer:
    """How the actor is written beside a row or an event."""
    return ledger.Signer(
        user_id=actor.user_id,
        name=actor.label,
        organization_id=actor.organization_id,
        post_id=signing_post(actor, post_id),
    )

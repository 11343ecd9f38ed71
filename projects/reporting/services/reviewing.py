"""Reviewing a report: the municipality and the university, each on its own; accepted by both, its figures are official.

Reviews are decided under the report's row lock, so that two reviewers at once leave one order of events.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from actors.models import Assignment
from foundation import audit, outbox
from foundation.access import Actor, require
from foundation.errors import DomainError, StateError
from foundation.text import clean_pasted
from kpis.models import Measurement
from kpis.services import bundling
from kpis.services.ledger import Signer
from projects.reporting.models import (
    AlignmentAnswer,
    ProgressReport,
    ReportReview,
    ReportVersion,
    ReviewNote,
    Side,
)
from projects.reporting.questions import ALIGNMENT_KEYS
from projects.reporting.services.trail import Kind, State, locked, moment, move

MAX_NOTE = 2000
Score = tuple[int, str]


def begin_review(*, actor: Actor, review: ReportReview) -> None:
    """確認中: the named reviewer has opened it. Harmless when repeated or when others were quicker."""
    require(actor, "projects.decide_reportreview", review)
    with transaction.atomic():
        report = locked(review.report)
        current = ReportReview.objects.get(pk=review.pk)
        if report.state not in ProgressReport.UNDER_REVIEW or current.state != ReportReview.State.WAITING:
            return
        current.state = ReportReview.State.REVIEWING
        current.save(update_fields=["state", "updated_at"])
        move(actor, report, Kind.REVIEW_STARTED, State.REVIEWING, moment(), side=current.side)


def accept(
    *,
    actor: Actor,
    review: ReportReview,
    version: int,
    note: str = "",
    condition: str = "",
    condition_due_on: date | None = None,
    alignment: Mapping[str, Score] | None = None,
    proxy_note: str = "",
) -> ProgressReport:
    """確認済み, or 条件付きで確認 where a condition is given. `version` is the one that the reviewer read.

    The second of the two acceptances approves the report and its figures.
    """
    require(actor, "projects.decide_reportreview", review)
    with transaction.atomic():
        report, current, read = _undecided(review, version)
        at = moment()
        _answer_alignment(actor, report, current.side, alignment or {}, at)
        state = ReportReview.State.CONDITIONAL if condition.strip() else ReportReview.State.ACCEPTED
        _decide(
            actor,
            current,
            read,
            state,
            at,
            note=clean_pasted(note),
            proxy_note=proxy_note.strip(),
            condition=clean_pasted(condition).strip(),
            condition_due_on=condition_due_on if condition.strip() else None,
            condition_met_on=None,
            condition_met_note="",
        )
        kind = Kind.CONDITIONAL if condition.strip() else Kind.ACCEPTED
        move(
            actor,
            report,
            kind,
            State.REVIEWING,
            at,
            side=current.side,
            note=condition or note,
            is_proxy=current.is_proxy,
        )
        if all(each.is_done for each in report.reviews.all() if each.is_needed):
            _approve(actor, report, at)
        outbox.emit(
            "projects.report_reviewed",
            {"report": report.pk, "review": current.pk, "kind": str(kind), "version": read.number},
        )
        return report


def return_(
    *,
    actor: Actor,
    review: ReportReview,
    version: int,
    notes: Mapping[str, str],
    resubmit_due_on: date | None = None,
    alignment: Mapping[str, Score] | None = None,
    proxy_note: str = "",
) -> ProgressReport:
    """差戻し with notes on single places ({key: words}); of the figures only those with notes are returned."""
    require(actor, "projects.decide_reportreview", review)
    words = {key: clean_pasted(text).strip() for key, text in notes.items() if text.strip()}
    if not words:
        raise DomainError(
            "note_missing", _("直すところと理由を、一か所以上に書いてください。"), field="report"
        )
    with transaction.atomic():
        report, current, read = _undecided(review, version)
        at = moment()
        _check_day(report, resubmit_due_on, at)
        _answer_alignment(actor, report, current.side, alignment or {}, at)
        _write_notes(actor, report, read, current.side, words, at)
        _decide(
            actor,
            current,
            read,
            ReportReview.State.RETURNED,
            at,
            note=words.get("report", ""),
            proxy_note=proxy_note.strip(),
        )
        _return_figures(actor, report, words)
        move(
            actor,
            report,
            Kind.RETURNED,
            State.RETURNED,
            at,
            side=current.side,
            note="\n".join(words.values()),
            is_proxy=current.is_proxy,
            resubmit_due_on=resubmit_due_on,
        )
        outbox.emit(
            "projects.report_reviewed",
            {"report": report.pk, "review": current.pk, "kind": str(Kind.RETURNED), "version": read.number},
        )
        return report


def meet_condition(*, actor: Actor, review: ReportReview, note: str) -> None:
    """条件充足: the reviewer says that what was asked for came, and how."""
    require(actor, "projects.decide_reportreview", review)
    if not note.strip():
        raise DomainError("note_missing", _("条件をどのように満たしたかを書いてください。"), field="note")
    with transaction.atomic():
        report = locked(review.report)
        current = ReportReview.objects.get(pk=review.pk)
        if not current.has_open_condition:
            raise StateError("no_condition", _("満たすべき条件はありません。"))
        at = moment()
        current.condition_met_on = timezone.localdate(at)
        current.condition_met_note = note.strip()[:300]
        current.save()
        move(actor, report, Kind.CONDITION_MET, report.state, at, side=current.side, note=note)


def answer_alignment(*, actor: Actor, report: ProgressReport, scores: Mapping[str, Score]) -> None:
    """A partner answers the four questions for itself, once the report was submitted."""
    require(actor, "answer_alignment", report)
    with transaction.atomic():
        current = locked(report)
        if current.first_submitted_at is None:
            raise StateError("not_submitted", _("報告が提出されてから答えてください。"))
        _answer_alignment(actor, current, Side.COMPANY, scores, moment())
        audit.record(
            actor,
            "projects.answer_alignment",
            current,
            after={key: score for key, (score, _note) in scores.items()},
        )


# --- what both decisions share ---------------------------------------------------------------------------------------


def _undecided(review: ReportReview, version: int) -> tuple[ProgressReport, ReportReview, ReportVersion]:
    """Report, review and the version read, under lock; StateError where somebody was quicker."""
    report = locked(review.report)
    current = ReportReview.objects.select_related("reviewer_post").get(pk=review.pk)
    read = report.versions.order_by("-number").first()
    if read is None or report.state not in ProgressReport.UNDER_REVIEW:
        words = {
            State.RETURNED: _("ほかの確認者が先に差し戻しました。再提出を待って確認してください。"),
            State.APPROVED: _("すでに承認されています。"),
        }
        message = words.get(State(report.state), _("まだ提出されていません。"))
        raise StateError("not_under_review", message)
    if current.is_done:
        raise StateError(
            "already_reviewed", _("ほかの人が先に確認を済ませました。今の状態を確かめてください。")
        )
    if read.number != version:
        raise StateError(
            "newer_version",
            _("ページを開いたあとに、新しい版が提出されました。新しい版を読んで確認してください。"),
        )
    return report, current, read


def _decide(
    actor: Actor, review: ReportReview, read: ReportVersion, state: str, at: datetime, **fields: Any
) -> None:
    review.state, review.version, review.decided_at = state, read, at
    review.user_id, review.user_name = actor.user_id, actor.label
    review.is_proxy = holds_as_deputy(actor, review)
    review.is_same_organization = actor.organization_id == read.organization_id
    for name, value in fields.items():
        setattr(review, name, value)
    review.save()


def holds_as_deputy(actor: Actor, review: ReportReview) -> bool:
    """代決: whoever acts holds the reviewing post as deputy only."""
    roles = {fact.c for fact in actor.of_kind("post") if fact.a == review.reviewer_post_id}
    return bool(roles) and Assignment.Role.MAIN not in roles


def _answer_alignment(
    actor: Actor, report: ProgressReport, side: str, scores: Mapping[str, Score], at: datetime
) -> None:
    for question, (score, note) in scores.items():
        if question not in ALIGNMENT_KEYS or score not in (1, 2, 3, 4):
            raise DomainError("score", _("1から4までの中から選んでください。"), field=f"alignment.{question}")
        if len(note) > MAX_NOTE:
            raise _too_long(f"alignment.{question}")
    AlignmentAnswer.objects.bulk_create(
        AlignmentAnswer(
            report=report,
            side=side,
            organization_id=actor.organization_id,
            question=question,
            score=score,
            note=clean_pasted(note).strip(),
            user_id=actor.user_id,
            user_name=actor.label,
            at=at,
        )
        for question, (score, note) in scores.items()
    )


def _write_notes(
    actor: Actor,
    report: ProgressReport,
    read: ReportVersion,
    side: str,
    words: Mapping[str, str],
    at: datetime,
) -> None:
    places = places_of(read)
    for key, text in words.items():
        if key not in places:
            raise DomainError("unknown_place", _("この箇所は、この報告にありません。"), field=key)
        if len(text) > MAX_NOTE:
            raise _too_long(key)
    ReviewNote.objects.bulk_create(
        ReviewNote(
            report=report,
            version=read,
            side=side,
            key=key,
            text=text,
            user_id=actor.user_id,
            user_name=actor.label,
            organization_id=actor.organization_id,
            at=at,
        )
        for key, text in words.items()
    )


def places_of(version: ReportVersion) -> set[str]:
    """Every place of a version that a note can be put on."""
    template = version.report.round.template
    asked = [each["key"] for each in template.questions] if template else []
    return {
        "report",
        "evidence",
        *(f"answer.{key}" for key in asked),
        *(f"alignment.{key}" for key in ALIGNMENT_KEYS),
        *(f"figure.{figure['measurement']}" for figure in version.content["figures"]),
    }


def _too_long(field: str) -> DomainError:
    return DomainError(
        "too_long", _("%(limit)s字以内で入力してください。") % {"limit": MAX_NOTE}, field=field
    )


def _check_day(report: ProgressReport, day: date | None, at: datetime) -> None:
    """A day to submit again by: not in the past, and needed once nothing else is taken in any more."""
    if day is None and report.round.is_past_closing(at):
        raise DomainError(
            "day_missing",
            _("受付終了日を過ぎています。いつまでに再提出するかを入れてください。"),
            field="resubmit_due_on",
        )
    if day is not None and day < timezone.localdate(at):
        raise DomainError(
            "past_day", _("再提出期限は、今日以後の日にしてください。"), field="resubmit_due_on"
        )


def _return_figures(actor: Actor, report: ProgressReport, words: Mapping[str, str]) -> None:
    named = {key.removeprefix("figure."): text for key, text in words.items() if key.startswith("figure.")}
    rows = Measurement.objects.filter(public_id__in=named)
    notes = {row.pk: named[str(row.public_id)] for row in rows}
    if notes:
        bundling.return_(actor=actor, key=report.bundle_key, notes=notes, signer=_signer(actor))


def _signer(actor: Actor) -> Signer:
    return Signer(
        user_id=actor.user_id,
        name=actor.label,
        organization_id=actor.organization_id,
        post_id=min(actor.post_ids, default=None),
    )


def _approve(actor: Actor, report: ProgressReport, at: datetime) -> None:
    """Both sides accepted: the report is approved, and its figures with it."""
    bundling.approve(actor=actor, key=report.bundle_key, signers=_signers_of(report))
    move(actor, report, Kind.APPROVED, State.APPROVED, at, approved_at=at)
    outbox.emit("projects.report_approved", {"report": report.pk})


def _signers_of(report: ProgressReport) -> list[Signer]:
    """Those who accepted, the one from elsewhere first: an approval from outside stands better."""
    done = [each for each in report.reviews.select_related("reviewer_post", "user") if each.is_done]
    done.sort(key=lambda each: (each.is_same_organization, each.side))
    return [
        Signer(
            user_id=each.user_id,
            name=each.user_name,
            organization_id=each.reviewer_post.organization_id if each.reviewer_post else None,
            post_id=each.reviewer_post_id,
        )
        for each in done
    ]

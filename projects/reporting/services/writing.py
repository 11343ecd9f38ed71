"""Writing a report: answers kept as typed, evidence, and the step by which a version is submitted, whole.

The figures of a report are typed in the KPI core's own drafts; whoever takes part sees them in the report. Submitting
submits the lead's draft into the report (`kpis.bundles`) and freezes everything as a version.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from foundation import audit, outbox
from foundation.access import Actor, require
from foundation.attachments import attachment_fields
from foundation.errors import DomainError, LostEdit, MultipleErrors, StateError
from foundation.files import Upload, register_file_owner
from foundation.text import clean_pasted
from kpis.models import Submission
from kpis.services import entering
from projects.reporting.content import ALIGNMENT, NOTE, alignment_of, gather, mark_of_content, typed_answers
from projects.reporting.models import (
    AlignmentAnswer,
    ProgressReport,
    ReportAnswer,
    ReportEvidence,
    ReportReview,
    ReportVersion,
    Side,
    end_of,
)
from projects.reporting.questions import ALIGNMENT_KEYS
from projects.reporting.services.trail import Kind, State, locked, moment, move
from visions.models import VisionVersion

MAX_NOTE = 1000
SCORES = ("1", "2", "3", "4")
register_file_owner(
    "projects.report_evidence", lambda actor: ReportEvidence.objects.visible_to(actor), "file"
)


def check_writable(report: ProgressReport, at: datetime) -> None:
    """StateError with what to do where nothing can be written any more."""
    if report.state == State.EXEMPT:
        raise StateError("exempt", _("この報告は報告対象外です。書く必要はありません。"))
    if not report.is_open:
        raise StateError(
            "submitted",
            _("提出済みのため書き換えられません。直すときは、取り戻すか、差戻しを受けてください。"),
        )
    check_accepted(report, at)


def check_accepted(report: ProgressReport, at: datetime) -> None:
    """Until the end of 受付終了日 in Tokyo; a report that was returned or reopened also until its own date."""
    last = report.round
    own_day = report.resubmit_due_on if report.state == State.RETURNED else None
    if own_day is not None and at < end_of(own_day):
        return
    if last.state != last.State.OPEN or last.is_past_closing(at):
        raise StateError(
            "closed",
            _(
                "受付は%(day)sで終わりました。入力した内容は残っています。提出が必要なときは、事務局に再開を依頼してください。"
            )
            % {"day": f"{last.closes_on.month}月{last.closes_on.day}日"},
        )


# --- typing ----------------------------------------------------------------------------------------------------------


def save_answer(
    *, actor: Actor, report: ProgressReport, key: str, text: str, seen: str | None = None
) -> ReportAnswer:
    """Keep one answer as typed. `seen` is the mark of what the page showed (`mark_of_text`).

    LostEdit where somebody else changed it since.
    """
    require(actor, "draft", report)
    text = clean_pasted(text).strip()
    with transaction.atomic():
        current = locked(report)
        check_writable(current, moment())
        _check_answer(current, key, text)
        answer, created = ReportAnswer.objects.get_or_create(
            report=current, key=key, defaults={"text": text, "updated_by_id": actor.user_id}
        )
        if not created and (answer.text != text or answer.is_prefilled):
            _check_seen(actor, answer, text, seen)
            answer.text, answer.is_prefilled, answer.updated_by_id = text, False, actor.user_id
            answer.save()
        if current.state == State.NOT_STARTED:
            move(actor, current, Kind.STARTED, State.DRAFTING, moment(), author_id=actor.user_id)
        return answer


def mark_of_text(text: str) -> str:
    """A short mark of a text, by which a page says what it showed."""
    return entering.mark_of([text])


def keys_of(report: ProgressReport) -> dict[str, int]:
    """{key: longest text} of everything that the report's form asks."""
    template = report.round.template
    keys = {each["key"]: int(each["limit"]) for each in (template.questions if template else [])}
    for question in ALIGNMENT_KEYS:
        keys[f"{ALIGNMENT}{question}"] = 1
        keys[f"{ALIGNMENT}{question}{NOTE}"] = MAX_NOTE
    return keys


def _check_answer(report: ProgressReport, key: str, text: str) -> None:
    keys = keys_of(report)
    if key not in keys:
        raise DomainError("unknown_question", _("この問いは、この報告にありません。"), field=key)
    is_score = key.startswith(ALIGNMENT) and not key.endswith(NOTE)
    if is_score and text and text not in SCORES:
        raise DomainError("score", _("1から4までの中から選んでください。"), field=key)
    if len(text) > keys[key]:
        raise DomainError(
            "too_long",
            _("%(limit)s字以内で入力してください（今は%(count)s字）。")
            % {"limit": keys[key], "count": len(text)},
            field=key,
        )


def _check_seen(actor: Actor, answer: ReportAnswer, text: str, seen: str | None) -> None:
    if seen is None or answer.updated_by_id == actor.user_id or answer.text == text:
        return
    if mark_of_text(answer.text) == seen:
        return
    who = getattr(answer.updated_by, "person", answer.updated_by) or _("ほかの人")
    raise LostEdit(
        "lost_edit",
        _("%(who)sさんが先に書き換えています。両方を見比べて、残すほうを選んでください。") % {"who": who},
        field=answer.key,
        details={"theirs": answer.text, "yours": text, "who": str(who)},
    )


def add_evidence(
    *,
    actor: Actor,
    report: ProgressReport,
    title: str = "",
    url: str = "",
    page: str = "",
    upload: Upload | None = None,
) -> ReportEvidence:
    """Attach a file or a link while the report is open."""
    require(actor, "draft", report)
    with transaction.atomic():
        current = locked(report)
        check_writable(current, moment())
        fields = attachment_fields(actor, title=title, url=url, page=page, upload=upload)
        evidence = ReportEvidence.objects.create(report=current, **fields)
        audit.record(
            actor, "projects.add_report_evidence", current, after={"title": evidence.title, "url": url}
        )
        return evidence


def remove_evidence(*, actor: Actor, evidence: ReportEvidence) -> None:
    """Only while the report is open; what a submitted version lists stays readable through it."""
    require(actor, "draft", evidence.report)
    with transaction.atomic():
        current = locked(evidence.report)
        check_writable(current, moment())
        if evidence.was_submitted:
            raise StateError("submitted", _("提出した版に付いている資料は外せません。"))
        audit.record(actor, "projects.remove_report_evidence", current, before={"title": evidence.title})
        evidence.delete()


def keep_in_house(
    *, actor: Actor, report: ProgressReport, approved_on: date | None = None, document_number: str = ""
) -> None:
    """所属内確認中, with the organisation's own 決裁日 and 文書番号; the report stays open."""
    require(actor, "submit", report)
    with transaction.atomic():
        current = locked(report)
        at = moment()
        check_writable(current, at)
        kept = State.RETURNED if current.state == State.RETURNED else State.IN_HOUSE
        move(
            actor,
            current,
            Kind.IN_HOUSE,
            kept,
            at,
            approved_in_house_on=approved_on,
            document_number=document_number.strip(),
        )


# --- submitting ------------------------------------------------------------------------------------------------------


def submit(
    *,
    actor: Actor,
    report: ProgressReport,
    revision: int | None = None,
    late_reason: str = "",
    note: str = "",
    shown: str = "",
) -> ReportVersion:
    """Freeze what is typed as the next version and hand it to the reviewers, all or nothing.

    After 提出期限 a reason is asked for; after 受付終了日 nothing is taken. Repeated by mistake it is refused in words.
    `shown` is the mark of what was confirmed (`mark_of_shown`); LostEdit where it is no longer what would be submitted.
    """
    require(actor, "submit", report)
    with transaction.atomic():
        current = locked(report, revision)
        _check_shown(actor, current, shown)
        _submit_figures(actor, current)
        at = moment()
        check_writable(current, at)
        is_late = current.is_late or (current.first_submitted_at is None and current.round.is_past_due(at))
        _check_complete(current, is_late, late_reason or current.late_reason)
        version = _freeze(actor, current, at, is_late, note)
        ReportReview.objects.filter(report=current).update(
            state=ReportReview.State.WAITING, version=None, decided_at=None, is_proxy=False
        )
        move(
            actor,
            current,
            Kind.SUBMITTED,
            State.SUBMITTED,
            at,
            note=note,
            submitted_by_id=actor.user_id,
            submitted_at=at,
            first_submitted_at=current.first_submitted_at or at,
            is_late=is_late,
            late_reason=(late_reason.strip() or current.late_reason) if is_late else "",
            resubmit_due_on=None,
        )
        outbox.emit("projects.report_submitted", {"report": current.pk, "version": version.number})
        return version


def mark_of_shown(actor: Actor, report: ProgressReport) -> str:
    """The mark of everything that would be submitted now, figures in the lead's draft included."""
    draft = draft_of(actor, report)
    return mark_of_content(gather(report), *((draft.pk, draft.revision) if draft else ()))


def _check_shown(actor: Actor, report: ProgressReport, shown: str) -> None:
    if shown and report.is_open and shown != mark_of_shown(actor, report):
        raise LostEdit(
            "lost_edit",
            _(
                "確認のページを開いたあとに、報告の内容が変わりました。下の内容を確かめて、もう一度提出してください。"
            ),
        )


def draft_of(actor: Actor, report: ProgressReport) -> Submission | None:
    """The open draft of figures that the actor's organisation has on the project's card."""
    if report.project.scorecard_id is None or actor.organization_id is None:
        return None
    return Submission.objects.filter(
        scorecard_id=report.project.scorecard_id,
        organization_id=actor.organization_id,
        state__in=entering.OPEN,
    ).first()


def _submit_figures(actor: Actor, report: ProgressReport) -> None:
    """Submit the lead's own draft of the project's card into the report, if there is anything in it."""
    draft = draft_of(actor, report)
    if draft is None or not draft.entries.exists():
        return
    try:
        with transaction.atomic():
            entering.submit(actor=actor, draft=draft)
    except DomainError as error:
        if error.code != "nothing_to_submit":
            raise


def _check_complete(report: ProgressReport, is_late: bool, late_reason: str) -> None:
    typed = typed_answers(report)
    template = report.round.template
    asked = template.questions if template else []
    errors = [
        DomainError(
            "required",
            _("「%(question)s」を書いてください。") % {"question": each["label"]},
            field=each["key"],
        )
        for each in asked
        if each["is_required"] and not typed.get(each["key"], "").strip()
    ]
    answered = alignment_of(typed)
    errors += [
        DomainError("required", _("1から4までの中から選んでください。"), field=f"{ALIGNMENT}{key}")
        for key in ALIGNMENT_KEYS
        if key not in answered
    ]
    if is_late and not late_reason.strip():
        errors.append(
            DomainError(
                "late_reason",
                _("提出期限を過ぎています。期限後になった理由を書いてください。"),
                field="late_reason",
            )
        )
    if errors:
        raise MultipleErrors(
            "incomplete", _("まだ提出できません。印の付いたところを確かめてください。"), errors
        )


def _freeze(actor: Actor, report: ProgressReport, at: datetime, is_late: bool, note: str) -> ReportVersion:
    content = gather(report)
    version = ReportVersion.objects.create(
        report=report,
        number=report.versions.count() + 1,
        submitted_at=at,
        submitted_by_id=actor.user_id,
        submitted_by_name=actor.label,
        organization_id=actor.organization_id,
        post_id=entering.signing_post(actor, report.post_id),
        is_late=is_late,
        plan_version=plan_in_force(report),
        note=note,
        content=content,
    )
    report.evidence.update(was_submitted=True)
    AlignmentAnswer.objects.bulk_create(
        AlignmentAnswer(
            report=report,
            side=Side.PROJECT,
            organization_id=actor.organization_id,
            question=question,
            score=answer["score"],
            note=answer["note"],
            user_id=actor.user_id,
            user_name=actor.label,
            at=at,
        )
        for question, answer in content["alignment"].items()
    )
    return version


def plan_in_force(report: ProgressReport) -> VisionVersion | None:
    """The current version of the vision of the project's first theme."""
    versions = VisionVersion.objects.filter(is_current=True, vision__themes__projects=report.project_id)
    return versions.select_related("vision").order_by("vision__themes__position", "id").first()


def take_back(*, actor: Actor, report: ProgressReport, revision: int | None = None, note: str) -> None:
    """取戻し: before either side has decided, the lead may take the report back to mend it."""
    require(actor, "submit", report)
    with transaction.atomic():
        current = locked(report, revision)
        if current.state not in ProgressReport.UNDER_REVIEW:
            raise StateError("not_submitted", _("確認中の報告だけ、取り戻せます。"))
        if current.reviews.filter(state__in=ReportReview.DONE).exists():
            raise StateError(
                "already_reviewed",
                _("すでに確認が済んだ側があるため、取り戻せません。差戻しを依頼してください。"),
            )
        at = moment()
        check_accepted(current, at)
        current.reviews.update(state=ReportReview.State.WAITING)
        move(actor, current, Kind.TAKEN_BACK, State.DRAFTING, at, note=note)

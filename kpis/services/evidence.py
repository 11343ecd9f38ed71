"""根拠資料: what stands behind figures, as a file or a link, for a whole submission or one indicator."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from foundation import audit
from foundation.access import Actor, require
from foundation.attachments import attachment_fields
from foundation.errors import DomainError, StateError
from foundation.files import Upload, register_file_owner
from kpis.models import Evidence, Indicator, Submission
from kpis.services.entering import OPEN

register_file_owner("kpis.evidence", lambda actor: Evidence.objects.visible_to(actor), "file")


def add_evidence(
    *,
    actor: Actor,
    submission: Submission,
    title: str = "",
    url: str = "",
    page: str = "",
    upload: Upload | None = None,
    indicator: Indicator | None = None,
) -> Evidence:
    """Attach a file or a link; a file without a title takes its own name. Also after submitting, e.g. when asked for."""
    require(actor, "change", submission)
    if submission.state == Submission.State.DISCARDED:
        raise StateError("discarded", _("取りやめた下書きには、資料を付けられません。"))
    if indicator is not None and indicator.scorecard_id != submission.scorecard_id:
        raise DomainError("indicator", _("このKPIは、この一覧にありません。"), field="indicator")
    with transaction.atomic():
        fields = attachment_fields(actor, title=title, url=url, page=page, upload=upload)
        evidence = Evidence.objects.create(submission=submission, indicator=indicator, **fields)
        audit.record(actor, "kpis.add_evidence", submission, after={"title": evidence.title, "url": url})
    return evidence


def remove_evidence(*, actor: Actor, evidence: Evidence) -> None:
    """Only while the draft is open: what was submitted keeps its evidence."""
    require(actor, "change", evidence.submission)
    with transaction.atomic():
        submission = Submission.objects.select_for_update().get(pk=evidence.submission_id)
        if submission.state not in OPEN:
            raise StateError("submitted", _("提出した資料は外せません。"))
        audit.record(
            actor, "kpis.remove_evidence", submission, before={"title": evidence.title, "url": evidence.url}
        )
        evidence.delete()

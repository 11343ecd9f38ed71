"""One submission: the last look before it is submitted, and everything that happens to it afterwards."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView, View

from foundation.dates import fiscal_year
from foundation.errors import DomainError, LostEdit, MultipleErrors
from foundation.idempotency import OnceFormMixin, submitted_once
from foundation.pages import SectionMixin, StaffPage, add_error
from kpis.figure_text import measurement_text, rate_text
from kpis.forms import EvidenceForm, InHouseForm, ReasonForm, SubmitForm
from kpis.models import Indicator, IndicatorSheet, Measurement, Scorecard, Submission
from kpis.periods import Period
from kpis.selectors.entry_cell import early_hint
from kpis.selectors.recorded import Kind
from kpis.selectors.review import evidence_of, submitted_rows
from kpis.services import entering, evidence, reviewing
from kpis.services.entering import OPEN
from kpis.services.planning import FIGURES, Planned, plan
from kpis.views.entry import OfScorecard, crumbs, entry_url


class OfSubmission(SectionMixin, StaffPage):
    """Pages of a submission. A draft is seen by its own organisation alone."""

    section = "indicators"
    kwargs: dict[str, Any]

    def scoped(self) -> QuerySet[Submission]:
        own = Q(organization_id=self.actor.organization_id)
        rows = Submission.objects.visible_to(self.actor).filter(own | Q(state=Submission.State.SUBMITTED))
        related = ("scorecard__forum", "organization", "submitted_by__person", "created_by__person", "post")
        found: QuerySet[Submission] = rows.select_related(*related).with_can(self.actor, "change")
        return found

    @cached_property
    def submission(self) -> Submission:
        return get_object_or_404(self.scoped(), public_id=self.kwargs["public_id"])

    def require_change(self) -> Submission:
        if not self.submission.can_change:  # type: ignore[attr-defined]
            raise PermissionDenied(_("この提出を変更できるのは、提出した機関の担当です。"))
        return self.submission

    def back(self, fragment: str = "") -> HttpResponseBase:
        return redirect(reverse("kpis:submission", args=[self.submission.public_id]) + fragment)


class SubmissionView(OfSubmission, TemplateView):
    """提出: before, the confirmation with what is new, changed or unchanged; after, each figure with its events."""

    def get_template_names(self) -> list[str]:
        return ["kpis/submission_confirm.html" if self.submission.state in OPEN else "kpis/submission.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        submission = self.submission
        context = super().get_context_data(
            submission=submission,
            scorecard=submission.scorecard,
            crumbs=crumbs(submission.scorecard, _("実績値の提出")),
            evidence=evidence_of(submission),
            is_open=submission.state in OPEN,
            **kwargs,
        )
        more = self._draft() if submission.state in OPEN else self._submitted()
        return {**more, **context}

    def _draft(self) -> dict[str, Any]:
        cells = plan(entering.entries_of(self.submission))
        return {
            "lines": [ConfirmLine(each, self.submission.scorecard) for each in cells],
            "counts": {
                kind: sum(each.kind == kind for each in cells) for kind in ("new", "changed", "same", "error")
            },
            "form": SubmitForm(initial={"note": self.submission.note, "revision": self.submission.revision}),
            "in_house_form": InHouseForm(
                initial={
                    "approved_on": self.submission.approved_in_house_on,
                    "document_number": self.submission.document_number,
                }
            ),
            "evidence_form": EvidenceForm(indicators={each.entry.indicator for each in cells}),
            "entry_url": entry_url(self.submission.scorecard, _newest_year(cells)),
        }

    def _submitted(self) -> dict[str, Any]:
        rows = submitted_rows(self.actor, self.submission, "withdraw", "kpis.view_measurement")
        own = bool(self.submission.can_change)  # type: ignore[attr-defined]
        return {
            "rows": rows,
            "is_own": own,
            "counts": {kind: sum(each.recorded.state == kind for each in rows) for kind in Kind.values},
            "evidence_form": EvidenceForm(indicators={each.row.indicator for each in rows}) if own else None,
        }


KINDS = {
    "new": gettext_lazy("新規"),
    "changed": gettext_lazy("変更"),
    "same": gettext_lazy("変更なし"),
    "error": gettext_lazy("直すところがあります"),
}


class ConfirmLine:
    """One cell of the confirmation: what stands, what was typed, and where to mend it."""

    def __init__(self, planned: Planned, scorecard: Scorecard) -> None:
        self.planned, self.entry, self.kind = planned, planned.entry, planned.kind
        self.label = KINDS[planned.kind]
        self.is_before_approved = planned.official is not None
        self.url = cell_url(scorecard, self.entry.indicator, self.entry.period)

    @property
    def before(self) -> str:
        standing = self.planned.standing
        return measurement_text(standing, self.planned.sheet) if standing else ""

    @property
    def text(self) -> str:
        """The figure as it will stand; what is no figure yet, as it was typed."""
        if self.planned.figure is not None:
            return measurement_text(self.planned.figure, self.planned.sheet)
        return "／".join(text for name in FIGURES if (text := getattr(self.entry, name)))

    @property
    def hint(self) -> str:
        return early_hint(self.entry, timezone.localdate())

    @property
    def rate(self) -> str:
        return rate_text(self.planned.figure, self.planned.sheet) if self.planned.figure else ""


def cell_url(scorecard: Scorecard, indicator: Indicator, period: Period) -> str:
    """Where a cell is typed."""
    return entry_url(scorecard, period.fiscal_year, f"c-{indicator.public_id.hex}-{period.code}")


def _newest_year(cells: list[Planned]) -> int:
    return max((each.entry.period.fiscal_year for each in cells), default=fiscal_year(timezone.localdate()))


# --- steps of a draft ------------------------------------------------------------------------------------------------


class SubmissionSubmitView(SubmissionView):
    """提出する. A repeated click goes where the first one went; what is refused stays as it was typed."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        self.require_change()
        form = SubmitForm(self.request.POST)
        if not form.is_valid():
            return self._again(form, 422)
        try:
            rows = entering.submit(
                actor=self.actor,
                draft=self.submission,
                revision=form.cleaned_data["revision"],
                note=form.cleaned_data["note"],
            )
        except MultipleErrors as error:
            form.add_error(None, error.message)
            return self._again(form, 422)
        except DomainError as error:
            add_error(form, error)
            return self._again(form, 409 if isinstance(error, LostEdit) else max(error.status, 409))
        messages.success(
            self.request, _("%(count)s件を提出しました。確認者に知らせます。") % {"count": len(rows)}
        )
        return self.back()

    def _again(self, form: SubmitForm, status: int) -> HttpResponse:
        """The confirmation as it is now, with the message kept and the revision of what is shown."""
        del self.submission
        context = self.get_context_data()
        if self.submission.state in OPEN:
            data = self.request.POST.copy()
            data["revision"] = str(self.submission.revision)
            form.data = data
        else:
            messages.error(self.request, " ".join(str(text) for text in form.non_field_errors()))
        return self.render_to_response({**context, "form": form}, status=status)


class SubmissionInHouseView(OfSubmission, View):
    """所属内確認中 with 決裁日・文書番号, and back to 下書き."""

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        draft = self.require_change()
        if request.POST.get("step") == "draft":
            entering.back_to_draft(actor=self.actor, draft=draft)
            messages.success(request, _("下書きに戻しました。"))
            return self.back()
        form = InHouseForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("決裁日は、日付で入力してください。"))
            return self.back("#in-house")
        entering.keep_in_house(actor=self.actor, draft=draft, note=draft.note, **form.cleaned_data)
        messages.success(
            request, _("所属内確認中にしました。決裁が済んだら、このページから提出してください。")
        )
        return self.back()


class SubmissionDiscardView(OfSubmission, View):
    """取りやめる: the draft is closed, nothing reaches the ledger."""

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        entering.discard(actor=self.actor, draft=self.require_change())
        messages.success(request, _("下書きを取りやめました。"))
        return redirect("kpis:entry", self.submission.scorecard.public_id)


class EntryRemoveView(OfSubmission, View):
    """Take one cell out of the draft."""

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        draft = self.require_change()
        hex_id, _dot, code = request.POST.get("cell", "").partition(".")
        entries = entering.entries_of(draft)
        for entry in entries:
            if entry.indicator.public_id.hex == hex_id and entry.period.code == code:
                entering.remove_entry(
                    actor=self.actor, draft=draft, indicator=entry.indicator, period=entry.period
                )
        return self.back()


# --- evidence --------------------------------------------------------------------------------------------------------


class EvidenceMixin:
    """Attach a file or a link to a submission and say what came of it."""

    request: HttpRequest
    actor: Any

    def attach(self, submission: Submission) -> bool:
        form = EvidenceForm(
            self.request.POST, self.request.FILES, indicators=submission.scorecard.indicators.all()
        )
        if not form.is_valid():
            self._refuse(" ".join(str(text) for texts in form.errors.values() for text in texts))
            return False
        data = form.cleaned_data
        try:
            evidence.add_evidence(
                actor=self.actor,
                submission=submission,
                title=data["title"],
                url=data["url"],
                page=data["page"],
                upload=data["file"],
                indicator=data["indicator"],
            )
        except DomainError as error:
            self._refuse(error.message)
            return False
        messages.success(self.request, _("根拠資料を付けました。"))
        return True

    def _refuse(self, text: str) -> None:
        messages.error(self.request, _("根拠資料を付けられませんでした。%(why)s") % {"why": text})


class SubmissionEvidenceView(EvidenceMixin, OfSubmission, View):
    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        self.attach(self.require_change())
        return self.back("#evidence")


class EntryEvidenceView(EvidenceMixin, OfScorecard, View):
    """From the grid: the evidence opens the draft where there is none yet."""

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        self.attach(entering.open_draft(actor=self.actor, scorecard=self.scorecard))
        return redirect(reverse("kpis:entry", args=[self.scorecard.public_id]) + "#evidence")


class EvidenceRemoveView(OfSubmission, View):
    def post(self, request: HttpRequest, public_id: UUID, evidence_id: UUID) -> HttpResponseBase:
        self.require_change()
        found = get_object_or_404(
            self.submission.evidence.select_related("submission"), public_id=evidence_id
        )
        evidence.remove_evidence(actor=self.actor, evidence=found)
        messages.success(request, _("根拠資料を外しました。"))
        return self.back("#evidence")


# --- one reported figure ---------------------------------------------------------------------------------------------


class OfMeasurement(SectionMixin, StaffPage):
    """Steps on one reported figure: invisible 404, visible but not theirs 403."""

    section = "indicators"
    kwargs: dict[str, Any]
    verb = "withdraw"

    @cached_property
    def measurement(self) -> Measurement:
        rows = Measurement.objects.visible_to(self.actor).with_can(self.actor, self.verb)
        related = ("indicator__scorecard", "submission")
        found = get_object_or_404(rows.select_related(*related), public_id=self.kwargs["public_id"])
        if not getattr(found, f"can_{self.verb.split('.')[-1]}"):
            raise PermissionDenied
        measurement: Measurement = found
        return measurement


class MeasurementWithdrawView(OnceFormMixin, OfMeasurement, FormView):  # type: ignore[misc]
    """取り下げる, with the reason."""

    template_name = "kpis/submission_withdraw.html"
    form_class = ReasonForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.measurement
        sheet = IndicatorSheet.objects.get(indicator_id=row.indicator_id, superseded_at=None)
        return super().get_context_data(
            row=row,
            text=measurement_text(row, sheet),
            back_url=_home_of(row),
            crumbs=crumbs(row.indicator.scorecard, _("実績値の取下げ")),
            **kwargs,
        )

    def form_valid(self, form: ReasonForm) -> HttpResponse:
        try:
            reviewing.withdraw(
                actor=self.actor, measurements=[self.measurement], note=form.cleaned_data["note"]
            )
        except DomainError as error:
            add_error(form, error)
            return self.render_to_response(self.get_context_data(form=form), status=error.status)
        messages.success(self.request, _("実績値を取り下げました。"))
        return redirect(_home_of(self.measurement))

    def form_invalid(self, form: ReasonForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class MeasurementCorrectView(OfMeasurement, View):
    """直す・訂正する: the figure goes into the open draft, and the grid opens at its cell."""

    verb = "kpis.withdraw_measurement"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        row = self.measurement
        entering.redraft(actor=self.actor, measurement=row)
        messages.info(request, _("前の値を下書きに入れました。直してから、もう一度提出してください。"))
        return redirect(cell_url(row.indicator.scorecard, row.indicator, row.period))


def _home_of(row: Measurement) -> str:
    if row.submission is None:
        return reverse("kpis:scorecard", args=[row.indicator.scorecard.public_id])
    return reverse("kpis:submission", args=[row.submission.public_id])

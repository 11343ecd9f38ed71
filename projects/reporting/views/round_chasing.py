"""Chasing: reminders of the ticked reports, and one report as the secretariat handles it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from foundation.errors import DomainError
from foundation.idempotency import submitted_once
from foundation.pages import add_error
from projects.reporting.forms_rounds import CallForm, ExemptForm, RemindForm, ReopenForm, ReviewerForm
from projects.reporting.models import ProgressReport, Reminder
from projects.reporting.selectors.board import board_row, with_board
from projects.reporting.services import reminding, rounds
from projects.reporting.views.round_steps import OfRound


class RoundRemindView(OfRound, View):
    """督促 of the ticked reports, from the board and back to it."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        form = RemindForm(self.request.POST)
        try:
            if not form.is_valid():
                raise DomainError("step", _("督促する相手を選んでください。"))
            step = form.cleaned_data["step"]
            outcome = reminding.remind(
                actor=self.actor,
                round_=self.round,
                reports=self._chosen().values_list("pk", flat=True),
                step=Reminder.Step(int(step)) if step else None,
                note=form.cleaned_data["note"],
            )
        except DomainError as error:
            messages.error(self.request, error.message)
        else:
            self._tell(outcome)
        query = self.request.POST.get("back", "")
        return redirect(f"{self.url}?{query}" if query else self.url)

    def _chosen(self) -> QuerySet[ProgressReport]:
        ids = [each for each in self.request.POST.getlist("reports") if _is_uuid(each)]
        rows: QuerySet[ProgressReport] = ProgressReport.objects.visible_to(self.actor).filter(
            round=self.round, public_id__in=ids
        )
        return rows

    def _tell(self, outcome: reminding.Outcome) -> None:
        if outcome.sent:
            messages.success(self.request, _("%(count)s件を督促しました。") % {"count": len(outcome.sent)})
        lines = [f"{report.project.name}：{why}" for report, why in outcome.skipped]
        if lines:
            more = [_("ほか%(count)s件") % {"count": len(lines) - 10}] if len(lines) > 10 else []
            head = _("督促しなかった報告（%(count)s件）") % {"count": len(lines)}
            messages.warning(self.request, "\n".join([head, *lines[:10], *more]))


def _is_uuid(text: str) -> bool:
    try:
        forms.UUIDField().clean(text)
    except forms.ValidationError:
        return False
    return True


# --- one report of it ------------------------------------------------------------------------------------------------


class RoundReportPage(OfRound, TemplateView):
    """One report as the secretariat handles it: its reminders, a telephone call, exemption, reviewers, reopening."""

    template_name = "projects/round_report.html"

    @cached_property
    def report(self) -> ProgressReport:
        rows = with_board(ProgressReport.objects.visible_to(self.actor).filter(round=self.round))
        return get_object_or_404(rows, public_id=self.kwargs["report_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.title = self.report.project.name
        report = self.report
        return super().get_context_data(
            **{
                "report": report,
                "row": board_row(self.round, report, timezone.localdate()),
                "reminders": list(report.reminders.all())[::-1],
                "forms": self._forms(),
                **kwargs,
            }
        )

    def _forms(self, action: str = "", data: Any = None) -> dict[str, Any]:
        """{action: form}; the one that was posted keeps what was typed."""
        posts = rounds.reviewing_posts(self.round.forum, timezone.localdate())
        made: dict[str, Any] = {}
        for name, form_class in (("call", CallForm), ("exempt", ExemptForm), ("reopen", ReopenForm)):
            made[name] = form_class(data if name == action else None, prefix=name)
        for review in self.report.reviews.all():
            shown = review.reviewer_post
            made[review.side] = ReviewerForm(
                data if review.side == action else None,
                prefix=review.side,
                posts=posts[review.side],
                initial={"post": str(shown.public_id) if shown else "", "reason": review.missing_reason},
            )
        return made

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        action = self.request.POST.get("action", "")
        known = self._forms(action, self.request.POST)
        form = known.get(action)
        if form is None:
            return redirect(self.request.path)
        if form.is_valid():
            try:
                self._act(action, form)
            except DomainError as error:
                add_error(form, error)
            else:
                return redirect(self.request.path)
        return self.render_to_response(self.get_context_data(forms=known), status=422)

    def _act(self, action: str, form: Any) -> None:
        acts: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
            "call": (reminding.record_call, form.cleaned_data, _("電話を記録しました。")),
            "exempt": (rounds.exempt, form.cleaned_data, _("報告対象外としました。")),
            "reopen": (rounds.reopen, form.cleaned_data, _("報告を再開しました。")),
        }
        if action in acts:
            service, fields, done = acts[action]
        else:
            service, done = rounds.assign_reviewer, _("確認者を変えました。")
            fields = {"side": action, "post": form.chosen, "reason": form.cleaned_data["reason"]}
        service(actor=self.actor, report=self.report, **fields)
        messages.success(self.request, done)

"""Asking for a file of a round's reports; the export room does the rest."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from foundation import exports
from foundation.access import may
from foundation.idempotency import OnceFormMixin
from foundation.pages import SectionMixin, ServiceForm, StaffPage
from projects.reporting.exports import MAX_IN_PDF, REPORTS
from projects.reporting.forms_outgoing import RoundExportForm
from projects.reporting.models import ReportingRound
from projects.reporting.selectors.exported import Wanted, visible_reports


class OfRound(StaffPage, SectionMixin):
    """A page under a round that the actor sees."""

    kwargs: dict[str, Any]
    section = "rounds"

    @cached_property
    def round(self) -> ReportingRound:
        rows = ReportingRound.objects.visible_to(self.actor).select_related("forum", "template")
        found: ReportingRound | None = rows.filter(public_id=self.kwargs["public_id"]).first()
        if found is None:
            raise Http404
        return found


class RoundExportPage(OfRound, OnceFormMixin, ServiceForm):  # type: ignore[misc]  # both have a post
    """進捗報告の書き出し: format, states, vision or theme. Everybody who sees the round gets what they see of it."""

    form_class = RoundExportForm
    template_name = "projects/round_export.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "actor": self.actor, "round_": self.round}

    def perform(self, form: RoundExportForm) -> HttpResponse:
        made = exports.request_export(
            actor=self.actor,
            kind=REPORTS,
            format=form.cleaned_data["format"],
            parameters=form.parameters(self.round),
        )
        return redirect("exports:detail", made.public_id)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        crumbs = [
            {"label": _("ホーム"), "url": reverse("portal:home")},
            {"label": self.round.name, "url": reverse("projects:round", args=[self.round.public_id])},
            {"label": _("書き出し")},
        ]
        return super().get_context_data(
            round=self.round,
            crumbs=crumbs,
            visible_count=visible_reports(self.actor, Wanted(self.round)).count(),
            sees_all=may(self.actor, "projects.board_reportinground", self.round),
            max_in_pdf=MAX_IN_PDF,
            **kwargs,
        )

"""とりまとめ報告: the versions of a round, one of them on screen and on paper, compiling, publishing, files of it."""

from __future__ import annotations

from itertools import groupby
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from foundation import exports, jobs
from foundation.access import Actor, may
from foundation.errors import DomainError
from foundation.idempotency import OnceFormMixin, once
from foundation.models import Export
from foundation.pages import ObjectPage, ServiceForm, StaffPage
from kpis.selectors.wording import AsOfError, read_as_of
from projects.reporting.changes import changes
from projects.reporting.compiled_exports import COMPILED, FORMATS
from projects.reporting.models import CompiledReport, Side
from projects.reporting.questions import ALIGNMENT, SCORES
from projects.reporting.services import compiling
from projects.reporting.views.exporting import OfRound
from projects.reporting.wording import (
    GROUP_TONES,
    GROUP_WORDS,
    WORD_TITLES,
    agenda_word,
    answers_words,
    judged_words,
    lateness,
    spread_words,
)


def _visible(actor: Actor) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = CompiledReport.objects.visible_to(actor)
    return rows


class CompileForm(forms.Form):
    """As of when."""

    as_of = forms.CharField(
        label=gettext_lazy("基準時点"),
        required=False,
        max_length=32,
        help_text=gettext_lazy(
            "空欄なら今の時点です。過去の日を入れると、その日の終わりの時点でとりまとめます。"
        ),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_as_of(self) -> Any:
        try:
            return read_as_of(self.cleaned_data["as_of"]).moment
        except AsOfError as error:
            raise forms.ValidationError(str(error)) from error


class CompiledListPage(OfRound, OnceFormMixin, ServiceForm):  # type: ignore[misc]  # both have a post
    """The versions of a round, by forum and vision; for the secretariat the button とりまとめる."""

    form_class = CompileForm
    template_name = "projects/compiled_list.html"

    def perform(self, form: CompileForm) -> HttpResponse:
        compiling.request_compilation(actor=self.actor, round_=self.round, as_of=form.cleaned_data["as_of"])
        messages.success(self.request, _("とりまとめを始めました。終わると、この画面に新しい版が並びます。"))
        return redirect("projects:compiled_list", self.round.public_id)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        crumbs = [
            {"label": _("ホーム"), "url": reverse("portal:home")},
            {"label": self.round.name, "url": reverse("projects:round", args=[self.round.public_id])},
            {"label": _("とりまとめ報告")},
        ]
        context = {"crumbs": crumbs, **state_of(self.actor, self.round), **kwargs}
        return super().get_context_data(**context)


class CompiledLivePage(OfRound, TemplateView):
    """The versions alone, for a page that refreshes itself while a compilation runs."""

    template_name = "projects/_compiled_versions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**state_of(self.actor, self.round), **kwargs)


def state_of(actor: Actor, round_: Any) -> dict[str, Any]:
    """What the list shows: versions by scope, and for the secretariat how a compilation is getting on."""
    rows = _visible(actor).filter(round=round_).defer("content").select_related("vision", "round__forum")
    ordered = sorted(rows, key=lambda row: (row.vision is not None, row.vision_id or 0, -row.version))
    may_compile = may(actor, "projects.compile_reportinground", round_)
    failed = compiling.last_failure(round_) if may_compile else None
    return {
        "round": round_,
        "scopes": [list(group) for _key, group in groupby(ordered, key=lambda row: row.vision_id)],
        "may_compile": may_compile,
        "job": compiling.under_way(round_).first() if may_compile else None,
        "failure": jobs.error_words(failed.error) if failed else "",
        "live_url": reverse("projects:compiled_live", args=[round_.public_id]),
    }


class CompiledPage(StaffPage, ObjectPage):
    """One version, on screen and on A4, with what changed since the one before."""

    model = CompiledReport
    template_name = "projects/compiled_detail.html"
    context_object_name = "compiled"
    section = "rounds"

    def scoped(self) -> QuerySet[Any]:
        return _visible(self.actor).select_related("round__forum", "vision")

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = self.scoped()
        flagged: QuerySet[Any] = rows.with_can(self.actor, "publish")
        return flagged

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        compiled: CompiledReport = self.object
        content = compiled.content
        before = self._before(compiled)
        return super().get_context_data(
            crumbs=_crumbs(compiled),
            content=content,
            counts=_counts(content),
            submitted=[{**row, "words": lateness(row), "tone": GROUP_TONES[row["group"]],
                        "group_word": GROUP_WORDS[row["group"]]} for row in content["submission"]["rows"]],
            alignment=[_alignment_row(row) for row in content["alignment"]["rows"]],
            sides=[side.label for side in Side],
            scores=SCORES,
            agenda_word=agenda_word(),
            judged=judged_words(content),
            words=[(title, content["words"][key]) for key, title in WORD_TITLES.items()],
            before=before,
            changes=changes(before.content, content) if before else [],
            formats=[(each, Export.Format(each).label) for each in FORMATS],
            is_newest=not _visible(self.actor)
            .filter(round=compiled.round, vision=compiled.vision, version__gt=compiled.version)
            .exists(),
            **kwargs,
        )  # fmt: skip

    def _before(self, compiled: CompiledReport) -> CompiledReport | None:
        """The newest older version that the reader may see."""
        rows = _visible(self.actor).filter(round=compiled.round, vision=compiled.vision)
        found: CompiledReport | None = rows.filter(version__lt=compiled.version).order_by("-version").first()
        return found


def _crumbs(compiled: CompiledReport) -> list[dict[str, Any]]:
    return [
        {"label": _("ホーム"), "url": reverse("portal:home")},
        {
            "label": _("とりまとめ報告：%(round)s") % {"round": compiled.round.name},
            "url": reverse("projects:compiled_list", args=[compiled.round.public_id]),
        },
        {"label": _("第%(version)s版") % {"version": compiled.version}},
    ]


def _counts(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The groups that have anybody in them; nobody in time or missing is told too."""
    counts = content["submission"]["counts"]
    told = [group for group in GROUP_WORDS if counts[group] or group in ("on_time", "missing")]
    return [
        {"label": GROUP_WORDS[group], "count": counts[group], "tone": GROUP_TONES[group]} for group in told
    ]


def _alignment_row(row: dict[str, Any]) -> dict[str, Any]:
    """One report: a line for each question with the answers of the sides beside each other, and their words."""
    lines = [
        {
            "label": label,
            "given": [
                {"side": side.label, "scores": answers_words(row["answers"][question][side])} for side in Side
            ],
            "spread": spread_words(row["spreads"][question]),
            "is_wide": question in row["wide"],
            "notes": [
                {"who": each["organization"] or side.label, **each}
                for side in Side
                for each in row["answers"][question][side]
                if each["note"]
            ],
        }
        for question, label in ALIGNMENT
    ]
    return {**row, "lines": lines}


@require_POST
@login_required
@once
def publish(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """公開する: the forum's members read it from now on."""
    actor = _actor(request)
    compiled = get_object_or_404(_visible(actor), public_id=public_id)
    try:
        compiling.publish(actor=actor, compiled=compiled)
    except DomainError as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, _("公開しました。場のメンバーが読めるようになりました。"))
    return redirect("projects:compiled", public_id)


@require_POST
@login_required
@once
def export(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Ask for a file of it, and go to where it will be."""
    actor = _actor(request)
    compiled = get_object_or_404(_visible(actor), public_id=public_id)
    try:
        made = exports.request_export(
            actor=actor,
            kind=COMPILED,
            format=request.POST.get("format", ""),
            parameters={"compiled": str(compiled.public_id)},
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("projects:compiled", public_id)
    return redirect("exports:detail", made.public_id)


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]

"""「使うには」: what residents are told about using what a project offers, with a telephone number."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.pages import crumb
from foundation import audit
from foundation.access import Actor, require
from foundation.errors import DomainError, LostEdit
from foundation.idempotency import submitted_once
from foundation.pages import ObjectPage, ServiceForm, StaffPage
from foundation.text import clean_line, clean_pasted
from projects.research.models import Project

MAX_TEXT = 1000
_PHONE = re.compile(r"\+?[0-9]+(?:-[0-9]+)*")


def describe_use(
    *, actor: Actor, project: Project, text: str, phone: str, hours: str, revision: int | None = None
) -> Project:
    """Write down how residents use it; empty words take the box off their pages."""
    require(actor, "change", project)
    fields = {
        "use_text": clean_pasted(text).strip(),
        "use_phone": clean_line(phone),
        "use_hours": clean_line(hours),
    }
    _check(fields)
    with transaction.atomic():
        row = Project.objects.select_for_update().get(pk=project.pk)
        if revision is not None and row.revision != revision:
            raise LostEdit(
                "changed_meanwhile",
                _(
                    "開いている間に、ほかの人が書き直しました。今の内容を確かめてから、もう一度保存してください。"
                ),
            )
        before = {name: getattr(row, name) for name in fields}
        for name, value in fields.items():
            setattr(row, name, value)
        row.revision += 1
        row.save(update_fields=[*fields, "revision", "updated_at"])
        audit.record(actor, "projects.describe_use", row, before=before, after=fields)
        return row


def _check(fields: dict[str, str]) -> None:
    if len(fields["use_text"]) > MAX_TEXT:
        message = _("案内は%(most)s字までで書いてください。") % {"most": f"{MAX_TEXT:,}"}
        raise DomainError("too_long", message, field="text")
    phone = fields["use_phone"]
    if phone and (len(phone) > 32 or not _PHONE.fullmatch(phone)):
        message = _("電話番号は、半角の数字とハイフンで書いてください（例：000-000-0000）。")
        raise DomainError("bad_phone", message, field="phone")
    if len(fields["use_hours"]) > 100:
        raise DomainError("too_long", _("受付時間は100字までで書いてください。"), field="hours")


class UseForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("案内"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("だれが、いつまでに、どうすれば使えるか。やさしい言葉で書いてください。"),
    )  # fmt: skip
    phone = forms.CharField(
        label=gettext_lazy("電話番号"), required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    hours = forms.CharField(
        label=gettext_lazy("電話の受付先と時間"), required=False,
        help_text=gettext_lazy("例：予約センター　平日の午前9時から午後4時まで"),
    )  # fmt: skip
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ProjectUsePage(StaffPage, ServiceForm, ObjectPage):
    """Write what residents read under 「使うには」. For whoever may change the project."""

    model = Project
    form_class = UseForm
    template_name = "projects/project_use.html"
    section = "projects"
    title = gettext_lazy("住民向けの「使うには」")
    needs = "change"

    def scoped(self) -> QuerySet[Any]:
        return super().scoped().select_related("forum")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        return self.render_to_response(self.get_context_data())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        self.object = self.get_object()
        return submitted_once(request, lambda: super(ProjectUsePage, self).post(request, *args, **kwargs))

    def get_initial(self) -> dict[str, Any]:
        project = self.object
        return {
            "text": project.use_text,
            "phone": project.use_phone,
            "hours": project.use_hours,
            "revision": project.revision,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        project = self.object
        crumbs = [
            crumb(_("産学官プロジェクト"), reverse("projects:project_list")),
            crumb(project.name, self._back()),
            crumb(self.title),
        ]
        return super().get_context_data(crumbs=crumbs, back_url=self._back(), **kwargs)

    def _back(self) -> str:
        return reverse("projects:project_detail", args=[self.object.public_id])

    def perform(self, form: UseForm) -> HttpResponse:
        describe_use(actor=self.actor, project=self.object, **form.cleaned_data)
        messages.success(self.request, _("保存しました。住民向けのページに出ます。"))
        return redirect(self._back())

    def form_invalid(self, form: UseForm) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response

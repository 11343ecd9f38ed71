"""Registering a project: seven things on one page, then section by section."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from actors.models import Organization
from ecosystems.models import Forum
from foundation.errors import DomainError
from foundation.idempotency import OnceFormMixin
from foundation.pages import SectionMixin, ServiceForm, StaffPage
from projects.research.forms import RegisterForm
from projects.research.pages import KeptInput
from projects.research.selectors import themes_to_choose
from projects.research.services.partners import clean_number, known_organization
from projects.research.services.registering import Duplicate, register_project


class RegisterPage(OnceFormMixin, KeptInput, SectionMixin, ServiceForm):  # type: ignore[misc]
    """プロジェクトの登録. One like it is told with a link, and registered when that was confirmed."""

    template_name = "projects/project_register.html"
    form_class = RegisterForm
    section = "projects"
    title = gettext_lazy("プロジェクトの登録")

    @cached_property
    def forums(self) -> list[Forum]:
        found = list(
            Forum.objects.allowed(self.actor, "projects.register_project_forum").order_by(
                "code", "name", "id"
            )
        )
        if not found:
            raise PermissionDenied(
                _("プロジェクトを登録できるのは、地域共創の場に参加している機関の担当です。")
            )
        return found

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "forums": self.forums,
            "themes": themes_to_choose(self.actor, self.forums),
            "look_up": reverse("projects:partner_found"),
        }

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kept = self.kept()
        if kept is None:
            return super().get(request, *args, **kwargs)
        form = RegisterForm(kept, **{k: v for k, v in self.get_form_kwargs().items() if k != "data"})
        return self.render_to_response(self.get_context_data(form=form, is_kept=True))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        crumbs = [
            {"label": _("産学官プロジェクト"), "url": reverse("projects:project_list")},
            {"label": self.title},
        ]
        context = super().get_context_data(crumbs=crumbs, **{"duplicates": [], **kwargs})
        return {**context, "lead": Organization.objects.filter(pk=self.actor.organization_id or 0).get()}

    def perform(self, form: RegisterForm) -> HttpResponse:
        given = form.cleaned_data
        try:
            project = register_project(
                actor=self.actor,
                forum=given["forum"],
                given=form.registration(),
                confirmed=given["confirmed"],
            )
        except Duplicate as error:
            context = self.get_context_data(form=form, duplicates=error.projects)
            return self.render_to_response(context, status=error.status)
        messages.success(
            self.request,
            _("「%(name)s」を登録しました。続きは、いつでも書き足せます。") % {"name": project.name},
        )
        return redirect("projects:project_edit", project.public_id)

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response


class PartnerFound(StaffPage, View):
    """Whether the portal knows the organisation of a 法人番号: a sentence, and its name for the field."""

    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("corporate_number", "")[:40]
        context: dict[str, Any] = {"is_typed": bool(text.strip())}
        try:
            number = clean_number(text)
            context["organization"] = known_organization(number) if number else None
        except DomainError as error:
            context["error"] = error.message
        return render(request, "projects/_partner_found.html", context)

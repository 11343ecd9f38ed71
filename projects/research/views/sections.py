"""The sections of a project, each on a page of its own that can be left at any time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from foundation.errors import DomainError, LostEdit, MultipleErrors
from foundation.idempotency import submitted_once
from foundation.pages import add_error
from projects.research.forms import OverviewForm, PartnerFormSet, TeamFormSet
from projects.research.funding_form import FundingForm
from projects.research.models import FundingSource, Participation, TeamRole
from projects.research.pages import OfProject
from projects.research.selectors import themes_to_choose
from projects.research.services.funding import set_funding, sources_of, stored_funding
from projects.research.services.partners import set_partners
from projects.research.services.registering import revise_project
from projects.research.services.sections import (
    Lines,
    mark_of,
    stored_overview,
    stored_partners,
    stored_team,
)
from projects.research.services.team import check_team
from visions.models import Theme


class SectionPage(OfProject, TemplateView):
    """One section: its form, the mark of what it was opened with, and what to do when somebody saved before."""

    def make(self, data: Mapping[str, Any] | None) -> Any:
        """The form, empty of input or with what was posted."""
        raise NotImplementedError

    def stored(self) -> Lines:
        """What the section says now."""
        raise NotImplementedError

    def is_readable(self, form: Any) -> bool:
        return bool(form.is_valid())

    def save(self, form: Any, seen: str) -> None:
        raise NotImplementedError

    def refuse(self, form: Any, error: DomainError) -> None:
        """Put a refusal of the service beside its field."""
        add_error(form, error)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kept = self.kept()
        form = self.make(kept)
        if kept is not None:
            self.is_readable(form)
        seen = kept.get("seen", "") if kept is not None else mark_of(self.stored())
        context = self.get_context_data(form=form, seen=seen, is_kept=kept is not None)
        return self.render_to_response(context)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._save)

    def _save(self) -> HttpResponseBase:
        form, seen = self.make(self.request.POST), self.request.POST.get("seen", "")
        project = self.project
        if not self.is_readable(form):
            return self._again(form, seen, 422)
        try:
            self.save(form, seen)
        except LostEdit as error:
            return self._again(form, error.details["seen"], 409, conflict=error.details)
        except MultipleErrors as errors:
            for each in errors.errors:
                self.refuse(form, each)
            return self._again(form, seen, 422)
        except DomainError as error:
            self.refuse(form, error)
            return self._again(form, seen, 422 if error.status == 400 else error.status)
        messages.success(self.request, _("「%(name)s」を保存しました。") % {"name": project.name})
        return redirect(self.next_after())

    def _again(self, form: Any, seen: str, status: int, **context: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, seen=seen, **context), status=status)


class OverviewPage(SectionPage):
    """概要と契約."""

    template_name = "projects/project_edit.html"
    place = "edit"

    def make(self, data: Mapping[str, Any] | None) -> OverviewForm:
        themes = themes_to_choose(self.actor, [self.project.forum])
        chosen = Theme.objects.visible_to(self.actor).filter(projects=self.project)
        return OverviewForm(data, instance=self.project, themes=themes, chosen=list(chosen))

    def stored(self) -> Lines:
        return stored_overview(self.project, self.actor)

    def save(self, form: OverviewForm, seen: str) -> None:
        revise_project(
            actor=self.actor,
            project=self.project,
            values=form.values(),
            themes=form.cleaned_data["themes"],
            seen=seen,
        )


class PartnersPage(SectionPage):
    """参加機関, with the responsible office on each side."""

    template_name = "projects/project_partners.html"
    place = "partners"

    @cached_property
    def rows(self) -> list[Participation]:
        rows = self.project.participations.select_related("organization")
        return list(rows.order_by("position", "id"))

    def make(self, data: Mapping[str, Any] | None) -> Any:
        initial = [
            {
                "id": row.public_id,
                "partner_name": row.name,
                "corporate_number": (
                    row.organization.corporate_number if row.organization else row.corporate_number
                ),
                "department": row.department,
                "role": row.role,
            }
            for row in self.rows
        ]
        return PartnerFormSet(data, initial=initial, prefix="partners")

    def stored(self) -> Lines:
        return stored_partners(self.rows)

    def save(self, form: Any, seen: str) -> None:
        self.forms = [each for each in form.forms if each.partner() is not None]
        partners = [each.partner() for each in self.forms]
        set_partners(actor=self.actor, project=self.project, partners=partners, seen=seen)

    def refuse(self, form: Any, error: DomainError) -> None:
        row = error.details.get("row")
        if row is None:
            form._non_form_errors.append(error.message)
        else:
            add_error(self.forms[row], error)


class FundingPage(SectionPage):
    """財源: what each source gives by fiscal year."""

    template_name = "projects/project_funding.html"
    place = "funding"

    @cached_property
    def rows(self) -> list[FundingSource]:
        return sources_of(self.project)

    def make(self, data: Mapping[str, Any] | None) -> FundingForm:
        return FundingForm(self.project, self.rows, data)

    def stored(self) -> Lines:
        return stored_funding(self.rows)

    def is_readable(self, form: FundingForm) -> bool:
        self.sources = form.read()
        return not form.has_errors

    def save(self, form: FundingForm, seen: str) -> None:
        set_funding(actor=self.actor, project=self.project, sources=self.sources, seen=seen)

    def refuse(self, form: FundingForm, error: DomainError) -> None:
        if not form.put(error):
            messages.error(self.request, error.message)


class TeamPage(SectionPage):
    """体制の確認: six roles, filled, not needed or missing."""

    template_name = "projects/project_team.html"
    place = "team"

    @cached_property
    def rows(self) -> list[TeamRole]:
        return list(self.project.team_roles.all())

    def make(self, data: Mapping[str, Any] | None) -> Any:
        found = {row.role: row for row in self.rows}
        initial = []
        for role in TeamRole.Role.values:
            row = found.get(role)
            said = {"state": row.state, "who": row.who, "note": row.note} if row else {}
            initial.append({"role": role, **said})
        return TeamFormSet(data, initial=initial, prefix="team")

    def stored(self) -> Lines:
        return stored_team(self.rows)

    def save(self, form: Any, seen: str) -> None:
        roles = [each.checked() for each in form.forms]
        check_team(actor=self.actor, project=self.project, roles=roles, seen=seen)

    def refuse(self, form: Any, error: DomainError) -> None:
        form._non_form_errors.append(error.message)

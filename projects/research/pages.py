"""Bases of the pages on which a project is written."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from foundation.idempotency import FORM_FIELD
from foundation.pages import SectionMixin, StaffPage
from projects.research.models import Project

KEPT = "projects.kept"
MOST_KEPT = 64_000


class KeptInput(StaffPage):
    """What is posted after the session ended waits in the browser's new session, and is back after the sign-in."""

    request: HttpRequest

    def handle_no_permission(self) -> HttpResponseBase:  # type: ignore[override]
        request = self.request
        if request.method == "POST" and not request.user.is_authenticated:
            typed = request.POST.copy()
            for name in ("csrfmiddlewaretoken", FORM_FIELD):
                typed.pop(name, None)
            text = typed.urlencode()
            if len(text) <= MOST_KEPT:
                request.session[KEPT] = {request.path: text}
        response: HttpResponseBase = super().handle_no_permission()
        return response

    def kept(self) -> QueryDict | None:
        """What was typed on this page before the sign-in; once."""
        text = self.request.session.get(KEPT, {}).get(self.request.path)
        if text is None:
            return None
        del self.request.session[KEPT]
        return QueryDict(text)


SECTIONS = ("edit", "partners", "funding", "team", "indicators")


def section_labels() -> dict[str, str]:
    return {
        "edit": _("概要と契約"),
        "partners": _("参加機関"),
        "funding": _("財源"),
        "team": _("体制の確認"),
        "indicators": _("KPI"),
    }


class OfProject(SectionMixin, KeptInput):
    """A page on which one project is changed; who sees the project but may not change it is refused (403)."""

    section = "projects"
    place = ""
    kwargs: dict[str, Any]

    @cached_property
    def project(self) -> Project:
        related = ("lead", "forum", "scorecard", "post__organization")
        rows = Project.objects.visible_to(self.actor).with_can(self.actor, "change").select_related(*related)
        found: Any = get_object_or_404(rows, public_id=self.kwargs["public_id"])
        if not found.can_change:
            raise PermissionDenied(_("このプロジェクトを変更できるのは、代表機関の担当と場の事務局です。"))
        project: Project = found
        return project

    def address(self, place: str) -> str:
        return reverse(f"projects:project_{place}", args=[self.project.public_id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        labels = section_labels()
        tabs = [
            {"label": labels[place], "url": self.address(place), "current": place == self.place}
            for place in SECTIONS
        ]
        crumbs = [
            {"label": _("産学官プロジェクト"), "url": reverse("projects:project_list")},
            {"label": self.project.name, "url": self.address("detail")},
            {"label": labels.get(self.place, self.title)},
        ]
        shown = {
            "project": self.project,
            "tabs": tabs,
            "crumbs": crumbs,
            "title": labels.get(self.place, self.title),
            "detail_url": self.address("detail"),
            "has_next": self.place in SECTIONS[:-1],
        }
        return {**super().get_context_data(**kwargs), **shown}

    def next_after(self) -> str:
        """Where to go after saving: the next section where that was asked, else the same page."""
        if self.request.POST.get("next") == "on" and self.place in SECTIONS[:-1]:
            return self.address(SECTIONS[SECTIONS.index(self.place) + 1])
        return self.address(self.place)

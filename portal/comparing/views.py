"""The comparison as a page and on paper, and the way to have it as a file."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from actors.pages import Crumb, OpenPage, crumb
from foundation import exports
from foundation.idempotency import submitted_once
from foundation.models.exports import Export
from foundation.pages import SectionMixin, StaffPage
from portal.comparing.exports import COMPARISON, FORMATS
from portal.comparing.forms import NAMES, asked_for, compare_form
from portal.comparing.selectors import compare


class ComparePage(OpenPage, SectionMixin, TemplateView):
    """場を比べる: choose two, then see them side by side."""

    template_name = "portal/compare.html"
    section = "forums"
    title = gettext_lazy("場を比べる")

    def crumbs(self) -> list[Crumb]:
        return [crumb(_("地域共創の場"), reverse("ecosystems:forum_list")), crumb(self.title)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = compare_form(self.actor, self.request.GET)
        asked, today = form.asked, timezone.localdate()
        return super().get_context_data(
            form=form,
            asked=asked,
            compared=compare(asked.forums, self.actor, today, asked.year, timezone.now()) if asked else None,
            formats=[(code, Export.Format(code).label) for code in FORMATS],
            actions=[{"label": _("印刷する"), "print": True}] if asked else [],
            **kwargs,
        )


class CompareExport(StaffPage, View):
    """Asks for the comparison as a file; the export room makes it and gives it out."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        given = {name: self.request.POST.get(name, "") for name in NAMES}
        format = self.request.POST.get("format", "")
        if asked_for(self.actor, given) is None or format not in FORMATS:
            raise Http404
        made = exports.request_export(actor=self.actor, kind=COMPARISON, format=format, parameters=given)
        return redirect("exports:detail", made.public_id)

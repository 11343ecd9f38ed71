"""The door for visitors, the home page of everybody who works here, and the change of the organisation acted for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView

from actors.forms import ActingForForm
from actors.middleware import ACTING_FOR
from actors.selectors import organizations_acted_for
from foundation import waiting
from foundation.pages import PublicPage, SectionMixin, StaffPage
from portal.home import selectors


class TopPage(PublicPage, TemplateView):
    """For visitors: what this is, in plain words. Who is signed in is led to their home page."""

    template_name = "portal/top.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return redirect("portal:home")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        forums = selectors.forums_to_visit(self.actor)
        return super().get_context_data(
            visions=selectors.visions_to_read(self.actor),
            forums=[each for each in forums if not each.is_public_record],
            records=[each for each in forums if each.is_public_record],
            cases=selectors.cases_to_read(self.actor),
            **kwargs,
        )


class HomePage(StaffPage, SectionMixin, TemplateView):
    """期限が近いもの first; then one's forums, the latest notices, and for administrators what has failed."""

    template_name = "portal/home.html"
    section = "home"
    title = gettext_lazy("ホーム")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        items = waiting.collect(self.actor, today)
        return super().get_context_data(
            today=today,
            waiting=[(item, item.due(today)) for item in items],
            forums=selectors.forums_with_visions(self.actor),
            notices=selectors.latest_notices(self.actor),
            troubles=selectors.troubles(self.actor),
            **kwargs,
        )


class ActingForPage(StaffPage, SectionMixin, FormView):
    """所属の切替え: for which organisation to act. It lasts until changed or signed out; rights follow at once."""

    template_name = "portal/acting_for.html"
    form_class = ActingForForm
    success_url = reverse_lazy("portal:home")
    title = gettext_lazy("所属の切替え")

    def get_initial(self) -> dict[str, Any]:
        organization_id = self.actor.organization_id
        if organization_id is None:
            return {}
        current = organizations_acted_for(self.actor).filter(pk=organization_id)
        return {"organization": current.values_list("public_id", flat=True).first()}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "actor": self.actor}

    def form_valid(self, form: ActingForForm) -> HttpResponse:
        organization = form.cleaned_data["organization"]
        self.request.session[ACTING_FOR] = organization.pk
        messages.success(
            self.request, _("所属を「%(name)s」に切り替えました。") % {"name": organization.name}
        )
        return super().form_valid(form)

    def form_invalid(self, form: ActingForForm) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response

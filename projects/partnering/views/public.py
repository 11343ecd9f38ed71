"""What everybody opens: the list, one opportunity, 「話を聞きたい」, and the link of the mail."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from actors.models import Organization
from actors.pages import Crumb, OpenPage, crumb
from foundation.errors import DomainError
from foundation.idempotency import OnceFormMixin
from foundation.pages import ListPage, ObjectPage, SectionMixin, ServiceForm
from projects.partnering.facets import Facets, count_facets
from projects.partnering.filters import FACETS, OpportunityFilter
from projects.partnering.forms import MemberForm, VisitorForm
from projects.partnering.models import Interest, Opportunity
from projects.partnering.selectors import (
    is_accepting,
    opportunities_for_detail,
    opportunities_for_list,
    readers_of,
    state_words,
)
from projects.partnering.services import applying
from projects.partnering.services.applying import Introduction

SECTION = "opportunities"
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
_CHOICES = {
    "direction": Opportunity.Direction.choices,
    "kind": Opportunity.Kind.choices,
    "poster": Organization.Kind.choices,
}


def list_crumb() -> Crumb:
    return crumb(_("連携募集"), reverse("projects:opportunity_list"))


class OpportunityListPage(OpenPage, ListPage):
    """連携募集: the newest first, 募集中 unless asked otherwise; found by words and by facets with their counts."""

    model = Opportunity
    filterset_class = OpportunityFilter
    template_name = "projects/opportunity_list.html"
    section = SECTION
    title = gettext_lazy("連携募集")
    paginate_by = 20

    def scoped(self) -> QuerySet[Any]:
        return opportunities_for_list(self.actor)

    @cached_property
    def asked(self) -> Any:
        """The query with 募集中 where nothing else was asked for."""
        asked = self.request.GET.copy()
        asked.setdefault("state", "open")
        return asked

    @cached_property
    def filterset(self) -> Any:
        return OpportunityFilter(self.asked, queryset=self.scoped(), request=self.request)

    @cached_property
    def facets(self) -> Facets:
        if not self.filterset.is_valid():
            return Facets(0, {})
        unfaceted = {key: value for key, value in self.asked.items() if key not in FACETS}
        rows = OpportunityFilter(unfaceted, queryset=self.scoped(), request=self.request).qs
        chosen = {name: self.asked[name] for name in FACETS if self.asked.get(name)}
        return count_facets(rows, chosen, _CHOICES)

    def get_paginator(self, *args: Any, **kwargs: Any) -> Any:
        paginator = super().get_paginator(*args, **kwargs)
        paginator.count = self.facets.hits
        return paginator

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        context = super().get_context_data(groups=self._groups(), words=self.asked.get("q", ""), **kwargs)
        for opportunity in context["page_obj"]:
            opportunity.words, opportunity.tone = state_words(opportunity, today)
        kept = [(name, self.asked[name]) for name in FACETS if self.asked.get(name)]
        return {
            **context,
            "kept": kept,
            "state": self.asked.get("state"),
            "is_narrowed": bool(context["query"]),
        }

    def _groups(self) -> list[dict[str, Any]]:
        """Each facet with its values as links: choosing one, or taking the chosen one back."""
        fields = self.filterset.form.fields
        return [
            {
                "name": name,
                "label": fields[name].label,
                "is_chosen": any(value.is_chosen for value in values),
                "all_url": self._url(name, ""),
                "values": [{"value": value, "url": self._url(name, value.code)} for value in values],
            }
            for name, values in self.facets.values.items()
        ]

    def _url(self, name: str, code: str) -> str:
        kept = {key: value for key, value in self.request.GET.items() if key not in (name, "page")}
        return "?" + urlencode({**kept, **({name: code} if code else {})})


class OpportunityPage(OpenPage, ObjectPage):
    """One opportunity; for its own organisation also who sees it, and what can be done with it."""

    model = Opportunity
    template_name = "projects/opportunity_detail.html"
    section = SECTION

    def scoped(self) -> QuerySet[Any]:
        return opportunities_for_detail(self.actor)

    def crumbs(self) -> list[Crumb]:
        return [list_crumb(), crumb(self.object.title)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        opportunity: Opportunity = self.object
        today = timezone.localdate()
        words, tone = state_words(opportunity, today)
        return super().get_context_data(
            state=words,
            tone=tone,
            accepts=is_accepting(opportunity, today),
            is_own=opportunity.organization_id == self.actor.organization_id,
            readers=readers_of(opportunity),
            applied=self._applied(opportunity),
            due_on=applying.due_day(opportunity, today),
            **kwargs,
        )

    def _applied(self, opportunity: Opportunity) -> Interest | None:
        """The actor's own interest that is under way."""
        if self.actor.user is None:
            return None
        rows = Interest.objects.visible_to(self.actor).under_way().filter(opportunity=opportunity)
        return rows.filter(applicant_id=self.actor.user_id, introduced_by=None).first()


class ApplyPage(OnceFormMixin, OpenPage, SectionMixin, ServiceForm):  # type: ignore[misc]
    """話を聞きたい: two fields for a visitor, one press for whoever is signed in."""

    template_name = "projects/interest_apply.html"
    section = SECTION
    title = gettext_lazy("話を聞きたい（無料）")

    @cached_property
    def opportunity(self) -> Opportunity:
        rows = Opportunity.objects.visible_to(self.actor).published().select_related("organization", "forum")
        found: Opportunity | None = rows.filter(public_id=self.kwargs["public_id"]).first()
        if found is None:
            raise Http404
        return found

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.opportunity  # noqa: B018 (404 before anything is read)
        return super().dispatch(request, *args, **kwargs)

    def get_form_class(self) -> Any:
        return MemberForm if self.actor.is_authenticated else VisitorForm

    def crumbs(self) -> list[Crumb]:
        url = reverse("projects:opportunity_detail", args=[self.opportunity.public_id])
        return [list_crumb(), crumb(self.opportunity.title, url), crumb(self.title)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            opportunity=self.opportunity,
            accepts=is_accepting(self.opportunity, timezone.localdate()),
            due_on=applying.due_day(self.opportunity, timezone.localdate()),
            **kwargs,
        )

    def form_invalid(self, form: Any) -> HttpResponse:
        if isinstance(form, VisitorForm) and form.is_trapped:
            return redirect("projects:interest_sent")
        response = super().form_invalid(form)
        response.status_code = 422
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            return self.perform(form)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
            response = self.render_to_response(self.get_context_data(form=form))
            response.status_code = 422 if error.status == 400 else error.status
            return response

    def perform(self, form: Any) -> HttpResponse:
        if isinstance(form, VisitorForm):
            if not form.is_trapped:
                origin = get_adapter(self.request).get_client_ip(self.request)
                applying.request_interest(
                    actor=self.actor, opportunity=self.opportunity, wish=form.wish(), origin=origin
                )
            return redirect("projects:interest_sent")
        interest = applying.apply(
            actor=self.actor,
            opportunity=self.opportunity,
            message=form.cleaned_data["message"],
            is_name_withheld=form.cleaned_data["is_name_withheld"],
            introduction=self._introduction(form),
            name=form.cleaned_data["client"],
        )
        messages.success(self.request, _("申し込みました。返事の期限は、下のとおりです。"))
        return redirect("projects:interest_detail", interest.public_id)

    def _introduction(self, form: MemberForm) -> Introduction | None:
        day = form.cleaned_data["consented_on"]
        if not day:
            return None
        if self.actor.organization_id is None:
            raise DomainError(
                "no_organization", _("紹介は、機関の担当がある方だけができます。"), field="client"
            )
        return Introduction(self.actor.organization_id, day, min(self.actor.post_ids, default=None))


class SentPage(OpenPage, SectionMixin, TemplateView):
    """After the form, the same for everybody: look into your mail."""

    template_name = "projects/interest_sent.html"
    section = SECTION
    title = gettext_lazy("メールを確かめてください")

    def crumbs(self) -> list[Crumb]:
        return [list_crumb(), crumb(self.title)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        in_folder = settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")
        return super().get_context_data(
            mail_folder="var/mail" if in_folder and settings.EDITION == "embedded" else "",
            days=applying.KEPT_FOR.days,
            **kwargs,
        )


class ConfirmPage(OpenPage, SectionMixin, TemplateView):
    """The link of the mail. Opening it changes nothing (mail scanners do); the button does, once."""

    template_name = "projects/interest_confirm.html"
    section = SECTION
    title = gettext_lazy("申込みの確定")

    def crumbs(self) -> list[Crumb]:
        return [list_crumb(), crumb(self.title)]

    @cached_property
    def token(self) -> str:
        return self.request.GET.get("t", "")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            interest = applying.interest_behind(self.token)
        except Http404:
            return self._shown(410)
        return self._shown(200, interest=interest)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            interest, account = applying.confirm_interest(actor=self.actor, token=self.token)
        except Http404:
            return self._shown(404)
        except DomainError as error:
            if error.code == "needs_sign_in":
                return redirect(
                    f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}"
                )
            return self._shown(error.status, interest=applying.interest_behind(self.token), error=error)
        if account is not None:
            login(request, account, backend=_BACKEND)
        messages.success(request, _("申込みを確定しました。返事の期限は、下のとおりです。"))
        return redirect("projects:interest_detail", interest.public_id)

    def _shown(self, status: int, **context: Any) -> HttpResponse:
        response = self.render_to_response(self.get_context_data(token=self.token, **context), status=status)
        add_never_cache_headers(response)
        return response

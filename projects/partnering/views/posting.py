"""自機関の募集: what one's organisation has posted, writing it, and publishing, closing or withdrawing it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, View

from actors.models import Organization
from actors.pages import Crumb, crumb
from foundation.access import require
from foundation.errors import DomainError, LostEdit, MultipleErrors
from foundation.idempotency import OnceFormMixin
from foundation.pages import ListPage, SectionMixin, StaffPage, add_error
from projects.partnering.forms import NEED_TEMPLATE, OpportunityForm, initial_of
from projects.partnering.models import Opportunity
from projects.partnering.selectors import forums_to_post_in, own_opportunities, readers_of, state_words
from projects.partnering.services import posting
from projects.partnering.views.public import SECTION, list_crumb

COMPARED = ("title", "lead", "body", "terms", "place", "reply_days", "closes_on", "review_on")


class OwnOpportunitiesPage(StaffPage, ListPage):
    """自機関の募集: drafts first, then what stands."""

    model = Opportunity
    template_name = "projects/opportunity_own.html"
    section = SECTION
    title = gettext_lazy("自機関の募集")

    def scoped(self) -> QuerySet[Any]:
        return own_opportunities(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_post = forums_to_post_in(self.actor).exists()
        crumbs = [list_crumb(), crumb(self.title)]
        context = super().get_context_data(may_post=may_post, crumbs=crumbs, **kwargs)
        today = timezone.localdate()
        for opportunity in context["page_obj"]:
            opportunity.words, opportunity.tone = state_words(opportunity, today)
        return context


class _Writing(OnceFormMixin, StaffPage, SectionMixin, FormView):  # type: ignore[misc]
    """The form of an opportunity; what was typed comes back with every refusal."""

    form_class = OpportunityForm
    template_name = "projects/opportunity_form.html"
    section = SECTION
    organization_id: int | None

    def crumbs(self) -> list[Crumb]:
        return [
            list_crumb(),
            crumb(_("自機関の募集"), reverse("projects:opportunity_own")),
            crumb(self.title),
        ]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "actor": self.actor, "organization_id": self.organization_id}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(crumbs=self.crumbs(), **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            saved = self.save(form)
            if self.request.POST.get("then") == "publish":
                posting.move_opportunity(actor=self.actor, opportunity=saved, step="publish")
                messages.success(self.request, _("公開しました。"))
            else:
                messages.success(self.request, _("保存しました。"))
            return redirect("projects:opportunity_detail", saved.public_id)
        except LostEdit:
            return self.lost(form)
        except MultipleErrors as error:
            for each in error.errors:
                add_error(form, each)
        except DomainError as error:
            add_error(form, error)
        return self.form_invalid(form)

    def save(self, form: Any) -> Opportunity:
        raise NotImplementedError

    def lost(self, form: Any) -> HttpResponse:
        raise NotImplementedError


class NewOpportunityPage(_Writing):
    title = gettext_lazy("募集を登録する")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not forums_to_post_in(self.actor).exists():
            raise PermissionDenied(_("募集を登録できるのは、場の幹事自治体・構成員です。"))
        return super().dispatch(request, *args, **kwargs)

    @property
    def organization_id(self) -> int | None:  # type: ignore[override]
        return self.actor.organization_id

    def get_initial(self) -> dict[str, Any]:
        forum = forums_to_post_in(self.actor).first()
        initial = {"forum": forum and forum.public_id, "visibility": "public", "reply_days": 5}
        if self.request.GET.get("kind") == "need":
            return {**initial, "kind": "need", "direction": "wanted", "body": NEED_TEMPLATE}
        return initial

    def save(self, form: Any) -> Opportunity:
        return posting.post_opportunity(
            actor=self.actor,
            forum=form.cleaned_data["forum"],
            organization=Organization.objects.get(pk__in=[self.actor.organization_id]),
            fields=form.cleaned_data,
            audiences=form.audiences(),
        )


class EditOpportunityPage(_Writing):
    title = gettext_lazy("募集を直す")

    @cached_property
    def opportunity(self) -> Opportunity:
        rows = Opportunity.objects.visible_to(self.actor).select_related("organization", "forum", "project")
        found: Opportunity | None = rows.filter(public_id=self.kwargs["public_id"]).first()
        if found is None:
            raise Http404
        require(self.actor, "change", found)
        return found

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.opportunity  # noqa: B018 (404 and 403 before anything is read)
        return super().dispatch(request, *args, **kwargs)

    @property
    def organization_id(self) -> int | None:  # type: ignore[override]
        return self.opportunity.organization_id

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        del form.fields["forum"]
        return form

    def get_initial(self) -> dict[str, Any]:
        return initial_of(self.opportunity)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        opportunity = self.opportunity
        return super().get_context_data(opportunity=opportunity, readers=readers_of(opportunity), **kwargs)

    def save(self, form: Any) -> Opportunity:
        return posting.edit_opportunity(
            actor=self.actor,
            opportunity=self.opportunity,
            fields=form.cleaned_data,
            audiences=form.audiences(),
            revision=form.cleaned_data["revision"],
        )

    def lost(self, form: Any) -> HttpResponse:
        """Both versions beside each other (409)."""
        stored = Opportunity.objects.get(pk=self.opportunity.pk)
        rows = []
        for name in COMPARED:
            mine, theirs = form.cleaned_data[name], getattr(stored, name)
            label = form.fields[name].label
            rows.append(
                {"label": label, "mine": mine, "theirs": theirs, "changed": (mine or "") != (theirs or "")}
            )
        return self.render_to_response(self.get_context_data(form=form, conflict=rows), status=409)


class OpportunityStepView(StaffPage, View):
    """公開・終了・取下げ; what is refused is told on the opportunity's page."""

    def post(self, request: HttpRequest, public_id: Any, step: str) -> HttpResponse:
        rows = Opportunity.objects.visible_to(self.actor)
        opportunity = rows.filter(public_id=public_id).first()
        if opportunity is None:
            raise Http404
        try:
            posting.move_opportunity(actor=self.actor, opportunity=opportunity, step=step)
        except MultipleErrors as error:
            messages.error(request, "\n".join([error.message, *(each.message for each in error.errors)]))
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _told(step))
        return redirect("projects:opportunity_detail", public_id)


def _told(step: str) -> str:
    words = {
        "publish": _("公開しました。"),
        "close": _("募集を終了しました。届いている申込みには、引き続き返答できます。"),
        "withdraw": _("募集を取り下げました。自機関のほかには見えません。"),
    }
    return words[step]

"""What the secretariat does with a round: prepare, open, postpone, close."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from actors.models import Post
from actors.pages import Crumb, crumb
from ecosystems.models import Forum, ForumDuty
from foundation.errors import DomainError
from foundation.idempotency import OnceFormMixin, submitted_once
from foundation.pages import SectionMixin, ServiceForm, StaffPage
from kpis.periods import Grain, Period
from projects.reporting.forms_rounds import (
    DatesForm,
    RoundForm,
)
from projects.reporting.models import ProgressReport, ReportingRound, ReportReview
from projects.reporting.selectors.board import counts_of, missing_of
from projects.reporting.services import rounds, scheduling
from projects.reporting.services.request import propose_text, warnings

SHOWN = 100


class Step(SectionMixin, StaffPage):
    """A page of the secretariat, within 報告依頼."""

    section = "rounds"
    kwargs: dict[str, Any]

    def crumbs(self, *more: Crumb) -> list[Crumb]:
        home = crumb(_("ホーム"), reverse("portal:home"))
        return [home, crumb(_("報告依頼"), reverse("projects:round_list")), *more]


class OfRound(Step):
    """Of one round that the actor may change: not visible is 404, visible to others is 403."""

    @cached_property
    def round(self) -> ReportingRound:
        rows = ReportingRound.objects.visible_to(self.actor).with_can(self.actor, "change")
        found = get_object_or_404(
            rows.select_related("forum", "post__organization"), public_id=self.kwargs["public_id"]
        )
        if not found.can_change:
            raise PermissionDenied(_("この場の事務局だけが操作できます。"))
        return found

    @property
    def url(self) -> str:
        return reverse("projects:round", args=[self.round.public_id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        crumbs = self.crumbs(crumb(self.round.name, self.url), crumb(self.title))
        return super().get_context_data(round=self.round, back_url=self.url, crumbs=crumbs, **kwargs)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and hasattr(self, str(request.method).lower()):
            self.kwargs = kwargs
            self.request = request
            _asked = self.round
        return super().dispatch(request, *args, **kwargs)


# --- preparing -------------------------------------------------------------------------------------------------------


class _Preparing(OnceFormMixin, Step, ServiceForm):  # type: ignore[misc]
    """The form of a round, with 「依頼文を作る」, which fills in the words and saves nothing."""

    form_class = RoundForm
    template_name = "projects/round_form.html"
    forums: list[Forum]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "forums": self.forums, "today": timezone.localdate()}

    def form_valid(self, form: Any) -> HttpResponse:
        if self.request.POST.get("action") == "text":
            return self._with_text(form)
        return super().form_valid(form)

    def _with_text(self, form: RoundForm) -> HttpResponse:
        draft = ReportingRound(forum=form.chosen_forum, **form.values())
        data = self.request.POST.copy()
        data["name"] = form.cleaned_data["name"]
        data["request_text"] = propose_text(draft, office_of(self.actor, form.chosen_forum))
        kwargs = self.get_form_kwargs() | {"data": data}
        avoided = form.chosen_forum.avoided_periods.all()
        told = warnings(avoided, draft.due_on, draft.closes_on)
        return self.render_to_response(
            self.get_context_data(form=RoundForm(**kwargs), warnings=told, is_written=True)
        )


def office_of(actor: Any, forum: Forum) -> Post | None:
    """The post that asks: the actor's own one in the forum's secretariat, otherwise its first."""
    duties = ForumDuty.objects.filter(forum=forum, duty=ForumDuty.Duty.SECRETARIAT)
    posts = [each.post for each in duties.select_related("post__organization").order_by("id")]
    own = [post for post in posts if post.pk in actor.post_ids]
    return next(iter([*own, *posts]), None)


class RoundNewPage(_Preparing):
    """報告依頼の準備: dates, name, words."""

    title = gettext_lazy("報告依頼を準備する")

    @cached_property
    def forums(self) -> list[Forum]:  # type: ignore[override]
        found = list(Forum.objects.allowed(self.actor, "projects.open_round_forum").order_by("code", "id"))
        if not found:
            raise PermissionDenied(_("報告を依頼できるのは、場の事務局です。"))
        return found

    def get_initial(self) -> dict[str, Any]:
        today = timezone.localdate()
        return {
            "forum": str(self.forums[0].public_id),
            "kind": ReportingRound.Kind.QUARTER,
            "period": Period.of(today, Grain.QUARTER).previous().code,
            "requested_on": today,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse("projects:round_list")
        return super().get_context_data(crumbs=self.crumbs(crumb(self.title)), back_url=back, **kwargs)

    def perform(self, form: Any) -> HttpResponse:
        office = office_of(self.actor, form.chosen_forum)
        made = rounds.create_round(actor=self.actor, forum=form.chosen_forum, post=office, **form.values())
        return redirect("projects:round_open", made.public_id)


class RoundEditPage(OfRound, _Preparing):  # type: ignore[misc]
    """The same form, while the round is being prepared."""

    title = gettext_lazy("報告依頼の内容を直す")

    @cached_property
    def forums(self) -> list[Forum]:  # type: ignore[override]
        return [self.round.forum]

    def get_initial(self) -> dict[str, Any]:
        fields = ("kind", "name", "requested_on", "due_on", "closes_on", "request_text")
        shown = {name: getattr(self.round, name) for name in fields}
        return shown | {"forum": str(self.round.forum.public_id), "period": self.round.period.code}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            revision=self.request.POST.get("revision", self.round.revision), **kwargs
        )

    def perform(self, form: Any) -> HttpResponse:
        revision = _number(self.request.POST.get("revision"))
        rounds.change_round(actor=self.actor, round_=self.round, revision=revision, **form.values())
        return redirect("projects:round_open", self.round.public_id)


def _number(text: Any) -> int:
    """A hidden number of the page; anything else is no revision that ever was."""
    return int(text) if str(text or "").isdecimal() else -1


class RoundOpenPage(OfRound, TemplateView):
    """依頼先の確認: whom it asks, who reviews, who is exempt; one press starts it."""

    template_name = "projects/round_open.html"
    title = gettext_lazy("依頼先の確認")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        round_ = self.round
        asked = list(rounds.projects_asked(round_.forum, round_.period).select_related("lead"))
        shown = [ProgressReport(round=round_, project=project) for project in asked]
        posts = rounds.reviewing_posts(round_.forum, timezone.localdate())
        reviews = rounds.proposed_reviews(round_.forum, shown, timezone.localdate())
        by_project: dict[int, list[ReportReview]] = {}
        for review in reviews:
            by_project.setdefault(review.report.project_id, []).append(review)
        return super().get_context_data(
            asked=[
                (project, [(each, posts[each.side]) for each in by_project[project.pk]]) for project in asked
            ],
            ended=list(rounds.ended_before(round_.forum, round_.period).select_related("lead")),
            warnings=warnings(round_.forum.avoided_periods.all(), round_.due_on, round_.closes_on),
            is_preparing=round_.state == ReportingRound.State.PREPARING,
            edit_url=reverse("projects:round_edit", args=[round_.public_id]),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        try:
            made = rounds.open_round(
                actor=self.actor, round_=self.round, exempt=self._exempt(), reviewers=self._reviewers()
            )
        except DomainError as error:
            context = self.get_context_data(error=error.message)
            return self.render_to_response(context, status=error.status)
        messages.success(
            self.request, _("受付を始めました。%(count)s件の報告を依頼しました。") % {"count": len(made)}
        )
        return redirect(self.url)

    def _exempt(self) -> dict[int, str]:
        """{project: reason} of the ended projects that were ticked."""
        ended = rounds.ended_before(self.round.forum, self.round.period)
        data = self.request.POST
        return {
            each.pk: data.get(f"reason-{each.public_id}", "")
            for each in ended
            if f"exempt-{each.public_id}" in data
        }

    def _reviewers(self) -> dict[tuple[int, str], Post]:
        """Those that were chosen on the page."""
        posts = {
            str(post.public_id): post
            for side in rounds.reviewing_posts(self.round.forum, timezone.localdate()).values()
            for post in side
        }
        asked = rounds.projects_asked(self.round.forum, self.round.period)
        return {
            (project.pk, side): posts[chosen]
            for project in asked
            for side in rounds.DUTY_OF
            if (chosen := self.request.POST.get(f"{side}-{project.public_id}", "")) in posts
        }


# --- while it is open ------------------------------------------------------------------------------------------------


class RoundDatesPage(OnceFormMixin, OfRound, ServiceForm):  # type: ignore[misc]
    """日付を延ばす."""

    form_class = DatesForm
    template_name = "projects/round_dates.html"
    title = gettext_lazy("日付を延ばす")

    def get_initial(self) -> dict[str, Any]:
        round_ = self.round
        return {"due_on": round_.due_on, "closes_on": round_.closes_on, "revision": round_.revision}

    def perform(self, form: Any) -> HttpResponse:
        scheduling.postpone(actor=self.actor, round_=self.round, **form.cleaned_data)
        messages.success(self.request, _("日付を変えました。まだ提出していない担当に知らせます。"))
        return redirect(self.url)


class RoundClosePage(OnceFormMixin, OfRound, ServiceForm):  # type: ignore[misc]
    """受付を終える: who is missing, and a last question."""

    form_class = forms.Form
    template_name = "projects/round_close.html"
    title = gettext_lazy("受付を終える")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        missing = missing_of(self.round).select_related("project__lead")
        return super().get_context_data(
            counts=counts_of(self.round),
            missing=missing[:SHOWN],
            missing_count=missing.count(),
            **kwargs,
        )

    def perform(self, form: Any) -> HttpResponse:
        rounds.close_round(actor=self.actor, round_=self.round)
        messages.success(self.request, _("受付を終えました。提出された報告の確認は続けられます。"))
        return redirect(self.url)

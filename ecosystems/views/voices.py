"""ご意見・ご質問 for residents: read what was answered, ask, and find one's own answer. Nobody has to sign in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.pages import Crumb, OpenPage, crumb
from ecosystems import subjects
from ecosystems.filters import VoiceFilter
from ecosystems.forms import AskForm
from ecosystems.models import Forum, Voice
from ecosystems.services import voices
from ecosystems.voice_selectors import dressed, published_voices, with_subjects
from foundation.callers import mark_of
from foundation.idempotency import submitted_once
from foundation.pages import ListPage, ObjectPage, PublicPage, SectionMixin, ServiceForm


def voices_crumb() -> Crumb:
    return crumb(_("ご意見・ご質問"), reverse("ecosystems:voice_list"))


class VoiceListPage(OpenPage, ListPage):
    """Answered and released, the newest answer first, with a search."""

    model = Voice
    filterset_class = VoiceFilter
    template_name = "ecosystems/voice_list.html"
    section = "voices"
    title = gettext_lazy("ご意見・ご質問と回答")
    paginate_by = 10

    def scoped(self) -> QuerySet[Any]:
        return published_voices(self.actor)

    @cached_property
    def subject(self) -> subjects.Subject | None:
        key = self.request.GET.get("about", "")
        return subjects.resolve(key, self.actor) if key else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {
            **context,
            "voices": with_subjects(list(context["page_obj"]), self.actor),
            "subject": self.subject,
            "ask_url": ask_url(self.subject.key if self.subject else ""),
            "handles": self.actor.is_authenticated,
        }


def ask_url(key: str = "") -> str:
    url = reverse("ecosystems:voice_ask")
    return f"{url}?{urlencode({'about': key})}" if key else url


class VoicePage(OpenPage, ObjectPage):
    """One question with its answer, as everybody reads it."""

    model = Voice
    template_name = "ecosystems/voice_detail.html"
    section = "voices"

    def scoped(self) -> QuerySet[Any]:
        return published_voices(self.actor)

    def crumbs(self) -> list[Crumb]:
        return [voices_crumb(), crumb(self.object.code)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        [voice] = with_subjects([self.object], self.actor)
        return super().get_context_data(voice=voice, **kwargs)


class AskPage(OpenPage, SectionMixin, ServiceForm):
    """Ask: what about, the words, and by whom if one likes. Says before sending by when the answer comes."""

    form_class = AskForm
    template_name = "ecosystems/voice_ask.html"
    section = "voices"
    title = gettext_lazy("ご意見・ご質問を送る")

    def crumbs(self) -> list[Crumb]:
        return [voices_crumb(), crumb(self.title)]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        return submitted_once(request, lambda: super(AskPage, self).post(request, *args, **kwargs))

    @cached_property
    def given(self) -> subjects.Subject | None:
        """What the visitor came from; a thing that they may not see does not exist."""
        key = self.request.GET.get("about", "")
        if not key:
            return None
        found = subjects.resolve(key, self.actor)
        if found is None:
            raise Http404
        return found

    def get_form_kwargs(self) -> dict[str, Any]:
        forums = Forum.objects.visible_to(self.actor).values_list("pk", flat=True)
        offered = [] if self.given else subjects.offered(list(forums), self.actor)
        return {**super().get_form_kwargs(), "given": self.given, "offered": offered}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        due_on = Voice.due_for(timezone.localdate())
        return super().get_context_data(given=self.given, due_on=due_on, **kwargs)

    def perform(self, form: AskForm) -> HttpResponse:
        words = form.cleaned_data
        voice = voices.ask(
            actor=self.actor,
            about_key=words["about"],
            body=words["body"],
            asker=words["asker"],
            email=words["email"],
            sender_mark=mark_of(self.request, timezone.localdate()),
        )
        return redirect("ecosystems:voice_receipt", voice.receipt_id)

    def form_invalid(self, form: AskForm) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response


class ReceiptPage(PublicPage, ObjectPage):
    """受付票: the state of one's own question and later its answer, for whoever knows the address."""

    model = Voice
    slug_field = slug_url_kwarg = "receipt_id"
    template_name = "ecosystems/voice_receipt.html"
    context_object_name = "voice"
    section = "voices"
    title = gettext_lazy("ご意見・ご質問の受付票")

    def scoped(self) -> QuerySet[Any]:
        return Voice.objects.select_related("forum")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        voice = dressed(self.object, subjects.resolve(self.object.about_key, self.actor))
        return super().get_context_data(
            voice=voice,
            steps=steps_of(voice),
            receipt_url=self.request.build_absolute_uri(self.request.path),
            **kwargs,
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response


def steps_of(voice: Voice) -> list[dict[str, str]]:
    """The way of a question, with where it stands; one that is not answered leaves the way."""
    states = [Voice.State.RECEIVED, Voice.State.ASSIGNED, Voice.State.CHECKING, Voice.State.ANSWERED]
    if voice.state == Voice.State.DECLINED:
        return []
    place = states.index(Voice.State(voice.state))
    last = len(states) - 1
    return [
        {
            "label": str(state.label),
            "state": "done" if number < place or place == last else "current" if number == place else "todo",
        }
        for number, state in enumerate(states)
    ]

"""ご意見・ご質問 for staff: what waits, one question with every step that its reader may take, and telephoned ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.models import Post
from actors.pages import Crumb, crumb
from ecosystems import subjects
from ecosystems.filters import VoiceQueueFilter
from ecosystems.forms import AnswerForm, AssignForm, EnterForm, ReasonForm, ReleaseForm, ReturnForm
from ecosystems.models import Forum, Voice
from ecosystems.services import answering, voices
from ecosystems.views.voices import steps_of
from ecosystems.voice_selectors import counts, dressed, events_of, posts_to_assign, voices_to_handle
from foundation.errors import DomainError
from foundation.idempotency import FORM_FIELD, submitted_once
from foundation.pages import ListPage, ObjectPage, SectionMixin, ServiceForm, StaffPage, add_error

State = Voice.State


def queue_crumbs(*rest: Crumb) -> list[Crumb]:
    queue = crumb(_("ご意見・ご質問"), reverse("ecosystems:voice_queue"))
    return [crumb(_("ホーム"), reverse("portal:home")), queue, *rest]


class VoiceQueuePage(StaffPage, ListPage):
    """What waits for an answer, the most overdue first."""

    model = Voice
    filterset_class = VoiceQueueFilter
    template_name = "ecosystems/voice_queue.html"
    section = "voices"
    title = gettext_lazy("ご意見・ご質問")

    def scoped(self) -> QuerySet[Any]:
        return voices_to_handle(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        rows = [dressed(voice, None) for voice in context["page_obj"]]
        return {
            **context,
            "voices": rows,
            "counts": counts(self.actor, timezone.localdate()),
            "may_enter": bool(forums_to_enter(self.actor)),
            "crumbs": queue_crumbs()[:1] + [crumb(self.title)],
        }


def forums_to_enter(actor: Any) -> list[int]:
    rows = Forum.objects.allowed(actor, "ecosystems.enter_voice_forum")
    return list(rows.values_list("pk", flat=True))


class EnterPage(StaffPage, SectionMixin, ServiceForm):
    """電話・窓口で受けたもの: the same term, the same answer, the same release."""

    form_class = EnterForm
    template_name = "ecosystems/voice_enter.html"
    section = "voices"
    title = gettext_lazy("電話・窓口で受けたご意見・ご質問の登録")

    @cached_property
    def forums(self) -> list[int]:
        found = forums_to_enter(self.actor)
        if not found:
            raise PermissionDenied(
                _("登録できるのは、場の事務局と幹事自治体の方です。受けた内容を事務局に伝えてください。")
            )
        return found

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        return submitted_once(request, lambda: super(EnterPage, self).post(request, *args, **kwargs))

    def get_form_kwargs(self) -> dict[str, Any]:
        offered = subjects.offered(self.forums, self.actor)
        return {**super().get_form_kwargs(), "offered": offered}

    def get_initial(self) -> dict[str, Any]:
        return {"about": self.request.GET.get("about", "")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(crumbs=queue_crumbs(crumb(self.title)), **kwargs)

    def perform(self, form: EnterForm) -> HttpResponse:
        words = form.cleaned_data
        voice = voices.enter(
            actor=self.actor,
            about_key=words["about"],
            body=words["body"],
            asker=words["asker"],
            channel=words["channel"],
            received_on=words["received_on"],
        )
        messages.success(self.request, _("受付番号 %(code)s で登録しました。") % {"code": voice.code})
        return redirect("ecosystems:voice_work", voice.public_id)

    def form_invalid(self, form: EnterForm) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response


# --- one question ----------------------------------------------------------------------------------------------------

KEPT = "ecosystems.voice_kept"
MOST_KEPT = 64_000
Step = Callable[["VoiceWorkPage", Any], str]


class VoiceWorkPage(StaffPage, ObjectPage):
    """One question: its words, what happened so far, and the forms of the steps that this reader may take now."""

    model = Voice
    template_name = "ecosystems/voice_work.html"
    section = "voices"
    needs = "handle"

    def scoped(self) -> QuerySet[Any]:
        rows: Any = super().scoped()
        rows = rows.select_related("forum", "post__organization", "deputy_post__organization")
        return rows.with_can(self.actor, "assign", "answer", "release", "ecosystems.view_email_voice")

    def crumbs(self) -> list[Crumb]:
        return queue_crumbs(crumb(self.object.code))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        voice: Any = dressed(self.object, subjects.resolve(self.object.about_key, self.actor))
        return super().get_context_data(
            **{
                "voice": voice,
                "crumbs": self.crumbs(),
                "steps": steps_of(voice),
                "events": events_of(voice),
                "writer_waits": voice.state == State.CHECKING and voice.can_answer and not voice.can_release,
                "panels": self.panels(kwargs.pop("failed", None)),
                **kwargs,
            }
        )

    # --- a session that ended while somebody wrote -------------------------------------------------------------------

    def handle_no_permission(self) -> Any:
        """What was typed waits in the browser's new session, and is back after the sign-in."""
        if self.request.method == "POST" and not self.request.user.is_authenticated:
            typed = self.request.POST.copy()
            for name in ("csrfmiddlewaretoken", FORM_FIELD):
                typed.pop(name, None)
            if len(text := typed.urlencode()) <= MOST_KEPT:
                self.request.session[KEPT] = {self.request.path: text}
        return super().handle_no_permission()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        return self.render_to_response(self.get_context_data(failed=self._kept()))

    def _kept(self) -> tuple[str, forms.Form] | None:
        text = self.request.session.get(KEPT, {}).get(self.request.path)
        if text is None:
            return None
        del self.request.session[KEPT]
        typed = QueryDict(text, mutable=True)
        typed["revision"] = str(self.object.revision)
        name = step_named(typed.get("action", ""))
        return (name, self.form(name, STEPS[name][0], typed)) if name in STEPS else None

    # --- which steps are open ----------------------------------------------------------------------------------------

    def open_steps(self) -> dict[str, type[forms.Form]]:
        """{action: form} of what this reader may do in this state."""
        voice: Any = self.object
        found: dict[str, type[forms.Form]] = {}
        if voice.is_open and voice.can_assign:
            found |= {"assign": AssignForm, "decline": ReasonForm}
        if voice.state == State.ASSIGNED and voice.can_answer:
            found["answer"] = AnswerForm
        if voice.state == State.CHECKING and voice.can_answer:
            found["answer"] = AnswerForm
        if voice.state == State.CHECKING and voice.can_release:
            found |= {"release": ReleaseForm, "return": ReturnForm}
        if voice.state == State.ANSWERED and voice.can_release:
            found["unpublish" if voice.is_published else "release"] = (
                ReasonForm if voice.is_published else ReleaseForm
            )
        return found

    def panels(self, failed: tuple[str, forms.Form] | None) -> list[dict[str, Any]]:
        """The steps with their forms, what comes next first; one that was refused keeps what was typed."""
        found = {name: self.form(name, form_class) for name, form_class in self.open_steps().items()}
        if failed is not None:
            found[failed[0]] = failed[1]
        main = next((name for name in self._main_steps() if name in found), "")
        return [
            {"form": found[name], "main": name == main, "folded": name != main, **words_of(name, self.object)}
            for name in ORDER
            if name in found
        ]

    def _main_steps(self) -> tuple[str, ...]:
        """What stands open: of an answer that is being checked, only its check."""
        return MAIN[:1] if self.object.state == State.CHECKING else MAIN

    def form(self, action: str, form_class: Any, data: Any = None) -> Any:
        extra: dict[str, Any] = {"voice": self.object, "auto_id": f"{action}_%s"}
        if form_class is AssignForm:
            extra |= {"posts": self._posts, "initial": self._proposed() if data is None else {}}
        return form_class(data, **extra)

    @cached_property
    def _posts(self) -> QuerySet[Post]:
        return posts_to_assign(self.object, self.actor, timezone.localdate())

    def _proposed(self) -> dict[str, Any]:
        """The posts that answer already, or the keeper of the thing."""
        voice = self.object
        if voice.post is not None:
            return {
                "post": voice.post.public_id,
                "deputy_post": getattr(voice.deputy_post, "public_id", None),
            }
        subject = subjects.resolve(voice.about_key, self.actor)
        keeper = Post.objects.filter(pk=subject.post_id).first() if subject and subject.post_id else None
        return {"post": keeper.public_id} if keeper else {}

    # --- taking one --------------------------------------------------------------------------------------------------

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        self.object = self.get_object()
        name = step_named(self.request.POST.get("action", ""))
        if name not in STEPS:
            raise Http404
        form_class, step = STEPS[name]
        form = self.form(name, form_class, self.request.POST)
        status = 422
        if form.is_valid():
            try:
                message = step(self, form.cleaned_data)
            except DomainError as error:
                add_error(form, error)
                status = 422 if error.status == 400 else error.status
            else:
                messages.success(self.request, message)
                return redirect("ecosystems:voice_work", self.object.public_id)
        self.object = self.get_object()
        form.data = form.data.copy()
        form.data["revision"] = str(self.object.revision)  # what the page shows now is what is answered to
        return self.render_to_response(self.get_context_data(failed=(name, form)), status=status)


# What comes next stands first and open; the rest is folded away below it.
ORDER = ("release", "return", "answer", "assign", "unpublish", "decline")
MAIN = ("release", "answer", "assign")


def _button(name: str, label: str, kind: str = "primary") -> dict[str, str]:
    return {"name": name, "label": label, "kind": kind}


def words_of(name: str, voice: Voice) -> dict[str, Any]:
    """The heading, the sentence below it and the buttons of a step."""
    if name == "release":
        title = _("回答案を確認して、回答する") if voice.is_open else _("公開する")
        lead = _("回答は質問した方に届き、公開を選ぶと、だれでも読めるようになります。")
        return {"title": title, "lead": lead, "actions": [_button("release", title)]}
    if name == "return":
        title = _("回答案を差し戻す")
        return {"title": title, "lead": "", "actions": [_button("return", title, "danger")]}
    if name == "answer":
        buttons = [_button("send", _("確認を依頼する")), _button("save", _("保存だけする"), "secondary")]
        lead = _("確認が済むまで、質問した方にも住民の方にも見えません。")
        return {"title": _("回答案を書く"), "lead": lead, "actions": buttons}
    if name == "assign":
        title = _("担当を変える") if voice.post else _("担当を決める")
        return {"title": title, "lead": "", "actions": [_button("assign", title)]}
    if name == "unpublish":
        title, lead = _("公開を取りやめる"), _("質問した方の受付票では、引き続き読めます。")
        return {"title": title, "lead": lead, "actions": [_button("unpublish", title, "danger")]}
    title = _("回答の対象外とする")
    lead = _("理由は、質問した方がそのまま読みます。場の取組と関わりのないものなどに限ります。")
    return {"title": title, "lead": lead, "actions": [_button("decline", title, "danger")]}


def step_named(action: str) -> str:
    """The step of a button: an answer is saved or sent."""
    return "answer" if action in ("save", "send") else action


def _common(page: VoiceWorkPage, words: dict[str, Any]) -> dict[str, Any]:
    return {"actor": page.actor, "voice": page.object, "revision": words["revision"]}


def _assign(page: VoiceWorkPage, words: dict[str, Any]) -> str:
    voices.assign(
        post=words["post"], deputy_post=words["deputy_post"], note=words["note"], **_common(page, words)
    )
    return _("担当を決めました。担当に知らせます。")


def _answer(page: VoiceWorkPage, words: dict[str, Any]) -> str:
    send = page.request.POST.get("action") == "send"
    answering.write(
        answer=words["answer"],
        answered_by_label=words["answered_by_label"],
        send=send,
        **_common(page, words),
    )
    return _("確認を依頼しました。確認する人に知らせます。") if send else _("回答案を保存しました。")


def _release(page: VoiceWorkPage, words: dict[str, Any]) -> str:
    voice = answering.release(
        public_body=words["public_body"],
        asker=words["asker"],
        publish=words["publish"] == "yes",
        has_no_names=words["has_no_names"],
        **_common(page, words),
    )
    return _("回答し、公開しました。") if voice.is_published else _("回答しました。公開はしていません。")


def _return(page: VoiceWorkPage, words: dict[str, Any]) -> str:
    answering.send_back(note=words["note"], **_common(page, words))
    return _("回答案を差し戻しました。担当に知らせます。")


def _decline(page: VoiceWorkPage, words: dict[str, Any]) -> str:
    voices.decline(note=words["note"], **_common(page, words))
    return _("回答の対象外としました。理由は、質問した方の受付票に表示されます。")


def _unpublish(page: VoiceWorkPage, words: dict[str, Any]) -> str:
    answering.unpublish(note=words["note"], **_common(page, words))
    return _("公開を取りやめました。質問した方の受付票では、引き続き読めます。")


STEPS: dict[str, tuple[Any, Step]] = {
    "assign": (AssignForm, _assign),
    "answer": (AnswerForm, _answer),
    "release": (ReleaseForm, _release),
    "return": (ReturnForm, _return),
    "decline": (ReasonForm, _decline),
    "unpublish": (ReasonForm, _unpublish),
}

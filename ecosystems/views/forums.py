"""Pages of forums: the list, and one forum with its members, its visions and what it has to do next."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic.base import ContextMixin

from actors.pages import Crumb, OpenPage, crumb
from ecosystems import slots as places
from ecosystems.filters import ForumFilter
from ecosystems.models import Decision, Forum
from ecosystems.selectors import (
    communities_of,
    forums_for_list,
    is_insider,
    members_of,
    next_meeting,
    open_decisions,
    posts_by_layer,
    with_roadmap,
)
from foundation import slots
from foundation.pages import ActorMixin, ListPage, ObjectPage
from foundation.waiting import Due


def forum_crumbs(forum: Forum, *rest: Crumb) -> list[Crumb]:
    """The way to a forum and on to what belongs to it."""
    url = reverse("ecosystems:forum_detail", args=[forum.public_id])
    return [crumb(_("地域共創の場"), reverse("ecosystems:forum_list")), crumb(forum.name, url), *rest]


class ForumPart(ActorMixin, ContextMixin):
    """A page of something that belongs to the forum in the address; an invisible forum does not exist (404)."""

    kwargs: dict[str, Any]

    @cached_property
    def forum(self) -> Forum:
        rows = Forum.objects.visible_to(self.actor).select_related("core_body")
        return get_object_or_404(rows, public_id=self.kwargs["public_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(forum=self.forum, **kwargs)


class ForumListPage(OpenPage, ListPage):
    model = Forum
    filterset_class = ForumFilter
    template_name = "ecosystems/forum_list.html"
    section = "forums"
    title = gettext_lazy("地域共創の場")

    def scoped(self) -> QuerySet[Any]:
        return forums_for_list(self.actor, timezone.localdate())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        visions = slots.collect(places.VISIONS, list(context["page_obj"]), self.actor)
        for forum in context["page_obj"]:
            forum.vision_links = visions.get(forum.pk, [])
        return context


class ForumPage(OpenPage, ObjectPage):
    """One forum. Meetings and decisions are for its members; who holds a duty for signed-in people."""

    model = Forum
    template_name = "ecosystems/forum_detail.html"
    section = "forums"

    def scoped(self) -> QuerySet[Any]:
        return with_roadmap(super().scoped().select_related("core_body", "parent"))

    def crumbs(self) -> list[Crumb]:
        return forum_crumbs(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        forum, today = self.object, timezone.localdate()
        inside = is_insider(self.actor, forum)
        return super().get_context_data(
            members=members_of(forum, self.actor, today),
            layers=posts_by_layer(forum, self.actor, today) if self.actor.is_authenticated else [],
            visions=slots.collect(places.VISIONS, [forum], self.actor).get(forum.pk, []),
            scorecards=slots.collect(places.SCORECARDS, [forum], self.actor).get(forum.pk, []),
            inside=inside,
            meeting=next_meeting(forum, self.actor, timezone.now()) if inside else None,
            decisions=[(each, due_of(each)) for each in open_decisions(forum, self.actor)] if inside else [],
            communities=communities_of(forum, self.actor, today),
            actions=self.actions(inside),
            **kwargs,
        )

    def actions(self, inside: bool) -> list[dict[str, Any]]:
        forum, found = self.object, []
        if inside:
            found += [("ecosystems:decision_list", _("決定事項")), ("ecosystems:agenda", _("会議と議題"))]
        if forum.has_roadmap:
            found.append(("ecosystems:roadmap", _("工程表")))
        own = [{"url": reverse(name, args=[forum.public_id]), "label": label} for name, label in found]
        return own + slots.collect(places.ACTIONS, [forum], self.actor).get(forum.pk, [])


def due_of(decision: Decision) -> Due | None:
    """When an unfinished decision is due, seen from today; None for a finished one."""
    unfinished = decision.state in (Decision.State.OPEN, Decision.State.OVERDUE)
    return Due.seen_from(timezone.localdate(), decision.due_on) if unfinished else None

"""What a forum decides: its decisions with the answers of all sides, its meetings with where their items came from."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from actors.pages import crumb
from ecosystems import slots as places
from ecosystems.filters import DecisionFilter
from ecosystems.models import Decision, Meeting
from ecosystems.selectors import (
    decisions_for_list,
    is_insider,
    meetings_for_agenda,
    stance_table,
    waiting_items,
)
from ecosystems.views.forums import ForumPart, due_of, forum_crumbs
from foundation import slots
from foundation.pages import ListPage, StaffPage


class MembersPart(ForumPart, ListPage):
    """A list inside a forum for its members: strangers who may see the forum are refused (403)."""

    section = "forums"

    def scoped(self) -> QuerySet[Any]:
        if not is_insider(self.actor, self.forum):
            raise PermissionDenied
        return self.rows()

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(crumbs=forum_crumbs(self.forum, crumb(self.title)), **kwargs)


class DecisionListPage(StaffPage, MembersPart):
    """決定事項 with who does what by when, the policy paper it went into, and every organisation's answer."""

    model = Decision
    filterset_class = DecisionFilter
    template_name = "ecosystems/decision_list.html"
    title = gettext_lazy("決定事項")

    def rows(self) -> QuerySet[Any]:
        return decisions_for_list(self.forum, self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        decisions = list(context["page_obj"])
        effects = slots.collect(places.EFFECTS, decisions, self.actor)
        for decision in decisions:
            decision.due = due_of(decision)
            decision.effects = effects.get(decision.pk, [])
            decision.is_unreflected = is_unreflected(decision)
        organizations, answers = stance_table(decisions)
        return {**context, "decisions": decisions, "organizations": organizations, "answers": answers}


def is_unreflected(decision: Decision) -> bool:
    """Nothing came of it in policy papers yet: the same rule as `filters.UNREFLECTED`."""
    text = decision.policy_reflection
    return decision.state != Decision.State.WITHDRAWN and (not text or text.startswith("未反映"))


class AgendaPage(StaffPage, MembersPart):
    """会議と議題: each meeting with its items, and what put them there."""

    model = Meeting
    paginate_by = 20
    template_name = "ecosystems/agenda.html"
    title = gettext_lazy("会議と議題")

    def rows(self) -> QuerySet[Any]:
        return meetings_for_agenda(self.forum, self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(waiting=waiting_items(self.forum, self.actor), **kwargs)

"""How opportunities are searched: the same for pages and API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from actors.models import Organization
from ecosystems.filters import SEARCH
from projects.partnering.models import Opportunity

# What is counted beside each of its values; a filter of the same name narrows by it.
FACETS = {"direction": "direction", "kind": "kind", "poster": "organization__kind"}
STATES = [("open", _("募集中")), ("closed", _("終了"))]


class OpportunityFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("言葉で探す"), method="search", widget=SEARCH, max_length=200)
    direction = django_filters.ChoiceFilter(
        label=_("求む・提供"), choices=Opportunity.Direction.choices, empty_label=_("すべて")
    )
    kind = django_filters.ChoiceFilter(
        label=_("種別"), choices=Opportunity.Kind.choices, empty_label=_("すべて")
    )
    poster = django_filters.ChoiceFilter(
        field_name="organization__kind",
        label=_("掲載機関の種別"),
        choices=Organization.Kind.choices,
        empty_label=_("すべて"),
    )
    state = django_filters.ChoiceFilter(
        label=_("状態"), choices=STATES, method="in_state", empty_label=_("すべて")
    )

    class Meta:
        model = Opportunity
        fields = ["q", "direction", "kind", "poster", "state"]

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        found: Any = rows
        return found.containing(value)

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        today = timezone.localdate()
        found: Any = rows
        return found.accepting(today) if value == "open" else found.ended(today)

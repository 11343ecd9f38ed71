"""How projects are searched."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ecosystems.filters import SEARCH, containing
from projects.research.models import Project


class ProjectFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("名称・代表機関"), method="search", widget=SEARCH)
    kind = django_filters.ChoiceFilter(label=_("種別"), choices=Project.Kind.choices, empty_label=_("すべて"))
    state = django_filters.ChoiceFilter(
        label=_("状態"), choices=Project.State.choices, empty_label=_("すべて")
    )

    class Meta:
        model = Project
        fields = ["q", "kind", "state"]

    def search(self, rows: QuerySet[Project], name: str, value: str) -> QuerySet[Project]:
        return containing(rows, value, "name", "code", "summary", "lead__name")

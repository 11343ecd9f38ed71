"""How projects are searched."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from ecosystems.filters import SEARCH, containing
from projects.research.models import Project
from visions.models import Theme

NO_THEME = "none"


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


class ProjectPageFilter(ProjectFilter):
    """On the page: also by theme, of those that the reader may see, or by none."""

    theme = django_filters.ChoiceFilter(label=_("テーマ"), method="by_theme", empty_label=_("すべて"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        themes = Theme.objects.visible_to(self.request.actor).order_by("vision_id", "position", "id")
        listed = [(str(key), name) for key, name in themes.values_list("public_id", "name")]
        self.filters["theme"].extra["choices"] = [*listed, (NO_THEME, _t("テーマ未接続"))]

    def by_theme(self, rows: QuerySet[Project], name: str, value: str) -> QuerySet[Project]:
        """By the themes that the reader sees: a hidden theme is none, on the page and here."""
        themes = Theme.objects.visible_to(self.request.actor).order_by()
        if value == NO_THEME:
            return rows.exclude(pk__in=themes.filter(projects__isnull=False).values("projects"))
        return rows.filter(pk__in=themes.filter(public_id=UUID(value)).values("projects"))

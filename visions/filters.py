"""How visions are searched."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ecosystems.filters import SEARCH, containing
from visions.models import Vision


class VisionFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("名称"), method="search", widget=SEARCH)

    class Meta:
        model = Vision
        fields = ["q"]

    def search(self, rows: QuerySet[Vision], name: str, value: str) -> QuerySet[Vision]:
        return containing(rows, value, "name", "code")

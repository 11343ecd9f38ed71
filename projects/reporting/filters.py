"""How reports are searched."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ecosystems.filters import SEARCH, containing
from projects.reporting.models import ProgressReport, ReportingRound


def _rounds(request: Any) -> QuerySet[ReportingRound]:
    """Rounds that the person may see; the form of a filter asks for them only when it is drawn."""
    if request is None:
        return ReportingRound.objects.none()
    rows: QuerySet[ReportingRound] = ReportingRound.objects.visible_to(request.actor)
    return rows.order_by("-requested_on", "-id")


class ReportFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("プロジェクト・代表機関"), method="search", widget=SEARCH)
    round = django_filters.ModelChoiceFilter(
        label=_("報告依頼"), queryset=_rounds, to_field_name="public_id", empty_label=_("すべて")
    )
    state = django_filters.ChoiceFilter(
        label=_("状態"), choices=ProgressReport.State.choices, empty_label=_("すべて")
    )

    class Meta:
        model = ProgressReport
        fields = ["q", "round", "state"]

    def search(self, rows: QuerySet[ProgressReport], name: str, value: str) -> QuerySet[ProgressReport]:
        return containing(rows, value, "project__name", "project__code", "project__lead__name")

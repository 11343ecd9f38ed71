"""How organisations and communities are searched."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from actors.models import Community, Organization
from actors.prefectures import PREFECTURES
from foundation.text import search_key


class OrganizationFilter(django_filters.FilterSet):
    """Name, reading, short name or one of the codes; kind; prefecture."""

    q = django_filters.CharFilter(
        label=_("名称・よみ・番号"), method="search", widget=forms.TextInput(attrs={"type": "search"})
    )
    kind = django_filters.ChoiceFilter(
        label=_("種別"), choices=Organization.Kind.choices, empty_label=_("すべて")
    )
    prefecture = django_filters.ChoiceFilter(
        field_name="prefecture_code",
        label=_("都道府県"),
        choices=list(PREFECTURES.items()),
        empty_label=_("すべて"),
    )

    class Meta:
        model = Organization
        fields = ["q", "kind", "prefecture"]

    def search(self, rows: QuerySet[Organization], name: str, value: str) -> QuerySet[Organization]:
        """All words must be found, each in any of the columns; katakana finds a reading in hiragana."""
        for word in value.split():
            rows = rows.filter(
                Q(name__icontains=word)
                | Q(short_name__icontains=word)
                | Q(name_kana__icontains=search_key(word))
                | Q(corporate_number=word)
                | Q(municipality_code=word)
            )
        return rows


class CommunityFilter(django_filters.FilterSet):
    """Words in name, area or description; the value it looks at."""

    q = django_filters.CharFilter(
        label=_("名称・地域・内容"), method="search", widget=forms.TextInput(attrs={"type": "search"})
    )
    value = django_filters.ChoiceFilter(
        label=_("重視する価値"), choices=Community.Value.choices, empty_label=_("すべて")
    )

    class Meta:
        model = Community
        fields = ["q", "value"]

    def search(self, rows: QuerySet[Community], name: str, value: str) -> QuerySet[Community]:
        for word in value.split():
            rows = rows.filter(
                Q(name__icontains=word)
                | Q(area_name__icontains=word)
                | Q(summary__icontains=word)
                | Q(reason__icontains=word)
            )
        return rows

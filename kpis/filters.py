"""What pages of figures may be narrowed by: plain GET forms; the list's filter serves the API too."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from actors.models import Post
from kpis.models import Indicator, Scorecard
from kpis.rules import Value
from kpis.selectors.wording import keeper_text

ALL = ("", _("すべて"))


class ScorecardFilter(forms.Form):
    """One scorecard: the fiscal year shown, and which of its rows. An unknown choice narrows nothing."""

    fy = forms.ChoiceField(label=_("年度"), required=False)
    grade = forms.ChoiceField(label=_("評価区分"), required=False)
    value = forms.ChoiceField(label=_("価値"), required=False, choices=[ALL, *Value.choices()])
    keeper = forms.ChoiceField(label=_("所管課"), required=False)
    sub = forms.BooleanField(label=_("下位のKPIも表示する"), required=False)

    def offer(self, *, years: list[Any], grades: list[str], keepers: dict[str, str], has_sub: bool) -> None:
        """The choices of this card."""
        self.fields["fy"].choices = [(year.code, year.label_both) for year in years]  # type: ignore[attr-defined]
        self.fields["grade"].choices = [ALL, *((grade, grade) for grade in grades)]  # type: ignore[attr-defined]
        self.fields["keeper"].choices = [ALL, *sorted(keepers.items(), key=lambda item: item[1])]  # type: ignore[attr-defined]
        if not has_sub:
            del self.fields["sub"]

    def chosen(self, name: str) -> str:
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")


class IndicatorFilter(django_filters.FilterSet):
    """Every indicator one may see: by words in name or number, forum, scorecard, value, keeper, and how it is made."""

    q = django_filters.CharFilter(label=_("番号・名称"), method="search")
    forum = django_filters.ChoiceFilter(label=_("地域共創の場"), method="in_forum", empty_label=_("すべて"))
    scorecard = django_filters.ChoiceFilter(label=_("KPI一覧"), method="on_card", empty_label=_("すべて"))
    value = django_filters.ChoiceFilter(
        label=_("価値"), choices=Value.choices(), method="for_value", empty_label=_("すべて")
    )
    keeper = django_filters.ChoiceFilter(label=_("所管課"), method="kept_by", empty_label=_("すべて"))
    kind = django_filters.ChoiceFilter(
        label=_("値の入り方"), choices=Indicator.Kind.choices, empty_label=_("すべて")
    )

    class Meta:
        model = Indicator
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        actor = self.request.actor
        cards = list(Scorecard.objects.visible_to(actor).select_related("forum"))
        forums = {str(card.forum.public_id): card.forum.name for card in cards}
        self.filters["forum"].extra["choices"] = sorted(forums.items(), key=lambda item: item[1])
        self.filters["scorecard"].extra["choices"] = [(str(card.public_id), card.name) for card in cards]
        self.filters["keeper"].extra["choices"] = self._keepers(actor)

    def _keepers(self, actor: Any) -> list[tuple[str, str]]:
        kept = Indicator.objects.visible_to(actor).filter(post=OuterRef("pk"))
        found = Post.objects.filter(Exists(kept)).values_list(
            "public_id", "section", "name", "organization__short_name", "organization__name"
        )
        return sorted(
            (
                (str(pk), keeper_text(section, name, short or organization))
                for pk, section, name, short, organization in found
            ),
            key=lambda item: item[1],
        )

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        for word in value.split():
            rows = rows.filter(Q(name__icontains=word) | Q(code__icontains=word))
        return rows

    def in_forum(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(scorecard__forum__public_id=value)

    def on_card(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(scorecard__public_id=value)

    def for_value(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(sheets__superseded_at=None, sheets__value=value)

    def kept_by(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(post__public_id=value)

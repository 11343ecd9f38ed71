"""How forums, decisions and cases are searched."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ecosystems import subjects
from ecosystems.models import Case, Decision, Forum, Voice
from ecosystems.selectors import OPEN_STATES
from ecosystems.voice_selectors import OPEN as OPEN_VOICES
from foundation.text import bigrams_pattern, search_terms

SEARCH = forms.TextInput(attrs={"type": "search"})
# What secretariats write where nothing came of a decision in policy papers yet.
UNREFLECTED = (Q(policy_reflection="") | Q(policy_reflection__startswith="未反映")) & ~Q(
    state=Decision.State.WITHDRAWN
)


def late_decisions(today: date) -> Q:
    """An open decision is overdue from the day after its due day, whether or not anybody has said so."""
    return Q(state=Decision.State.OVERDUE) | Q(state=Decision.State.OPEN, due_on__lt=today)


def containing(rows: QuerySet[Any], words: str, *columns: str) -> QuerySet[Any]:
    """Rows in which each word stands in at least one of the columns."""
    for word in words.split():
        found = Q()
        for column in columns:
            found |= Q(**{f"{column}__icontains": word})
        rows = rows.filter(found)
    return rows


class ForumFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("名称・機関名"), method="search", widget=SEARCH)

    class Meta:
        model = Forum
        fields = ["q"]

    def search(self, rows: QuerySet[Forum], name: str, value: str) -> QuerySet[Forum]:
        return containing(rows, value, "name", "summary", "core_body__name")


class DecisionFilter(django_filters.FilterSet):
    """By words, by what became of it, and by whether it went into a policy paper."""

    q = django_filters.CharFilter(label=_("決定事項・担当"), method="search", widget=SEARCH)
    state = django_filters.ChoiceFilter(
        label=_("状態"), choices=Decision.State.choices, method="in_state", empty_label=_("すべて")
    )
    reflection = django_filters.ChoiceFilter(
        label=_("政策への反映"),
        choices=[("no", _("未反映")), ("yes", _("反映済み・対象外"))],
        method="by_reflection",
        empty_label=_("すべて"),
    )

    class Meta:
        model = Decision
        fields = ["q", "state", "reflection"]

    def search(self, rows: QuerySet[Decision], name: str, value: str) -> QuerySet[Decision]:
        return containing(rows, value, "code", "text", "responsible")

    def in_state(self, rows: QuerySet[Decision], name: str, value: str) -> QuerySet[Decision]:
        late = late_decisions(timezone.localdate())
        if value == Decision.State.OVERDUE:
            return rows.filter(late)
        rows = rows.filter(state=value)
        return rows.exclude(late) if value in OPEN_STATES else rows

    def by_reflection(self, rows: QuerySet[Decision], name: str, value: str) -> QuerySet[Decision]:
        return rows.filter(UNREFLECTED) if value == "no" else rows.exclude(UNREFLECTED)


class CaseFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("題名・地域・内容"), method="search", widget=SEARCH)
    outcome = django_filters.ChoiceFilter(
        label=_("区分"), choices=Case.Outcome.choices, empty_label=_("すべて")
    )

    class Meta:
        model = Case
        fields = ["q", "outcome"]

    def search(self, rows: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        return containing(rows, value, "title", "region", "features", "results", "problems", "factors")


class VoiceFilter(django_filters.FilterSet):
    """Released questions by words (two characters are enough) and by what they are about."""

    q = django_filters.CharFilter(label=_("言葉で探す"), method="search_words", widget=SEARCH)
    about = django_filters.CharFilter(method="by_subject", widget=forms.HiddenInput)

    class Meta:
        model = Voice
        fields = ["q", "about"]

    def search_words(self, rows: QuerySet[Voice], name: str, value: str) -> QuerySet[Voice]:
        for term in search_terms(value):
            rows = rows.filter(search__contains=bigrams_pattern(term))
        return rows

    def by_subject(self, rows: QuerySet[Voice], name: str, value: str) -> QuerySet[Voice]:
        """Nothing where the reader may not see the thing, as if nobody had asked about it."""
        subject = subjects.resolve(value, getattr(self.request, "actor"))  # noqa: B009 (set by the middleware)
        return rows.none() if subject is None else rows.filter(about_key=subject.key)


class VoiceQueueFilter(django_filters.FilterSet):
    """What waits, and what was done."""

    show = django_filters.ChoiceFilter(
        label=_("状態"),
        choices=[
            ("late", _("期限を過ぎたもの")),
            *Voice.State.choices,
            ("all", _("終わったものも含むすべて")),
        ],
        method="by_state",
        empty_label=_("終わっていないもの"),
    )
    q = django_filters.CharFilter(label=_("受付番号・対象・内容"), method="search_words", widget=SEARCH)

    class Meta:
        model = Voice
        fields = ["show", "q"]

    def filter_queryset(self, queryset: QuerySet[Voice]) -> QuerySet[Voice]:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("show") else rows.filter(state__in=OPEN_VOICES)

    def by_state(self, rows: QuerySet[Voice], name: str, value: str) -> QuerySet[Voice]:
        if value == "late":
            return rows.filter(state__in=OPEN_VOICES, due_on__lt=timezone.localdate())
        return rows if value == "all" else rows.filter(state=value)

    def search_words(self, rows: QuerySet[Voice], name: str, value: str) -> QuerySet[Voice]:
        return containing(rows, value, "code", "about_label", "body", "asker")

"""What is typed into the pages of reports: links, the last step before submitting, and a review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from projects.reporting.questions import ALIGNMENT_KEYS

MAX_WORDS = 2000
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _words(rows: int = 2) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class LinkForm(forms.Form):
    """資料のリンク, and the page to look at; both may be empty."""

    url = forms.URLField(label=_("リンク"), required=False, max_length=1000, assume_scheme="https")
    title = forms.CharField(label=_("資料名"), required=False, max_length=300)
    page = forms.CharField(label=_("ページ"), required=False, max_length=100)


class SubmitReportForm(forms.Form):
    """The last step: why it is late, a message to the reviewers, and marks of what was confirmed."""

    late_reason = forms.CharField(
        label=_("期限後になった理由"), required=False, max_length=300, widget=_words(), help_text=_("報告に残ります。")
    )  # fmt: skip
    note = forms.CharField(
        label=_("確認者への連絡事項"), required=False, max_length=MAX_WORDS, widget=_words(3)
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, is_late: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_late:
            del self.fields["late_reason"]


class DecisionForm(forms.Form):
    """The fixed part of a review: message, condition, days, and why a deputy decides."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(label=_("連絡事項"), required=False, max_length=MAX_WORDS, widget=_words())
    condition = forms.CharField(
        label=_("条件"), required=False, max_length=MAX_WORDS, widget=_words(),
        help_text=_("満たされるまで、報告に「条件」として残ります。"),
    )  # fmt: skip
    condition_due_on = forms.DateField(label=_("条件の期限"), required=False, widget=DAY)
    resubmit_due_on = forms.DateField(label=_("再提出期限"), required=False, widget=DAY)
    proxy_note = forms.CharField(
        label=_("代決の理由"), required=False, max_length=200, help_text=_("例：課長不在のため")
    )

    def __init__(self, *args: Any, is_deputy: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_deputy:
            del self.fields["proxy_note"]


class ReasonForm(forms.Form):
    """Why a report is taken back, or how a condition was met."""

    note = forms.CharField(label=_("理由"), max_length=300, widget=_words())


def notes_posted(data: QueryDict) -> dict[str, str]:
    """{place: words} of every note field of a posted review."""
    start = "note."
    return {key.removeprefix(start): data.get(key, "") for key in data if key.startswith(start)}


def scores_posted(
    data: Mapping[str, Any], given: Mapping[str, tuple[int, str]]
) -> dict[str, tuple[int, str]]:
    """{question: (score, reason)} of the four questions, as far as they were answered and differ from `given`.

    A score that is no number becomes 0, which the service refuses in words.
    """
    found = {}
    for key in ALIGNMENT_KEYS:
        text = str(data.get(f"alignment.{key}", ""))
        if not text:
            continue
        answer = (
            int(text) if text.isdecimal() and len(text) < 3 else 0,
            str(data.get(f"alignment.{key}.note", "")),
        )
        if answer != given.get(key):
            found[key] = answer
    return found

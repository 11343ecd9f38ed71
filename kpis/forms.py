"""What is typed into the pages of figures: the cells of the grid, and the small forms around them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from kpis.models import Indicator
from kpis.selectors.entry_cell import GridCell
from kpis.services.entering import DETAILS, Typed, mark_of
from kpis.services.planning import FIGURES

_FIELD = re.compile(r"(?P<cell>[0-9a-f]{32}\.[0-9A-Za-z-]{4,12})\.(?P<field>[a-z]+)")
MAX_REASON = 2000


def cells_posted(data: QueryDict) -> set[str]:
    """The names of the cells that a posted grid holds."""
    return {found["cell"] for key in data if (found := _FIELD.fullmatch(key))}


def typed_in(data: QueryDict, cell: GridCell) -> Typed | None:
    """What was changed in one cell, compared with what the page showed; None where nothing was.

    A cell that the page showed and nobody touched is left alone, so that saving the whole page never overwrites what
    a colleague typed meanwhile. Choosing 欠測 or 対象外 takes the shown figure away; another change of the details
    keeps it.
    """
    seen = data.get(f"{cell.name}.seen", "")
    figures = {name: data.get(f"{cell.name}.{name}", "") for name in FIGURES}
    has_figures = any(f"{cell.name}.{name}" in data for name in FIGURES)
    is_figure_changed = has_figures and mark_of(figures.values()) != seen
    details = _details(data, cell)
    if not is_figure_changed and not details:
        return None
    given: dict[str, str] = figures if is_figure_changed else _kept(cell, details)
    if cell.entry is None and not any(
        text.strip() for name, text in {**given, **details}.items() if name != "nature"
    ):
        return None  # an emptied field of a standing figure: there is no draft to change
    return Typed(cell.indicator, cell.period, **given, **details, seen=seen if is_figure_changed else "")


def _details(data: QueryDict, cell: GridCell) -> dict[str, str]:
    """The details that differ from what is kept. A reason may be typed in two places: the last that is filled counts."""
    found = {}
    for name in DETAILS:
        texts = data.getlist(f"{cell.name}.{name}")
        if texts:
            text = next((text for text in reversed(texts) if text.strip()), "")
            if text.strip() != cell.details[name].strip():
                found[name] = text
    return found


def _kept(cell: GridCell, details: dict[str, str]) -> dict[str, str]:
    if cell.entry is not None:
        return {}
    return dict.fromkeys(FIGURES, "") if details.get("missing") else cell.stored


class EvidenceForm(forms.Form):
    """根拠資料: a file or a link."""

    file = forms.FileField(label=_("ファイル"), required=False)
    url = forms.URLField(
        label=_("リンク"), required=False, max_length=1000, assume_scheme="https",
        help_text=_("公開されている資料は、ファイルの代わりにリンクを付けられます。"),
    )  # fmt: skip
    title = forms.CharField(
        label=_("資料名"), required=False, max_length=300, help_text=_("空欄なら、ファイル名を使います。")
    )
    page = forms.CharField(label=_("ページ"), required=False, max_length=100)
    indicator = forms.ChoiceField(label=_("対象のKPI"), required=False)

    def __init__(self, *args: Any, indicators: Iterable[Indicator] = (), **kwargs: Any) -> None:
        """`indicators` are those already loaded for the page: the choice asks the database nothing."""
        super().__init__(*args, **kwargs)
        self.indicators = {str(each.public_id): each for each in indicators}
        listed = sorted(self.indicators.items(), key=lambda item: (item[1].position, item[1].pk))
        choices = [("", _("この提出の全体")), *((key, str(each)) for key, each in listed)]
        self.fields["indicator"].choices = choices  # type: ignore[attr-defined]

    def clean_indicator(self) -> Indicator | None:
        return self.indicators.get(self.cleaned_data["indicator"])


class SubmitForm(forms.Form):
    """The last step: a message to the reviewers, and the draft's revision as it was confirmed."""

    note = forms.CharField(
        label=_("確認者への連絡事項"), required=False, max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)


class InHouseForm(forms.Form):
    """所属内確認中: the organisation's own decision, made in its own system."""

    approved_on = forms.DateField(
        label=_("決裁日"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    document_number = forms.CharField(
        label=_("文書番号"), required=False, max_length=100, help_text=_("例：架・企R8-042")
    )


class ReasonForm(forms.Form):
    """Why something is taken back."""

    note = forms.CharField(label=_("理由"), max_length=MAX_REASON, widget=forms.Textarea(attrs={"rows": 3}))

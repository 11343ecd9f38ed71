"""What may be chosen of what leaves a round."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from foundation.access import Actor
from foundation.models import Export
from projects.reporting.models import ProgressReport, ReportingRound
from visions.models import Theme

FORMATS = [
    (Export.Format.XLSX.value, _("XLSX（印刷用の様式と、データ用の表）")),
    (Export.Format.CSV.value, _("CSV（データ用の表。UTF-8）")),
    (Export.Format.PDF.value, _("PDF（A4の冊子）")),
]
ALL = ("", _("すべて"))


class RoundExportForm(forms.Form):
    """Format, and which reports of the round. Only what the actor sees is offered."""

    format = forms.ChoiceField(
        label=_("形式"), choices=FORMATS, widget=forms.RadioSelect, initial=Export.Format.XLSX.value
    )
    states = forms.MultipleChoiceField(
        label=_("状態"),
        required=False,
        choices=ProgressReport.State.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("何も選ばなければ、すべての状態の報告を書き出します。"),
    )
    scope = forms.ChoiceField(label=_("地域ビジョン・テーマ"), required=False)

    def __init__(self, *args: Any, actor: Actor, round_: ReportingRound, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        themes = Theme.objects.visible_to(actor).filter(projects__reports__round=round_).distinct()
        self.fields["scope"].choices = [ALL, *_scopes(themes.select_related("vision"))]  # type: ignore[attr-defined]

    def parameters(self, round_: ReportingRound) -> dict[str, Any]:
        """The parameters of the export, as it keeps them."""
        chosen: dict[str, Any] = {"round": str(round_.public_id)}
        if self.cleaned_data["states"]:
            chosen["states"] = self.cleaned_data["states"]
        kind, _colon, public_id = self.cleaned_data["scope"].partition(":")
        return {**chosen, kind: public_id} if public_id else chosen


def _scopes(themes: Any) -> list[tuple[str, str]]:
    """Each vision, followed by its themes that have a report in the round."""
    found: dict[Any, list[Theme]] = {}
    for theme in sorted(themes, key=lambda each: (each.vision_id, each.position, each.pk)):
        found.setdefault(theme.vision, []).append(theme)
    return [
        choice
        for vision, inside in found.items()
        for choice in (
            (f"vision:{vision.public_id}", vision.name),
            *((f"theme:{theme.public_id}", f"　{theme.code} {theme.name}") for theme in inside),
        )
    ]

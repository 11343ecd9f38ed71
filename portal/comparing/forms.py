"""Which two forums to compare, and in which fiscal year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ecosystems.models import Forum
from foundation.access import Actor
from foundation.dates import fiscal_year
from kpis.periods import Period

OLDEST = 20
SIDES = ("a", "b")
NAMES = (*SIDES, "fy")


@dataclass(frozen=True)
class Asked:
    """Two forums that the reader may see, and the fiscal year (None: for each KPI its newest)."""

    forums: tuple[Forum, Forum]
    year: Period | None

    @property
    def parameters(self) -> dict[str, str]:
        """As they stand in an address."""
        one, other = self.forums
        return {
            "a": str(one.public_id),
            "b": str(other.public_id),
            "fy": self.year.code if self.year else "",
        }


class CompareForm(forms.Form):
    """Two different forums that the reader may see."""

    a: forms.ModelChoiceField = forms.ModelChoiceField(
        Forum.objects.none(),
        to_field_name="public_id",
        label=_("一つ目の場"),
        empty_label=_("選んでください"),
    )
    b: forms.ModelChoiceField = forms.ModelChoiceField(
        Forum.objects.none(),
        to_field_name="public_id",
        label=_("二つ目の場"),
        empty_label=_("選んでください"),
    )
    fy = forms.ChoiceField(label=_("KPIの年度"), required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SIDES:
            field: Any = self.fields[name]
            field.queryset = visible_forums(actor)
        this_year = Period.year(fiscal_year(timezone.localdate()))
        years = [this_year.shift(-back) for back in range(OLDEST)]
        chosen: Any = self.fields["fy"]
        chosen.choices = [("", _("直近の年度（KPIごと）")), *((year.code, year.label_both) for year in years)]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("a") and found.get("a") == found.get("b"):
            self.add_error("b", _("一つ目と同じ場です。別の場を選んでください。"))
        return found

    @property
    def asked(self) -> Asked | None:
        """What was asked for, once both sides are named rightly."""
        if not self.is_bound or not self.is_valid():
            return None
        given = self.cleaned_data
        return Asked((given["a"], given["b"]), Period.from_code(given["fy"]) if given["fy"] else None)


def visible_forums(actor: Actor) -> QuerySet[Forum]:
    rows: QuerySet[Forum] = Forum.objects.visible_to(actor).select_related("core_body")
    return rows.order_by("is_public_record", "code", "name", "pk")


def compare_form(actor: Actor, given: Mapping[str, Any]) -> CompareForm:
    """Bound once two forums are named; with one of them it only offers the choice.

    Raises Http404 for a forum that is unknown or not for the reader.
    """
    asked = {name: str(given.get(name) or "") for name in NAMES}
    for name in SIDES:
        if asked[name] and not _exists(asked[name], actor):
            raise Http404
    if asked["a"] and asked["b"]:
        return CompareForm(asked, actor=actor)
    return CompareForm(initial=asked, actor=actor)


def _exists(text: str, actor: Actor) -> bool:
    try:
        return visible_forums(actor).filter(public_id=UUID(text)).exists()
    except ValueError:
        return False


def asked_for(actor: Actor, given: Mapping[str, Any]) -> Asked | None:
    return compare_form(actor, given).asked

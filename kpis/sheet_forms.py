"""The forms of the KPI sheet and of the targets: every field of the definition, read as people write it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from actors.models import Post
from ecosystems.models import Decision
from kpis.catalogue import TEMPLATES, Template
from kpis.figures import FigureError, parse_figure
from kpis.models import Indicator, IndicatorSheet, Scorecard, Target
from kpis.periods import Grain, Period, PeriodError
from kpis.rules import Accrual, AttainmentRule, Direction, Scale, TimeRule, TreeRule, Value
from kpis.services.targets import TargetInput
from kpis.units import UNITS, unit_of

GOALS = [(number, str(number)) for number in range(1, 18)]
SHEET = (
    "definition", "formula", "data_source", "unit", "scale", "direction", "accrual", "is_running_total", "grain",
    "time_rule", "tree_rule", "attainment_rule", "decimals", "may_be_negative", "steps", "level", "value", "sdgs",
    "first_period", "last_period", "baseline_period", "baseline_value",
)  # fmt: skip
OWN = ("code", "name", "kind", "visibility", "post", "deputy_post")


def _choice(label: Any, choices: Any, *, required: bool = True, help_text: Any = "") -> forms.ChoiceField:
    offered = choices if required else [("", _("標準のとおり")), *choices]
    return forms.ChoiceField(label=label, choices=offered, required=required, help_text=help_text)


def _text(label: Any, *, rows: int = 0, limit: int = 300, required: bool = False, help_text: Any = "") -> Any:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(
        label=label, required=required, max_length=limit, widget=widget, help_text=help_text
    )


class PeriodInput(forms.CharField):
    """FY2026, 令和8年度, FY2026-Q1, 令和8年度 第1四半期, 2026-04 …"""

    def clean(self, value: Any) -> Period | None:
        text = super().clean(value).strip()
        if not text:
            return None
        try:
            return Period.parse(text)
        except PeriodError as error:
            raise forms.ValidationError(str(error)) from error


class FigureInput(forms.CharField):
    """1,234 ▲5 １２ …"""

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value).strip()
        if not text:
            return None
        try:
            return parse_figure(text)
        except FigureError as error:
            raise forms.ValidationError(str(error)) from error


class SheetForm(forms.Form):
    """KPIシート. With `indicator` a new version of its sheet, otherwise a new indicator."""

    code = _text(_("番号"), limit=32, required=True)
    name = _text(_("名称"), limit=200, required=True)
    kind = _choice(
        _("値の入り方"),
        Indicator.Kind.choices,
        help_text=_("積上げは、下位のKPIから自動で集計します。登録した後は変えられません。"),
    )
    visibility = _choice(_("公開範囲"), Scorecard.Visibility.choices)
    post: Any = forms.ModelChoiceField(Post.objects.none(), label=_("所管課（主担当）"), required=False)
    deputy_post: Any = forms.ModelChoiceField(
        Post.objects.none(), label=_("所管課（副担当）"), required=False
    )
    definition = _text(
        _("定義"),
        rows=4,
        limit=2000,
        required=True,
        help_text=_("ほかの人が同じ数値を数えられるように、何を含め、何を含めないかを書きます。"),
    )
    formula = _text(_("算式"), limit=1000)
    data_source = _text(_("出典"), help_text=_("例：契約台帳、計量記録、住民アンケート"))
    unit = _choice(_("単位"), [])
    scale = _choice(_("型"), Scale.choices())
    direction = _choice(_("目指す方向"), Direction.choices())
    accrual = _choice(
        _("計上"), Accrual.choices(), help_text=_("期間値は期間ごとの量、時点値は期末の状態です。")
    )
    is_running_total = forms.BooleanField(label=_("累計で見る"), required=False)
    grain = forms.TypedChoiceField(
        label=_("測定"), coerce=int, choices=[(each.value, each.label) for each in Grain]
    )
    time_rule = _choice(_("期間の規則"), TimeRule.choices(), required=False)
    tree_rule = _choice(
        _("集計の規則"),
        TreeRule.choices(),
        required=False,
        help_text=_("積上げのKPIで、下位の値をどうまとめるかです。直接入力のKPIでは使いません。"),
    )
    attainment_rule = _choice(_("率の計算"), AttainmentRule.choices(), required=False)
    decimals = forms.IntegerField(label=_("表示の小数桁"), min_value=0, max_value=6, initial=0)
    may_be_negative = forms.BooleanField(label=_("負の値があり得る"), required=False)
    steps = _text(
        _("段階の名前"), rows=4, limit=2000, help_text=_("型が「段階」のとき、低い段階から1行に一つずつ。")
    )
    level = _choice(_("段階（インプット等）"), IndicatorSheet.Level.choices, required=False)
    value = _choice(_("価値"), Value.choices(), required=False)
    sdgs = forms.TypedMultipleChoiceField(
        label=_("SDGs"), required=False, coerce=int, choices=GOALS, widget=forms.CheckboxSelectMultiple
    )
    first_period = PeriodInput(label=_("最初の期間"), help_text=_("例：令和8年度、令和8年度 第1四半期"))
    last_period = PeriodInput(label=_("最後の期間"), required=False)
    baseline_period = PeriodInput(label=_("基準時点"), required=False)
    baseline_value = FigureInput(label=_("基準値"), required=False, max_length=64)

    def __init__(self, *args: Any, posts: Any, indicator: Indicator | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        composed = {each.unit for each in TEMPLATES} | {str(self.initial.get("unit", ""))}
        extra = [unit_of(code) for code in sorted(composed) if code and code not in UNITS]
        self.fields["unit"].choices = [(unit.code, unit.label) for unit in [*UNITS.values(), *extra]]  # type: ignore[attr-defined]
        for name in ("post", "deputy_post"):
            self.fields[name].queryset = posts  # type: ignore[attr-defined]
            self.fields[name].label_from_instance = lambda post: f"{post.organization.display_name}　{post}"  # type: ignore[attr-defined]
        if indicator is not None:
            del self.fields["kind"]

    def own(self) -> dict[str, Any]:
        """The fields of the indicator itself."""
        return {name: self.cleaned_data[name] for name in OWN if name in self.cleaned_data}

    def sheet(self) -> dict[str, Any]:
        """The fields of a version of its sheet."""
        given = {name: self.cleaned_data[name] for name in SHEET}
        return {**given, "steps": [line.strip() for line in given["steps"].splitlines() if line.strip()]}


def initial_of_template(chosen: Template, period: Period) -> dict[str, Any]:
    """What the form shows for a ready-made indicator: measured from the period in its own grain."""
    found = {name: value for name, value in asdict(chosen).items() if name != "key"}
    first = Period.of(period.first_day, chosen.grain)
    return {**found, "grain": int(chosen.grain), "sdgs": list(chosen.sdgs), "first_period": first.label}


def initial_of_sheet(sheet: IndicatorSheet) -> dict[str, Any]:
    """What the form shows of the version in force."""
    found = {name: getattr(sheet, name) for name in SHEET}
    periods = {
        name: found[name].label if found[name] else ""
        for name in ("first_period", "last_period", "baseline_period")
    }
    value = "" if sheet.baseline_value is None else f"{sheet.baseline_value.normalize():f}"
    own = {
        name: getattr(sheet.indicator, name) for name in ("code", "name", "visibility", "post", "deputy_post")
    }
    return {**found, **periods, **own, "steps": "\n".join(map(str, sheet.steps)), "baseline_value": value}


class DecisionForm(forms.Form):
    """On which decision of the forum a change rests."""

    decision: Any = forms.ModelChoiceField(
        Decision.objects.none(),
        label=_("もとになる決定事項"),
        required=False,
        help_text=_("合意した目標値を変えるときは、必ず選びます。"),
    )

    def __init__(self, *args: Any, decisions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decision"].queryset = decisions  # type: ignore[attr-defined]


class TargetForm(forms.Form):
    """The target of one fiscal year: a value, two bounds, or none by agreement."""

    year = forms.IntegerField(widget=forms.HiddenInput)
    value = FigureInput(label=_("目標値"), required=False, max_length=64)
    lower = FigureInput(label=_("下限"), required=False, max_length=64)
    upper = FigureInput(label=_("上限"), required=False, max_length=64)
    is_none = forms.BooleanField(label=_("目標値を置かない"), required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        figures = [given.get(name) for name in ("value", "lower", "upper")]
        if given.get("is_none") and any(figure is not None for figure in figures):
            raise forms.ValidationError(
                _t("目標値があり、「置かない」も選ばれています。どちらか一方にしてください。")
            )
        if (given.get("lower") is None) != (given.get("upper") is None):
            raise forms.ValidationError(_t("下限と上限は、両方を入れてください。"))
        return given

    def target(self) -> TargetInput | None:
        """What is wanted for the year; None where the line is empty."""
        given = self.cleaned_data
        wanted = TargetInput(
            Period.year(given["year"]), given.get("value"), given.get("lower"), given.get("upper")
        )
        is_empty = wanted.value is None and wanted.lower is None and not given["is_none"]
        return None if is_empty else wanted


TargetFormSet = forms.formset_factory(TargetForm, extra=0, max_num=40, absolute_max=40)


def initial_of_targets(years: Sequence[int], current: dict[int, Target]) -> list[dict[str, Any]]:
    """One line for each fiscal year, with the target in force."""
    lines = []
    for year in years:
        row = current.get(year)
        texts = {
            name: "" if row is None or getattr(row, name) is None else f"{getattr(row, name).normalize():f}"
            for name in ("value", "lower", "upper")
        }
        lines.append({"year": year, **texts, "is_none": bool(row and row.is_none)})
    return lines

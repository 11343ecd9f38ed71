"""What is typed into the pages of projects: the seven things asked first, and the sections one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from ecosystems.models import Decision, Forum
from kpis.models import Indicator, Scorecard
from kpis.periods import Grain
from kpis.rules import Accrual, Direction
from kpis.units import UNITS
from projects.research.models import Correction, Participation, Project, TeamRole
from projects.research.services.indicators import NewIndicator
from projects.research.services.partners import Partner
from projects.research.services.registering import Registration
from projects.research.services.sections import OVERVIEW
from projects.research.services.team import Checked
from visions.models import Theme


def day_field(label: Any, required: bool = True, **more: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget, **more)


def _line(label: Any, most: int, required: bool = False, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=label, max_length=most, required=required, help_text=help_text)


class ThemesField(forms.MultipleChoiceField):
    """Themes by their public id, as check boxes; cleaned to the themes themselves."""

    widget = forms.CheckboxSelectMultiple

    def offer(self, themes: Sequence[Theme]) -> None:
        self.found = {str(theme.public_id): theme for theme in themes}
        several = len({theme.vision_id for theme in themes}) > 1
        self.choices = [
            (key, f"{theme.code} {theme.name}　{theme.vision.name if several else ''}".strip())
            for key, theme in self.found.items()
        ]

    def clean(self, value: Any) -> list[Theme]:
        return [self.found[key] for key in super().clean(value)]


class RegisterForm(forms.Form):
    """The seven things: 契約番号, 研究課題, 相手方, 部局, 期間, 種別, テーマ."""

    forum = forms.ChoiceField(label=_("地域共創の場"))
    name = _line(_("研究課題"), 300, required=True)
    contract_number = _line(
        _("契約番号"), 64, help_text=_("まだ決まっていないときは、空欄のままで構いません。")
    )
    kind = forms.ChoiceField(label=_("種別"), choices=Project.Kind.choices)
    partner_name = _line(_("相手方の名称"), 200)
    corporate_number = _line(
        _("相手方の法人番号"), 30,
        help_text=_("13桁。登録のある機関なら名称が入ります。分からないときは空欄で構いません。"),
    )  # fmt: skip
    department = _line(_("代表機関の部局"), 200)
    starts_on = day_field(_("開始日"))
    ends_on = day_field(_("終了日"), required=False)
    themes = ThemesField(
        label=_("テーマ"), required=False,
        help_text=_("ビジョンのどのテーマに向けた取組かを選びます。後からでも選べます。"),
    )  # fmt: skip
    confirmed = forms.BooleanField(label=_("別のプロジェクトとして登録する"), required=False)

    def __init__(
        self, *args: Any, forums: Sequence[Forum], themes: Sequence[Theme], look_up: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.forums = {str(forum.public_id): forum for forum in forums}
        choices: list[tuple[str, str]] = [(key, forum.name) for key, forum in self.forums.items()]
        self.fields["forum"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["forum"].widget = forms.HiddenInput()
            self.fields["forum"].initial = choices[0][0]
        self.fields["themes"].offer(themes)  # type: ignore[attr-defined]
        self.fields["corporate_number"].widget.attrs |= {
            "inputmode": "numeric", "hx-get": look_up, "hx-trigger": "change", "hx-target": "#partner-found",
            "hx-include": "#id_partner_name", "autocomplete": "off",
        }  # fmt: skip

    def clean_forum(self) -> Forum:
        return self.forums[self.cleaned_data["forum"]]

    def registration(self) -> Registration:
        given = self.cleaned_data
        return Registration(**{name: given[name] for name in given if name not in ("forum", "confirmed")})


class OverviewForm(forms.ModelForm):
    """概要と契約."""

    themes = ThemesField(label=_("テーマ"), required=False)
    discloses_partner = forms.TypedChoiceField(
        label=_("相手先の公表"), choices=[("1", _("可")), ("0", _("否"))], coerce=lambda value: value == "1"
    )
    discloses_title = forms.TypedChoiceField(
        label=_("研究題目の公表"), choices=[("1", _("可")), ("0", _("否"))], coerce=lambda value: value == "1"
    )

    class Meta:
        model = Project
        fields = OVERVIEW
        labels = {"name": _("研究課題・名称"), "discloses_amount": _("金額の公表")}  # noqa: RUF012 (Django's)
        help_texts = {  # noqa: RUF012 (Django's)
            "contract_title": _("契約書に書かれた題目です。名称と同じなら、そのままで構いません。"),
            "planned_ends_on": _("はじめに決めた終わりの日です。"),
            "ends_on": _("延長や中止で変わったときは、今の予定に直してください。"),
            "visibility": _("名称と概要は、この範囲の人に見えます。"),
        }
        widgets = {  # noqa: RUF012 (Django's)
            name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            for name in ("starts_on", "planned_ends_on", "ends_on")
        }

    def __init__(self, *args: Any, themes: Sequence[Theme], chosen: Sequence[Theme], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["themes"].offer(themes)  # type: ignore[attr-defined]
        self.fields["summary"].widget.attrs["rows"] = 4
        for name in ("stage", "contract_kind"):
            choices = self.fields[name].choices  # type: ignore[attr-defined]
            self.fields[name].choices = [("", _t("未設定")), *list(choices)[1:]]  # type: ignore[attr-defined]
        self.initial["themes"] = [str(theme.public_id) for theme in chosen]
        for name in ("discloses_partner", "discloses_title"):
            self.initial[name] = "1" if getattr(self.instance, name) else "0"
        if self.instance.state != Project.State.STOPPED:
            states = [each for each in Project.State.choices if each[0] != Project.State.STOPPED]
            self.fields["state"].choices = states  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        """The service writes and checks the project; the form leaves the instance as it is."""

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in OVERVIEW}


class PartnerForm(forms.Form):
    """One line of 参加機関; a line without name and number is no partner."""

    id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    partner_name = _line(_("機関の名称"), 200)
    corporate_number = _line(_("法人番号"), 30)
    department = _line(_("担当部署"), 200)
    role = forms.ChoiceField(label=_("役割"), choices=Participation.Role.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["corporate_number"].widget.attrs["inputmode"] = "numeric"

    def partner(self) -> Partner | None:
        given = self.cleaned_data
        if not (given.get("partner_name") or given.get("corporate_number")) or given.get("DELETE"):
            return None
        return Partner(
            given["partner_name"], given["corporate_number"], given["department"], given["role"], given["id"]
        )


PartnerFormSet = forms.formset_factory(PartnerForm, extra=2, max_num=60, absolute_max=60, can_delete=True)


class TeamForm(forms.Form):
    """One role of 体制の確認."""

    role = forms.ChoiceField(choices=TeamRole.Role.choices, widget=forms.HiddenInput)
    state = forms.ChoiceField(
        label=_("状況"), required=False, choices=[("", _("未確認")), *TeamRole.State.choices]
    )
    who = _line(_("だれが"), 200)
    note = _line(_("補足"), 300)

    @property
    def role_label(self) -> str:
        return str(dict(TeamRole.Role.choices).get(self["role"].value(), ""))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("who") and not given.get("state"):
            self.add_error("state", _t("状況を選んでください。"))
        return given

    def checked(self) -> Checked:
        return Checked(**{name: self.cleaned_data[name] for name in ("role", "state", "who", "note")})


TeamFormSet = forms.formset_factory(TeamForm, extra=0, max_num=6, absolute_max=6)


class IndicatorForm(forms.Form):
    """A KPI of the project; what the KPI above prescribes is filled in."""

    parent = forms.ChoiceField(label=_("上位のKPI"), required=False, widget=forms.HiddenInput)
    name = _line(_("KPIの名称"), 200, required=True)
    definition = forms.CharField(
        label=_("定義"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("ほかの人が同じ数値を数えられるように、何を含め、何を含めないかを書きます。"),
    )  # fmt: skip
    data_source = _line(_("出典"), 300, help_text=_("例：販売管理、乗降記録、契約台帳"))
    unit = forms.ChoiceField(
        label=_("単位"),
        help_text=_("「％」を選ぶと、分子と分母を入力する比率になります。金額は円の単位を選びます。"),
    )
    grain = forms.TypedChoiceField(
        label=_("測定"), coerce=int, choices=[(grain.value, _("%sごと") % grain.label) for grain in Grain],
        help_text=_("上位のKPIがあるときは、それと同じか、より細かい区切りにします。"),
    )  # fmt: skip
    direction = forms.ChoiceField(
        label=_("目指す方向"), choices=[(each.value, each.label) for each in Direction]
    )
    accrual = forms.ChoiceField(
        label=_("計上"), choices=[(each.value, each.label) for each in Accrual],
        help_text=_("期間値は、期間ごとの量（売上、人数）で、年度は合計になります。時点値は、期末の状態（会員数、割合）で、年度は最後の値になります。"),
    )  # fmt: skip
    first_on = day_field(_("いつから測るか"), help_text=_("この日を含む期間から、入力の表に並びます。"))
    last_on = day_field(_("いつまで測るか"), required=False, help_text=_("空欄なら、期限なしで測ります。"))
    visibility = forms.ChoiceField(
        label=_("公開範囲"),
        choices=[each for each in Scorecard.Visibility.choices if each[0] != "draft"],
        initial="members",
    )

    def __init__(self, *args: Any, parents: Sequence[Indicator], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parents = {str(each.public_id): each for each in parents}
        listed = [(key, f"{each}（{each.scorecard.name}）") for key, each in self.parents.items()]
        self.fields["parent"].choices = [("", _t("なし")), *listed]  # type: ignore[attr-defined]
        self.fields["unit"].choices = [(unit.code, unit.label) for unit in UNITS.values()]  # type: ignore[attr-defined]

    def clean_parent(self) -> Indicator | None:
        return self.parents.get(self.cleaned_data["parent"])

    def indicator(self) -> NewIndicator:
        given = self.cleaned_data
        return NewIndicator(**{name: given[name] for name in given if name != "parent"})


class CorrectionForm(forms.Form):
    """軌道修正: it rests on a decision of the forum."""

    kind = forms.ChoiceField(label=_("区分"), choices=Correction.Kind.choices)
    decision = forms.ChoiceField(
        label=_("もとになる決定事項"), help_text=_("場の会議で決まり、事務局が登録した決定事項から選びます。")
    )
    effective_on = day_field(_("施行日"), help_text=_("変更が実際に始まる日です。"))
    trigger = forms.CharField(label=_("きっかけ"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    change = forms.CharField(label=_("変えること"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    procedure = forms.CharField(
        label=_("計画変更の手続"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("変更契約の日付や、返還の額などです。参加機関と場の事務局・確認者だけに見えます。"),
    )  # fmt: skip
    indicators = forms.MultipleChoiceField(
        label=_("関係するKPI"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("選んだKPIの図と表に、軌道修正の印が付きます。"),
    )  # fmt: skip

    def __init__(
        self, *args: Any, decisions: Sequence[Decision], indicators: Sequence[Indicator], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.decisions = {str(each.public_id): each for each in decisions}
        self.touchable = {str(each.public_id): each for each in indicators}
        chosen = [("", _t("選んでください")), *((key, str(each)) for key, each in self.decisions.items())]
        self.fields["decision"].choices = chosen  # type: ignore[attr-defined]
        self.fields["indicators"].choices = [  # type: ignore[attr-defined]
            (key, str(each)) for key, each in self.touchable.items()
        ]

    def clean_decision(self) -> Decision:
        return self.decisions[self.cleaned_data["decision"]]

    def clean_indicators(self) -> list[Indicator]:
        return [self.touchable[key] for key in self.cleaned_data["indicators"]]

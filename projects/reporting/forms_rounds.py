"""What is typed into the pages of rounds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from actors.models import Post
from ecosystems.models import Forum
from foundation.dates import fiscal_year
from kpis.periods import Grain, Period
from projects.reporting.models import ProgressReport, Reminder, ReportingRound, ReportReview, Side
from projects.reporting.selectors.board import Wanted
from projects.reporting.services.request import GRAIN_OF, propose_name

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
ALL = ("", _("すべて"))


def period_choices(today: date) -> list[tuple[str, list[tuple[str, str]]]]:
    """Last year's, this year's and next year's periods, by their length."""
    years = [Period.year(fiscal_year(today) + shift) for shift in (1, 0, -1)]
    return [
        (str(grain.label), [(part.code, part.label) for year in years for part in year.split(grain)])
        for grain in (Grain.YEAR, Grain.HALF, Grain.QUARTER)
    ]


class RoundForm(forms.Form):
    """報告依頼の準備."""

    forum = forms.ChoiceField(label=_("地域共創の場"))
    kind = forms.ChoiceField(label=_("種類"), choices=ReportingRound.Kind.choices)
    period = forms.ChoiceField(label=_("対象期間"))
    name = forms.CharField(
        label=_("名称"),
        required=False,
        max_length=200,
        help_text=_("空欄なら、種類と対象期間から作ります。"),
    )
    requested_on = forms.DateField(label=_("依頼日"), widget=DATE)
    due_on = forms.DateField(
        label=_("提出期限"),
        widget=DATE,
        help_text=_("この日を過ぎると「期限後提出」と記録されます。"),
    )
    closes_on = forms.DateField(
        label=_("受付終了日"), widget=DATE, help_text=_("この日を過ぎると入力できません。")
    )
    request_text = forms.CharField(
        label=_("依頼文"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text=_("「依頼文を作る」で下書きができます。自由に直せます。"),
    )

    def __init__(self, *args: Any, forums: Iterable[Forum], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._forums = {str(forum.public_id): forum for forum in forums}
        choices: dict[str, Any] = {
            "forum": [(pk, forum.name) for pk, forum in self._forums.items()],
            "period": period_choices(today),
        }
        if (shown := self.initial.get("period")) and not self._offers(choices["period"], shown):
            choices["period"].append((str(_("今の値")), [(shown, Period.from_code(shown).label)]))
        for name, values in choices.items():
            field: Any = self.fields[name]
            field.choices = values

    @staticmethod
    def _offers(groups: list[Any], code: str) -> bool:
        return any(code == each for _label, parts in groups for each, _name in parts)

    @property
    def chosen_forum(self) -> Forum:
        return self._forums[self.cleaned_data["forum"]]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "period" in data:
            data["period"] = Period.from_code(data["period"])
            grain = GRAIN_OF.get(data.get("kind", ""))
            if grain is not None and data["period"].grain != grain:
                self.add_error("period", _("種類に合う対象期間を選んでください。"))
            if not data.get("name") and "kind" in data:
                data["name"] = propose_name(data["kind"], data["period"])
        return data

    def values(self) -> dict[str, Any]:
        """What the services take."""
        return {name: value for name, value in self.cleaned_data.items() if name != "forum"}


class BoardForm(forms.Form):
    """絞り込み of the board."""

    q = forms.CharField(
        label=_("プロジェクト・機関"), required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    state = forms.ChoiceField(
        label=_("報告の状態"), required=False, choices=[ALL, *ProgressReport.State.choices]
    )
    review = forms.ChoiceField(
        label=_("確認の状態"),
        required=False,
        choices=[
            ALL,
            *(
                (f"{side}:{value}", f"{Side(side).label}：{label}")
                for side in ReportReview.SIDES
                for value, label in ReportReview.State.choices
            ),
        ],
    )
    organization = forms.ChoiceField(label=_("代表機関"), required=False)
    group = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, leads: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organization"]
        field.choices = [ALL, *leads]

    def wanted(self) -> Wanted:
        """What was asked; what cannot be understood asks for nothing."""
        self.is_valid()
        return Wanted(**{name: self.cleaned_data.get(name, "") for name in self.fields})


class RemindForm(forms.Form):
    """督促 of the reports that are ticked on the board."""

    step = forms.ChoiceField(
        label=_("督促する相手"),
        required=False,
        choices=[
            ("", _("前回の次の相手（おすすめ）")),
            *((str(value), label) for value, label in Reminder.Step.choices if value != Reminder.Step.PHONE),
        ],
    )
    note = forms.CharField(
        label=_("書き添えること"),
        required=False,
        max_length=300,
        help_text=_("期限・URL・問合せ先は、自動で入ります。"),
    )


class DatesForm(forms.Form):
    """提出期限 and 受付終了日 put off while the round is open."""

    due_on = forms.DateField(label=_("提出期限"), widget=DATE)
    closes_on = forms.DateField(label=_("受付終了日"), widget=DATE)
    reason = forms.CharField(
        label=_("日付を変える理由"),
        max_length=300,
        help_text=_("まだ提出していない担当に、新しい日付とともに知らせます。"),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


class CallForm(forms.Form):
    """電話の記録."""

    whom = forms.CharField(label=_("話した相手"), max_length=300)
    note = forms.CharField(label=_("話したこと"), max_length=300)


class ExemptForm(forms.Form):
    reason = forms.CharField(label=_("報告対象外とする理由"), max_length=300)


class ReopenForm(forms.Form):
    until = forms.DateField(label=_("いつまで受け付けるか"), widget=DATE)
    reason = forms.CharField(label=_("再開する理由"), max_length=300)


class ReviewerForm(forms.Form):
    """確認者の変更."""

    post = forms.ChoiceField(label=_("確認する担当ポスト"), required=False)
    reason = forms.CharField(
        label=_("確認者を置かない理由"),
        required=False,
        max_length=300,
        help_text=_("置かないときだけ書きます。"),
    )

    def __init__(self, *args: Any, posts: Iterable[Post], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._posts = {str(post.public_id): post for post in posts}
        field: Any = self.fields["post"]
        field.choices = [
            ("", _("置かない")),
            *((pk, f"{post.organization.name} {post}") for pk, post in self._posts.items()),
        ]

    @property
    def chosen(self) -> Post | None:
        return self._posts.get(self.cleaned_data["post"])

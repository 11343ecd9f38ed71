"""What people type: a visitor's two fields, an answer, an opportunity."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from actors.models import Post
from ecosystems.models import Forum
from foundation.access import Actor
from projects.partnering.models import MAX_REPLY_DAYS, Interest, Opportunity
from projects.partnering.selectors import audience_choices, forums_to_post_in, posts_to_answer
from projects.partnering.services.answering import MAX_WORDS, Answer, next_states
from projects.partnering.services.applying import MAX_MESSAGE, MAX_NAME, Wish
from projects.partnering.services.posting import Audience
from projects.research.models import Project

NEED_TEMPLATE = "市場の課題：\n技術要件：\n制約：\n期限："
_AREA = {"rows": 4}


class _Words(forms.Form):
    """What both visitors and signed-in people may add."""

    message = forms.CharField(
        label=_("伝えたいこと（書かなくても申し込めます）"),
        required=False,
        max_length=MAX_MESSAGE,
        widget=forms.Textarea(attrs=_AREA),
    )
    is_name_withheld = forms.BooleanField(
        label=_("名前を出さない（掲載機関とコーディネーターだけに伝える）"), required=False
    )


class VisitorForm(_Words):
    """お名前 and メールアドレス; the rest is as one likes. `website` is a trap: people do not see it."""

    field_order = ["name", "email", "message", "is_name_withheld", "website"]
    name = forms.CharField(
        label=_("お名前（会社名）"),
        max_length=MAX_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    email = forms.EmailField(
        label=_("メールアドレス"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("メールアドレスの形を確かめてください（例：taro@example.jp）。")},
    )
    website = forms.CharField(
        label=_("この欄には書かないでください"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    @property
    def is_trapped(self) -> bool:
        return bool(self.data.get("website"))

    def wish(self) -> Wish:
        given = self.cleaned_data
        return Wish(given["name"], given["email"], given["message"], given["is_name_withheld"])


class MemberForm(_Words):
    """For a signed-in person; an organisation may bring a client who has agreed."""

    client = forms.CharField(
        label=_("取引先の呼び方"),
        required=False,
        max_length=MAX_NAME,
        help_text=_("社名でなくて構いません（例：汐凪信金の取引先、食品製造業）。"),
    )
    consented_on = forms.DateField(
        label=_("取引先の同意日"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        client, day = given.get("client"), given.get("consented_on")
        if bool(client) != bool(day) and not self.errors:
            missing = "consented_on" if client else "client"
            self.add_error(missing, _("取引先を紹介するときは、呼び方と同意日の両方が要ります。"))
        if day and day > timezone.localdate():
            self.add_error("consented_on", _("同意日は、今日までの日にしてください。"))
        return given


class WithdrawForm(forms.Form):
    revision = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("取り下げる理由（書かなくても構いません）"),
        required=False,
        max_length=MAX_WORDS,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class AnswerForm(forms.Form):
    """One step of an answer."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    state = forms.ChoiceField(label=_("次の段階"), required=False, widget=forms.RadioSelect)
    message = forms.CharField(
        label=_("申し込んだ方への連絡"),
        required=False,
        max_length=MAX_WORDS,
        widget=forms.Textarea(attrs=_AREA),
        help_text=_("お知らせとメールで届きます。"),
    )
    reason = forms.CharField(
        label=_("見送りの理由"),
        required=False,
        max_length=MAX_WORDS,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("見送るときは必ず書いてください。申し込んだ方に伝わります。"),
    )
    outcome = forms.ChoiceField(
        label=_("成立の中身"),
        required=False,
        choices=[("", _("選んでください")), *Interest.Outcome.choices],
    )
    outcome_note = forms.CharField(label=_("成立の補足"), required=False, max_length=200)
    note = forms.CharField(
        label=_("内部のメモ"),
        required=False,
        max_length=MAX_WORDS,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("掲載機関とコーディネーターだけに見えます。"),
    )

    def __init__(self, *args: Any, interest: Interest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = next_states(interest)
        state: Any = self.fields["state"]
        state.choices = [("", _("段階は変えない（連絡・メモだけ）")), *((s.value, s.label) for s in steps)]
        if not steps:
            for name in ("state", "reason", "outcome", "outcome_note"):
                del self.fields[name]

    def answer(self) -> Answer:
        given = self.cleaned_data
        return Answer(
            state=given.get("state") or None,
            message=given["message"],
            note=given["note"],
            reason=given.get("reason", ""),
            outcome=given.get("outcome", ""),
            outcome_note=given.get("outcome_note", ""),
        )


class OpportunityForm(forms.Form):
    """A 連携募集 as its organisation writes it."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    forum: forms.ModelChoiceField = forms.ModelChoiceField(
        Forum.objects.none(), to_field_name="public_id", label=_("地域共創の場"), empty_label=None
    )
    direction = forms.ChoiceField(
        label=_("求む・提供"), choices=Opportunity.Direction.choices, widget=forms.RadioSelect
    )
    kind = forms.ChoiceField(label=_("種別"), choices=Opportunity.Kind.choices)
    title = forms.CharField(label=_("題名"), max_length=200)
    lead = forms.CharField(
        label=_("ひとことで言うと"),
        max_length=300,
        required=False,
        help_text=_("一覧に出る一文です。公開するときに要ります。"),
    )
    body = forms.CharField(
        label=_("くわしい内容"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_(
            "ニーズは「市場の課題 → 技術要件 → 制約 → 期限」の順に書くと、相手が判断しやすくなります。"
        ),
    )
    terms = forms.CharField(
        label=_("条件・費用"),
        max_length=500,
        required=False,
        help_text=_("金額には単位を付けてください（例：1時間2,400円）。"),
    )
    place = forms.CharField(label=_("場所・地域"), max_length=200, required=False)
    reply_days = forms.IntegerField(
        label=_("返事の目安（営業日）"),
        min_value=1,
        max_value=MAX_REPLY_DAYS,
        initial=5,
        help_text=_("申込みの翌日から数えます。土日・祝日・年末年始は含みません。"),
    )
    closes_on = forms.DateField(
        label=_("募集期限"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("空欄なら期限なしです。"),
    )
    review_on = forms.DateField(
        label=_("見直す日"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    visibility = forms.ChoiceField(
        label=_("公開範囲"), choices=Opportunity.Visibility.choices, widget=forms.RadioSelect
    )
    audience = forms.MultipleChoiceField(
        label=_("見られる構成員"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("公開範囲が「場のメンバーの一部」のときに選びます。どれかに当たる構成員が見られます。"),
    )
    post: forms.ModelChoiceField = forms.ModelChoiceField(
        Post.objects.none(),
        to_field_name="public_id",
        label=_("返事をする担当（主担当）"),
        empty_label=_("選んでください"),
    )
    deputy_post: forms.ModelChoiceField = forms.ModelChoiceField(
        Post.objects.none(),
        to_field_name="public_id",
        label=_("副担当"),
        required=False,
        empty_label=_("なし"),
    )
    project: forms.ModelChoiceField = forms.ModelChoiceField(
        Project.objects.none(),
        to_field_name="public_id",
        label=_("関係するプロジェクト"),
        required=False,
        empty_label=_("なし"),
    )

    def __init__(self, *args: Any, actor: Actor, organization_id: int | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["forum"].queryset = forums_to_post_in(actor)
        fields["audience"].choices = audience_choices()
        fields["post"].queryset = fields["deputy_post"].queryset = posts_to_answer(organization_id)
        fields["project"].queryset = Project.objects.visible_to(actor).order_by("code", "id")

    def audiences(self) -> list[Audience]:
        found = []
        for choice in self.cleaned_data["audience"]:
            what, _colon, code = choice.partition(":")
            found.append(Audience(role=code) if what == "role" else Audience(organization_kind=code))
        return found


def initial_of(opportunity: Opportunity) -> dict[str, Any]:
    """What stands, as the form shows it."""
    names = (
        "revision", "direction", "kind", "title", "lead", "body", "terms", "place", "reply_days", "closes_on",
        "review_on", "visibility",
    )  # fmt: skip
    found: dict[str, Any] = {name: getattr(opportunity, name) for name in names}
    for name in ("forum", "post", "deputy_post", "project"):
        found[name] = getattr(getattr(opportunity, name), "public_id", None)
    found["audience"] = [
        f"role:{each.role}" if each.role else f"kind:{each.organization_kind}"
        for each in opportunity.audiences.all()
    ]
    return found

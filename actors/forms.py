"""Shapes of what people send about themselves and the communities they keep."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from actors.models import Community, Organization, Post
from actors.selectors import organizations_acted_for
from foundation.access import Actor
from foundation.text import clean_line, clean_pasted


class ActingForForm(forms.Form):
    """For which of one's organisations to act from now on; others are no choice."""

    organization: forms.ModelChoiceField = forms.ModelChoiceField(
        Organization.objects.none(),
        to_field_name="public_id",
        label=_("所属する機関"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"invalid_choice": _("この機関の担当ではありません。一覧から選んでください。")},
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organization"]
        field.queryset = organizations_acted_for(actor)


# --- communities ------------------------------------------------------------------------------------------------------

_DAY = {"type": "date"}
_MULTILINE = 2000


class CleanText(forms.Form):
    """Text without what no page can carry: lines of one line, and paragraphs with one kind of line end."""

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        for name, field in self.fields.items():
            if type(field) is forms.CharField and isinstance(found.get(name), str):
                is_long = isinstance(field.widget, forms.Textarea)
                found[name] = clean_pasted(found[name]).strip() if is_long else clean_line(found[name])
        return found


class CommunityForm(CleanText):
    """コミュニティの説明. `posts` are those that may keep it."""

    name = forms.CharField(label=_("名称"), max_length=200)
    value = forms.ChoiceField(
        label=_("重視する価値"),
        choices=Community.Value.choices,
        widget=forms.RadioSelect,
        help_text=_("どの価値に着目した集まりかを、一つ選びます。"),
    )
    area_name = forms.CharField(
        label=_("地域"), max_length=200, required=False, help_text=_("例：汐凪市・葦原野町と周辺の海域")
    )
    summary = forms.CharField(
        label=_("概要"), required=False, max_length=_MULTILINE, widget=forms.Textarea(attrs={"rows": 4})
    )
    reason = forms.CharField(
        label=_("ここに来る理由"),
        required=False,
        max_length=_MULTILINE,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("技術、資金、人材、市場、わくわくすることなど、外の人が加わりたくなる理由を書きます。"),
    )
    post: forms.ModelChoiceField = forms.ModelChoiceField(
        Post.objects.none(), to_field_name="public_id", label=_("所管（主担当）"), empty_label=None
    )
    is_public = forms.BooleanField(
        label=_("だれにでも公開する（人の氏名は、サインインした人にだけ表示します）"), required=False
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, posts: QuerySet[Post], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["post"]
        field.queryset = posts
        field.label_from_instance = lambda post: f"{post.organization.display_name} {post}"


class PartForm(CleanText):
    """What a member does in a community, and from when to when."""

    is_local = forms.TypedChoiceField(
        label=_("地域"),
        choices=[("yes", _("地域内")), ("no", _("地域外"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        initial="yes",
    )
    is_leader = forms.BooleanField(label=_("中心的な主体として示す"), required=False)
    leads = forms.CharField(
        label=_("引っ張ること"),
        max_length=200,
        required=False,
        help_text=_("中心的な主体のときに書きます。例：研究の方向づけと人材の育成"),
    )
    role_note = forms.CharField(label=_("役割"), max_length=200, required=False)
    since_on = forms.DateField(label=_("参加日"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"))
    until_on = forms.DateField(
        label=_("最終日"),
        required=False,
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        help_text=_("離れるときに入れます。記録は残ります。"),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)


class NewMemberForm(PartForm):
    """Whom to add: an organisation, a person, or a person for an organisation, out of what a search found."""

    organization = forms.UUIDField(required=False, widget=forms.HiddenInput, label=_("機関"))
    person = forms.UUIDField(required=False, widget=forms.HiddenInput, label=_("人"))
    field_order = ("organization", "person", "is_local", "is_leader", "leads", "role_note", "since_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["until_on"], self.fields["revision"]

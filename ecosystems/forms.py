"""What is typed into the pages of questions. How long and how empty words may be is decided by the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from actors.models import Post
from ecosystems.models import Voice
from ecosystems.subjects import Subject
from foundation.text import clean_line

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Offered: TypeAlias = Sequence[tuple["StrOrPromise", list[Subject]]]


def _text(
    label: StrOrPromise, rows: int, help_text: StrOrPromise = "", *, required: bool = True
) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        strip=False,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class SubjectField(forms.ChoiceField):
    """何について: the things of a forum by kind; a thing already chosen stays hidden in the form."""

    def offer(self, given: Subject | None, offered: Offered) -> None:
        if given is not None:
            self.choices, self.widget = [(given.key, given.label)], forms.HiddenInput()
            self.initial = given.key
            return
        groups = [(label, [(each.key, each.label) for each in found]) for label, found in offered]
        self.choices = [("", _("選んでください")), *groups]


class AskForm(forms.Form):
    """A question of a resident: two fields, and an address for who wants the answer by mail."""

    about = SubjectField(label=_("何についてですか"))
    body = _text(
        _("ご意見・ご質問の内容"), 6,
        _("お名前や電話番号など、ご自分やほかの方が分かることは書かないでください。公開するときは、担当の職員が確かめます。"),
    )  # fmt: skip
    asker = forms.CharField(
        label=_("お住まいの地区・年代（書かなくても構いません）"), required=False,
        help_text=_("例：浜通り地区・50代。回答と一緒に公開します。"),
    )  # fmt: skip
    email = forms.CharField(
        label=_("メールアドレス（メールでも回答を受け取りたい方だけ）"), required=False,
        help_text=_("公開しません。回答のためだけに使い、一定の期間の後に消します。"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )  # fmt: skip
    website = forms.CharField(
        label=_("この欄には何も書かないでください"), required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )  # fmt: skip

    def __init__(
        self, *args: Any, given: Subject | None = None, offered: Offered = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].offer(given, offered)  # type: ignore[attr-defined]

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError(
                _("自動の投稿と見分けるための欄です。この欄を空にして、もう一度お送りください。")
            )
        return ""


class EnterForm(forms.Form):
    """What came by telephone or on paper, written down by a member of staff."""

    about = SubjectField(label=_("何について"))
    channel = forms.ChoiceField(
        label=_("受付の方法"),
        choices=[(each.value, each.label) for each in (Voice.Channel.PHONE, Voice.Channel.DESK)],
        widget=forms.RadioSelect,
        initial=Voice.Channel.PHONE,
    )
    received_on = forms.DateField(
        label=_("受付日"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("回答期限は、この日の翌日から10営業日です。"),
    )  # fmt: skip
    body = _text(
        _("聞き取った内容"), 6, _("ご本人の言葉に近い形で書いてください。氏名や連絡先は書かないでください。")
    )
    asker = forms.CharField(
        label=_("お住まいの地区・年代"),
        required=False,
        help_text=_("例：浜通り地区・50代。回答と一緒に公開します。"),
    )

    def __init__(
        self, *args: Any, given: Subject | None = None, offered: Offered = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].offer(given, offered)  # type: ignore[attr-defined]
        self.fields["received_on"].initial = timezone.localdate()


class StepForm(forms.Form):
    """A step in the work on one question, with the revision that the page showed."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, voice: Voice, posts: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.voice = voice
        self.fields["revision"].initial = voice.revision


class PostChoice(forms.ModelChoiceField):
    def label_from_instance(self, post: Any) -> str:
        return f"{post.organization.display_name}　{post}"


class AssignForm(StepForm):
    post = PostChoice(label=_("回答する担当"), queryset=Post.objects.none(), to_field_name="public_id")
    deputy_post = PostChoice(
        label=_("一緒に回答する担当"), queryset=Post.objects.none(), to_field_name="public_id", required=False,
        empty_label=_("なし"),
    )  # fmt: skip
    note = _text(_("担当への連絡"), 2, required=False)

    def __init__(self, *args: Any, posts: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("post", "deputy_post"):
            self.fields[name].queryset = posts  # type: ignore[attr-defined]


class AnswerForm(StepForm):
    answer = _text(
        _("回答"), 10, _("住民の方が一度読んで分かる言葉で、結論から書いてください。"), required=False
    )
    answered_by_label = forms.CharField(
        label=_("回答する課の名前"),
        required=False,
        help_text=_("例：汐凪市 産業振興課（架空）。回答と一緒に公開します。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"].initial = self.voice.answer
        self.fields["answered_by_label"].initial = self.voice.answered_by_label or _section_of(
            self.voice.post
        )


def _section_of(post: Post | None) -> str:
    if post is None:
        return ""
    return clean_line(f"{post.organization.display_name} {(post.section or post.name).split()[0]}")


class ReleaseForm(StepForm):
    public_body = _text(
        _("公開する質問の内容"), 5, _("個人が分かるところを除き、短くして構いません。受け付けたときの文は残ります。"), required=False
    )  # fmt: skip
    asker = forms.CharField(label=_("公開する地区・年代"), required=False)
    publish = forms.ChoiceField(
        label=_("公開"),
        choices=[("yes", _("質問と回答を公開する")), ("no", _("質問した方にだけ回答する（公開しない）"))],
        widget=forms.RadioSelect,
        initial="yes",
    )
    has_no_names = forms.BooleanField(
        label=_("質問と回答に、氏名・電話番号・住所など、個人が分かることがないことを確かめました"),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["public_body"].initial = self.voice.public_body or self.voice.body
        self.fields["asker"].initial = self.voice.asker
        if not self.voice.is_open:
            self.fields["publish"].widget = forms.HiddenInput()


class ReasonForm(StepForm):
    note = _text(_("理由"), 3, required=False)


class ReturnForm(StepForm):
    note = _text(_("直すところ"), 3, required=False)

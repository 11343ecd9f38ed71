"""Shapes of what people send about themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from actors.models import Organization
from actors.selectors import organizations_acted_for
from foundation.access import Actor


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

"""`{% once_token %}` inside a form: a double click performs once. The view must use `foundation.idempotency`."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from foundation.idempotency import FORM_FIELD, new_token

register = template.Library()


@register.simple_tag
def once_token() -> SafeString:
    """A hidden field with a token of its own for every time the form is shown."""
    return format_html('<input type="hidden" name="{}" value="{}">', FORM_FIELD, new_token())

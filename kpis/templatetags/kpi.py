"""How one figure stands in a cell of a table."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kpis.selectors.wording import Printed

register = template.Library()


@register.filter
def figure_cell(cell: Printed) -> SafeString:
    """The figure with the way to its origin, or the word for what is missing (on paper its sign)."""
    if cell.text:
        note = format_html('<span class="p-scorecard__sub">{}</span>', cell.note) if cell.note else ""
        return format_html('<a href="{}">{}</a>{}', cell.url, cell.text, note)
    gap = format_html(
        '<span class="p-gap" data-kind="{}"><span class="p-gap__word">{}</span></span>', cell.gap, cell.word
    )
    return format_html('<a class="p-gap-link" href="{}">{}</a>', cell.url, gap) if cell.url else gap

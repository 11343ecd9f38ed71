"""The columns of the workbook, and how a cell of it is compared. One row is one cell of the grid (KPI, period)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from foundation.text import search_key
from kpis.figures import FigureError, parse_figure
from kpis.rules import Missing, Nature
from kpis.services.entering import mark_of
from kpis.services.planning import ENTERABLE_MISSING, FIGURES

KEY, CODE, NAME, UNIT, PERIOD = "key", "code", "name", "unit", "period"
STATE, SEEN = "state", "seen"
TYPED = (*FIGURES, "nature", "missing", "note")


@dataclass(frozen=True)
class Field:
    """One column: its header, its width in half-width characters, and whether people fill it in."""

    name: str
    header: str
    width: float
    is_typed: bool = False
    is_hidden: bool = False


def fields() -> list[Field]:
    """The columns in order, with their headers in the reader's language."""
    return [
        Field(KEY, _("鍵"), 4, is_hidden=True),
        Field(CODE, _("番号"), 10),
        Field(NAME, _("KPI"), 40),
        Field(UNIT, _("単位"), 12),
        Field(PERIOD, _("期間"), 20),
        Field("value", _("値"), 14, is_typed=True),
        Field("numerator", _("分子"), 12, is_typed=True),
        Field("denominator", _("分母"), 12, is_typed=True),
        Field("nature", _("数値の性質"), 12, is_typed=True),
        Field("missing", _("値がない理由"), 14, is_typed=True),
        Field("note", _("備考"), 36, is_typed=True),
        Field(STATE, _("今の状態"), 20),
        Field(SEEN, _("確認用"), 4, is_hidden=True),
    ]


def nature_of(label: str) -> str | None:
    """The nature of a label (速報値 …); 確定値 for nothing, None for what is none."""
    return _by_label(label, {each: str(each.label) for each in Nature}, Nature.FINAL)


def missing_of(label: str) -> str | None:
    """欠測 or 対象外; "" for nothing, None for what is none."""
    return _by_label(label, {each: str(each.label) for each in ENTERABLE_MISSING}, "")


def _by_label(label: str, labels: Mapping[str, str], default: str) -> str | None:
    wanted = search_key(label).strip()
    if not wanted:
        return str(default)
    return next((str(value) for value, text in labels.items() if search_key(text) == wanted), None)


def label_of_missing(value: str) -> str:
    return str(Missing(value).label) if value else ""


def canonical(text: str) -> str:
    """A figure however it is written (1,234 ＝ 1234 ＝ １２３４); other text without blanks around it."""
    try:
        return f"{parse_figure(text).normalize():f}" if text.strip() else ""
    except FigureError:
        return text.strip()


def mark_of_row(texts: Mapping[str, str]) -> str:
    """A short mark of what a row holds, by which the workbook says what it was downloaded with."""
    figures = [canonical(texts.get(name, "")) for name in FIGURES]
    return mark_of([*figures, *(texts.get(name, "") for name in ("nature", "missing", "note"))])


def as_number(text: str) -> Decimal | None:
    """The figure, to be written as a number cell; None where the text is none."""
    try:
        return parse_figure(text) if text.strip() else None
    except FigureError:
        return None

"""From typed cells to figures: what each one is, what is wrong with it, and what submitting it would do.

Nothing here writes. The grid, the confirmation page, the submit itself and the API read a cell by the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from foundation.errors import DomainError
from kpis.cells import newest_valid
from kpis.figures import AmbiguousDash, FigureError, check_denominator, parse_figure
from kpis.models import DraftEntry, IndicatorSheet, Measurement
from kpis.periods import Grain, Period
from kpis.rules import Basis, Missing, Nature, Scale
from kpis.services import ledger

ENTERABLE_MISSING = (Missing.NEVER, Missing.NOT_APPLICABLE)
FIGURES = ("value", "numerator", "denominator")


# --- from text to a figure -------------------------------------------------------------------------------------------


def read_entry(entry: DraftEntry, sheet: IndicatorSheet) -> ledger.Entry:
    """The figure of a cell, or a DomainError whose `field` is value, numerator, denominator, period or note."""
    check_period(entry.period, sheet)
    if entry.missing:
        return _without_figure(entry, sheet)
    figures = _ratio(entry) if sheet.scale == Scale.RATIO else {"value": _single(entry, sheet)}
    return ledger.Entry(
        indicator=entry.indicator,
        period=entry.period,
        unit=sheet.unit,
        nature=entry.nature,
        note=entry.note,
        **figures,  # type: ignore[arg-type]
    )


def check_period(period: Period, sheet: IndicatorSheet) -> None:
    outside = period.first < sheet.first_period.first or (
        sheet.last_period is not None and period.last_month > sheet.last_period.last_month
    )
    if period.grain != sheet.grain or outside:
        raise DomainError(
            "period",
            _("この期間には入力できません。測定の区切りは%(grain)s、最初の期間は%(first)sです。")
            % {"grain": Grain(sheet.grain).label, "first": sheet.first_period.label},
            field="period",
        )


def _without_figure(entry: DraftEntry, sheet: IndicatorSheet) -> ledger.Entry:
    if entry.missing not in ENTERABLE_MISSING:
        raise DomainError("missing", _("欠測か対象外を選んでください。"), field="missing")
    if any(getattr(entry, name).strip() for name in FIGURES):
        raise DomainError(
            "figure_and_missing",
            _("値があり、「%(missing)s」も選ばれています。どちらか一方にしてください。")
            % {"missing": Missing(entry.missing).label},
            field="value",
        )
    if not entry.note.strip():
        raise DomainError("note_missing", _("欠測・対象外とする理由を備考に入れてください。"), field="note")
    return ledger.Entry(
        indicator=entry.indicator,
        period=entry.period,
        unit=sheet.unit,
        missing=entry.missing,
        note=entry.note,
    )


def _ratio(entry: DraftEntry) -> dict[str, Decimal]:
    if entry.value.strip():
        raise DomainError(
            "ratio_value", _("率ではなく、分子と分母を入れてください。率は自動で計算します。"), field="value"
        )
    numerator, denominator = _figure(entry.numerator, "numerator"), _figure(entry.denominator, "denominator")
    try:
        check_denominator(denominator)
    except FigureError as error:
        raise DomainError(error.code, str(error), field="denominator") from error
    return {"numerator": numerator, "denominator": denominator}


def _single(entry: DraftEntry, sheet: IndicatorSheet) -> Decimal:
    value = _figure(entry.value, "value")
    if sheet.scale == Scale.YES_NO and value not in (0, 1):
        raise DomainError("yes_no", _("「はい」か「いいえ」を選んでください。"), field="value")
    if sheet.scale == Scale.LEVEL and sheet.steps and value not in range(len(sheet.steps)):
        raise DomainError("level", _("段階を選び直してください。"), field="value")
    return value


def _figure(text: str, field: str) -> Decimal:
    if not text.strip():
        raise DomainError("blank", _blank(field), field=field)
    try:
        return parse_figure(text)
    except AmbiguousDash as error:
        raise DomainError(
            "ambiguous_dash",
            _("「－」は、実績なし（0）か対象外かが分かりません。0 を入れるか、「対象外」を選んでください。"),
            field=field,
        ) from error
    except FigureError as error:
        raise DomainError(error.code, str(error), field=field) from error


def _blank(field: str) -> str:
    if field == "numerator":
        return _("分子を入れてください。")
    if field == "denominator":
        return _("分母を入れてください。")
    return _("値を入れてください。実績がないときは 0 を、届いていないときは空のままにします。")


# --- what would be submitted -----------------------------------------------------------------------------------------


@dataclass
class Planned:
    """One cell of a draft and what submitting it would do. `official`, `standing`: what counts until then."""

    entry: DraftEntry
    sheet: IndicatorSheet
    figure: ledger.Entry | None = None
    official: Measurement | None = None
    standing: Measurement | None = None
    errors: list[DomainError] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """error · same (nothing to submit) · changed (an approved or submitted figure) · new."""
        if self.errors:
            return "error"
        if _same(self.figure, self.standing):
            return "same"
        return "new" if self.standing is None else "changed"


def plan(entries: Sequence[DraftEntry]) -> list[Planned]:
    """Every entry as a figure or with what is wrong with it; three queries whatever the number."""
    sheets = _sheets({entry.indicator_id for entry in entries})
    pairs = {(entry.indicator_id, entry.period) for entry in entries}
    official, standing = newest_valid(pairs, Basis.OFFICIAL), newest_valid(pairs, Basis.PROVISIONAL)
    return [
        checked(
            Planned(
                entry,
                sheets[entry.indicator_id],
                official=official.get((entry.indicator_id, entry.period)),
                standing=standing.get((entry.indicator_id, entry.period)),
            )
        )
        for entry in entries
    ]


def _sheets(indicator_ids: set[int]) -> Mapping[int, IndicatorSheet]:
    sheets = IndicatorSheet.objects.filter(indicator_id__in=indicator_ids, superseded_at=None)
    return {sheet.indicator_id: sheet for sheet in sheets}


def checked(planned: Planned) -> Planned:
    """The same cell with its figure, or with what is wrong with it. No query where `entry.indicator` is loaded."""
    entry = planned.entry
    try:
        if entry.indicator.is_rolled_up:
            raise rolled_up()
        planned.figure = read_entry(entry, planned.sheet)
        if planned.official is not None and planned.kind == "changed":
            _require_reason(planned.figure)
    except DomainError as error:
        error.details.update(indicator=str(entry.indicator.public_id), period=entry.period.code)
        planned.errors.append(error)
    return planned


def figures_of(planned: Iterable[Planned]) -> list[ledger.Entry]:
    """The figures that submitting would record: what stands exactly so already is left out."""
    return [each.figure for each in planned if each.figure is not None and each.kind != "same"]


def _require_reason(figure: ledger.Entry) -> None:
    """A change of an approved figure needs its reason; a 見込値 changes none."""
    if not figure.note.strip() and figure.nature != Nature.OUTLOOK:
        raise DomainError(
            "reason_missing", _("承認済みの値があります。訂正する理由を備考に入れてください。"), field="note"
        )


_COMPARED = ("unit", "value", "numerator", "denominator", "nature", "missing")


def _same(figure: ledger.Entry | None, row: Measurement | None) -> bool:
    """Whether it stands exactly so already; a new note alone is something new."""
    if figure is None or row is None:
        return False
    if figure.note.strip() and figure.note.strip() != row.note.strip():
        return False
    return all(getattr(figure, name) == getattr(row, name) for name in _COMPARED)


def rolled_up() -> DomainError:
    message = _("積上げのKPIには、値を直接入力できません。下位のKPIに入力してください。")
    return DomainError("rolled_up", message, field="indicator")

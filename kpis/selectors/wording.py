"""How figures, targets and missing values are written: strings for templates, never markup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from actors.models import Post
from foundation.dates import end_of_day_tokyo
from kpis.attainment import Attainment, Bounds
from kpis.figures import show_figure, show_rate
from kpis.models import IndicatorSheet
from kpis.periods import Period
from kpis.rules import AttainmentRule, Missing, Nature, Scale
from kpis.selectors.series import OUTSIDE
from kpis.units import unit_of

Target = Decimal | Bounds | None
FIRST_YEAR = 1950

# What the component `gap` calls the ways in which a figure is not there.
GAP_KINDS = {
    Missing.NOT_REPORTED: "unreported",
    Missing.NEVER: "missing",
    Missing.NOT_APPLICABLE: "not_expected",
    Missing.NOT_DUE: "early",
    Missing.WITHHELD: "withheld",
    "no_value": "no_value",
    OUTSIDE: "outside",
}


@dataclass(frozen=True, slots=True)
class Printed:
    """A figure ready for print: `text`, or `gap` with the kind and `word` of what is missing; `note` small beneath it."""

    text: str = ""
    gap: str = ""
    word: str = ""
    url: str = ""
    note: str = ""
    symbol: str = ""
    grade: str = ""
    tone: str = ""


def gap_word(code: str) -> str:
    if code == OUTSIDE:
        return _("期間外")
    if code == "no_value":
        return _("計算できません")
    return _(Missing(code).label)


def figure_text(value: Decimal, sheet: IndicatorSheet) -> str:
    """「1,234.5」 with the indicator's own decimals; 0 is always written 0; はい・いいえ in words."""
    if sheet.scale == Scale.YES_NO and sheet.unit == "yes_no":
        return _("はい") if value == 1 else _("いいえ")
    return show_figure(value, sheet.decimals) if value else "0"


def step_name(value: Decimal | None, sheet: IndicatorSheet) -> str:
    """The name of a level (段階), if the sheet names it."""
    if sheet.scale != Scale.LEVEL or value is None or value != int(value):
        return ""
    for index, step in enumerate(sheet.steps or []):
        number, name = (
            (step.get("level", index), step.get("name", "")) if isinstance(step, dict) else (index, step)
        )
        if int(number) == int(value):
            return str(name)
    return ""


def target_text(target: Target, sheet: IndicatorSheet) -> str:
    """「75」, 「60〜90」; targets keep the decimals they were agreed with."""
    if target is None:
        return ""
    if isinstance(target, Bounds):
        return f"{plain_figure(target.lower)}〜{plain_figure(target.upper)}"
    return plain_figure(target) if sheet.scale != Scale.YES_NO else figure_text(target, sheet)


def plain_figure(value: Decimal) -> str:
    """As many decimals as the figure has."""
    text = f"{value.normalize():f}"
    return show_figure(value, len(text.partition(".")[2]))


def unit_label(sheet: IndicatorSheet) -> str:
    return unit_of(sheet.unit).label


def rate_text(attainment: Attainment) -> str:
    return "" if attainment.ratio is None else show_rate(attainment.ratio)


def rate_label(rule: str) -> str:
    """The short name of a rate; the two formulas are never mixed."""
    return {
        AttainmentRule.RATIO_TO_TARGET: _("達成率"),
        AttainmentRule.PROGRESS_FROM_BASELINE: _("進捗率"),
        AttainmentRule.INVERSE_RATIO: _("達成率（目標÷実績）"),
        AttainmentRule.IN_RANGE: _("範囲"),
    }[AttainmentRule(rule)]


def rate_meaning(rule: str) -> str:
    """The formula of a rate in words."""
    return {
        AttainmentRule.RATIO_TO_TARGET: _("実績値÷目標値"),
        AttainmentRule.PROGRESS_FROM_BASELINE: _("（実績値−基準値）÷（目標値−基準値）"),
        AttainmentRule.INVERSE_RATIO: _("目標値÷実績値"),
        AttainmentRule.IN_RANGE: _("実績値が目標の範囲の中にあるか"),
    }[AttainmentRule(rule)]


def met_word(attainment: Attainment, in_range: bool) -> str:
    if attainment.met is None:
        return ""
    if in_range:
        return _("範囲内") if attainment.met else _("範囲外")
    return _("達成") if attainment.met else _("未達")


def signed(value: Decimal | Fraction, decimals: int) -> str:
    """「＋5.3」「▲2.1」「0」."""
    text = show_figure(value, decimals)
    return f"＋{text}" if value > 0 and not text.startswith("▲") and text.strip("0.") else text


def nature_word(natures: set[str], rolled_up: bool) -> str:
    """What is not 確定値 among the figures that were measured."""
    words = [Nature(each).label for each in (Nature.PRELIMINARY, Nature.CORRECTED) if each in natures]
    if not words:
        return ""
    return _("%(natures)sを含む") % {"natures": "・".join(words)} if rolled_up else "・".join(words)


def keeper_text(section: str, name: str, organization: str) -> str:
    return f"{organization} {section or name}".strip()


def post_text(post: Post | None) -> str:
    """「汐凪市 産業振興課」."""
    if post is None:
        return ""
    return keeper_text(post.section, post.name, post.organization.display_name)


# --- addresses -------------------------------------------------------------------------------------------------------

_ANY = "00000000-0000-0000-0000-000000000000"


@lru_cache(maxsize=8)
def _pattern(name: str, prefix: str) -> str:
    return reverse(name, args=[_ANY])


def address(name: str, public_id: Any) -> str:
    """`reverse` for a page of one object; the pattern is looked up once, not once per row."""
    return _pattern(name, get_script_prefix()).replace(_ANY, str(public_id))


def why_address(public_id: Any, period: Period, basis: str, as_of: str = "") -> str:
    extra = f"&as_of={as_of}" if as_of else ""
    return f"{address('kpis:why', public_id)}?period={period.code}&basis={basis}{extra}"


# --- moments ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AsOf:
    """基準時点 as asked for: `moment` None means now; `text` goes back into addresses; `today` is its day in Tokyo."""

    moment: datetime | None = None
    text: str = ""

    @property
    def today(self) -> date:
        return timezone.localdate() if self.moment is None else timezone.localdate(self.moment)

    @property
    def label(self) -> str:
        return self.text.replace("T", " ")


class AsOfError(ValueError):
    """A text that is neither a date nor a moment; the message is Japanese."""


def read_as_of(text: str | None) -> AsOf:
    """「2025-05-31」 is the end of that day in Tokyo; a moment may be given to the second; nothing means now."""
    plain = (text or "").strip()
    if not plain:
        return AsOf()
    try:
        moment = _moment(plain)
    except ValueError:
        raise AsOfError(_("基準時点は「2025-05-31」の形で指定してください。")) from None
    if moment.year < FIRST_YEAR or timezone.localdate(moment) > timezone.localdate():
        raise AsOfError(_("基準時点には、今日までの日付を指定してください。"))
    return AsOf(moment, plain)


def _moment(text: str) -> datetime:
    if len(text) == 10:
        return end_of_day_tokyo(date.fromisoformat(text))
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)

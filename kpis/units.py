"""Units and their families. Figures are handed up in the family's smallest unit, so that 千円 and 百万円 add up exactly.

A family's multipliers are powers of ten: conversion never rounds. Hours and minutes are therefore two families.
A unit per something (円/人) is composed from two registered units; factor and conversion act on its numerator.
Codes are stable ASCII, labels what stands on screen. Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from foundation.dates import plain_text

_WIDE = Context(prec=200)
PERCENT = "percent"
LEVEL = "level"
YES_NO = "yes_no"
YEN = "yen"


class UnitError(ValueError):
    """An unknown unit, or two units of two families; the message is Japanese and fit to be shown."""


@dataclass(frozen=True)
class Unit:
    """One unit: `multiplier` smallest units of its `family` make one of it; `decimals` are those shown by default."""

    code: str
    label: str
    family: str
    multiplier: Decimal = Decimal(1)
    decimals: int = 0

    def __str__(self) -> str:
        return self.label

    @property
    def is_percent(self) -> bool:
        """Whether a ratio in this unit has the value 100 × numerator ÷ denominator."""
        return self.family == PERCENT

    @property
    def is_per(self) -> bool:
        """A unit per something, 円/人."""
        return "/" in self.code

    def to_smallest(self, value: Decimal) -> Decimal:
        return _WIDE.multiply(value, self.multiplier)

    def from_smallest(self, value: Decimal) -> Decimal:
        """Exact: may have more than 6 decimals (1円 is 0.00000001億円); rounded only when stored."""
        return _WIDE.divide(value, self.multiplier)


# family: (code, label, multiplier of the smallest, decimals shown)
_SCALED: Mapping[str, tuple[tuple[str, str, str, int], ...]] = {
    YEN: (
        ("yen", "円", "1", 0),
        ("yen_thousand", "千円", "1000", 0),
        ("yen_ten_thousand", "万円", "10000", 0),
        ("yen_million", "百万円", "1000000", 1),
        ("yen_hundred_million", "億円", "100000000", 1),
        ("yen_trillion", "兆円", "1000000000000", 1),
    ),
    "mass": (("g", "g", "1", 0), ("kg", "kg", "1000", 0), ("t", "t", "1000000", 0)),
    "co2": (("kg_co2", "kg-CO2", "1", 0), ("t_co2", "t-CO2", "1000", 0)),
    "length": (("m", "m", "1", 0), ("km", "km", "1000", 1)),
    "area": (
        ("m2", "㎡", "1", 0),
        ("are", "a", "100", 1),
        ("ha", "ha", "10000", 1),
        ("km2", "km2", "1000000", 1),
    ),
    "volume": (("ml", "mL", "1", 0), ("l", "L", "1000", 0), ("kl", "kL", "1000000", 1)),
    "energy": (
        ("kwh", "kWh", "1", 0),
        ("mwh", "MWh", "1000", 1),
        ("gwh", "GWh", "1000000", 1),
    ),
}

# Each of these is a family of its own: 件 does not become 社.
_SINGLE: tuple[tuple[str, str, int], ...] = (
    ("count", "件", 0),
    ("person", "人", 0),
    ("company", "社", 0),
    ("times", "回", 0),
    ("machine", "台", 0),
    ("household", "戸", 0),
    ("family", "世帯", 0),
    ("organisation", "団体", 0),
    ("office", "事業所", 0),
    ("school", "校", 0),
    ("place", "箇所", 0),
    ("item", "品目", 0),
    ("sheet", "枚", 0),
    ("long_piece", "本", 0),
    ("book", "冊", 0),
    ("piece", "点", 0),
    ("head", "頭", 0),
    ("trip", "便", 0),
    ("group", "組", 0),
    ("municipality", "市町村", 0),
    ("day", "日", 0),
    ("month", "か月", 0),
    ("year", "年", 1),
    ("hour", "時間", 1),
    ("minute", "分", 0),
    ("person_day", "人日", 0),
    ("pallet_day", "パレット日", 0),
    ("point", "ポイント", 1),
    ("fold", "倍", 2),
    (PERCENT, "％", 1),
    (LEVEL, "段階", 0),
    (YES_NO, "はい・いいえ", 0),
)

_ALIASES = {
    "%": "％",
    "パーセント": "％",
    "名": "人",
    "pt": "ポイント",
    "トン": "t",
    "m2": "㎡",
    "平方メートル": "㎡",
    "ヘクタール": "ha",
    "有無": "はい・いいえ",
}


def _registered() -> Iterator[Unit]:
    for code, label, decimals in _SINGLE:
        yield Unit(code, label, code, Decimal(1), decimals)
    for family, units in _SCALED.items():
        for code, label, multiplier, decimals in units:
            yield Unit(code, label, family, Decimal(multiplier), decimals)


UNITS: Mapping[str, Unit] = {unit.code: unit for unit in _registered()}
_BY_LABEL: Mapping[str, Unit] = {plain_text(unit.label): unit for unit in UNITS.values()}
SMALLEST: Mapping[str, Unit] = {unit.family: unit for unit in UNITS.values() if unit.multiplier == 1}


def unit_of(code: str) -> Unit:
    """The unit of a code; `yen_thousand/person` is composed (千円/人)."""
    numerator, slash, denominator = code.partition("/")
    if not slash and code in UNITS:
        return UNITS[code]
    if slash and numerator in UNITS and denominator in UNITS:
        return per(UNITS[numerator], UNITS[denominator])
    raise UnitError(f"「{code}」という単位は登録されていません。")


def unit_labelled(label: str) -> Unit:
    """The unit that people write 「千円」「%」「円／人」, full-width or not."""
    numerator, slash, denominator = plain_text(label).partition("/")
    if not slash:
        return _simple_labelled(numerator, label)
    return per(_simple_labelled(numerator, label), _simple_labelled(denominator, label))


def _simple_labelled(plain: str, written: str) -> Unit:
    name = plain_text(_ALIASES.get(plain, plain))
    if name not in _BY_LABEL:
        raise UnitError(f"「{written}」という単位は登録されていません。")
    return _BY_LABEL[name]


def per(numerator: Unit, denominator: Unit) -> Unit:
    """円/人: the numerator converts within its family, the denominator stays as it is."""
    if {numerator.family, denominator.family} & {PERCENT, LEVEL, YES_NO}:
        raise UnitError(f"「{numerator.label}/{denominator.label}」は単位として使えません。")
    return Unit(
        code=f"{numerator.code}/{denominator.code}",
        label=f"{numerator.label}/{denominator.label}",
        family=f"{numerator.family}/{denominator.code}",
        multiplier=numerator.multiplier,
        decimals=1,
    )


def require_one_family(child: Unit, parent: Unit) -> None:
    """UnitError when figures of the one cannot become figures of the other."""
    if child.family != parent.family:
        raise UnitError(
            f"「{child.label}」を「{parent.label}」に換算することはできません。単位の種類が違います。"
        )


def convert(value: Decimal, source: Unit, target: Unit) -> Decimal:
    """Exact conversion within a family; UnitError across two."""
    require_one_family(source, target)
    return target.from_smallest(source.to_smallest(value))

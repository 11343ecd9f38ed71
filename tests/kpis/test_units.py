"""Units and their families."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.units import SMALLEST, UNITS, Unit, UnitError, convert, per, unit_labelled, unit_of

FIGURES = st.decimals(-(10**9), 10**9, places=6, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        ("1200", "千円", "百万円", "1.2"),
        ("1", "億円", "円", "100000000"),
        ("1", "円", "億円", "0.00000001"),
        ("341", "億円", "百万円", "34100"),
        ("12.5", "t", "kg", "12500"),
        ("1", "ha", "㎡", "10000"),
        ("25000", "円/人", "千円/人", "25"),
    ],
)
def test_units_of_one_family_convert_exactly(value, source, target, result):
    assert convert(Decimal(value), unit_labelled(source), unit_labelled(target)) == Decimal(result)


@given(FIGURES, st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)))
def test_there_and_back_is_the_same_figure_or_an_error(value, one, other):
    source, target = UNITS[one], UNITS[other]
    if source.family != target.family:
        with pytest.raises(UnitError, match="換算することはできません"):
            convert(value, source, target)
        return
    assert convert(convert(value, source, target), target, source) == value


@pytest.mark.parametrize("label", ["件", "人", "社", "回", "台", "戸", "％", "円", "千円", "百万円", "億円", "t", "kg", "g", "ポイント", "段階", "日", "時間", "ha", "km", "本", "枚"])  # fmt: skip
def test_the_usual_units_are_there(label):
    assert unit_labelled(label).label == label


@pytest.mark.parametrize(
    ("written", "code"), [("%", "percent"), ("ｋｇ", "kg"), ("円／人", "yen/person"), ("名", "person")]
)
def test_units_are_read_as_people_write_them(written, code):
    assert unit_labelled(written).code == code


def test_every_code_leads_back_to_its_unit_and_is_ascii():
    assert all(unit_of(code) is unit and code.isascii() for code, unit in UNITS.items())


def test_every_family_has_one_smallest_unit_and_only_powers_of_ten():
    assert {unit.family for unit in UNITS.values()} == set(SMALLEST)
    assert all(set(str(unit.multiplier)) <= {"0", "1"} for unit in UNITS.values())


def test_a_unit_per_something_converts_its_numerator_only():
    unit = unit_of("yen_thousand/person")
    assert (unit.label, unit.family, unit.multiplier) == ("千円/人", "yen/person", Decimal(1000))


@pytest.mark.parametrize("code", ["", "yen/", "/person", "yen/percent", "yen/person/day", "gold"])
def test_an_unknown_unit_is_refused(code):
    with pytest.raises(UnitError):
        unit_of(code)


def test_percent_is_not_a_point():
    with pytest.raises(UnitError):
        convert(Decimal(1), unit_labelled("％"), unit_labelled("ポイント"))


def test_a_percent_per_person_makes_no_sense():
    with pytest.raises(UnitError):
        per(unit_labelled("％"), unit_labelled("人"))


def test_the_division_does_not_lean_on_the_ambient_precision():
    unit = Unit("u", "単位", "f", Decimal("1e8"))
    assert unit.from_smallest(Decimal("12345678901234567890123456789.123456")) == Decimal(
        "123456789012345678901.23456789123456"
    )

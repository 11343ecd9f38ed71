"""Exact decimals: what goes into either database comes out unchanged, and SQL calculates with it exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from foundation.exact_sql import dialect_of
from foundation.fields import ExactDecimalField, from_micros, to_micros
from foundation.figures import rounded_quotient

FIELD = ExactDecimalField()
DECIMALS = st.integers(-(10**24), 10**24).map(from_micros)


def sql(expression: str, *values: Decimal) -> Decimal | None:
    """One value computed by the database."""
    prepared = [FIELD.get_db_prep_value(value, connection) for value in values]
    if connection.vendor == "postgresql":
        expression = expression.replace("%s", "%s::numeric")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression}", prepared)
        return FIELD.from_db_value(cursor.fetchone()[0], None, connection)


def half_up(value: Fraction) -> Decimal:
    return from_micros(rounded_quotient(value.numerator * 10**6, value.denominator))


class InTheDatabase(TestCase):
    @settings(max_examples=150, deadline=None)
    @given(DECIMALS)
    def test_round_trip(self, value):
        assert sql("%s", value) == value

    @settings(max_examples=150, deadline=None)
    @given(DECIMALS, DECIMALS)
    def test_quotient_is_rounded_half_up_once(self, a, b):
        expected = half_up(Fraction(a) / Fraction(b)) if b else None
        assert sql("exact_div(%s, %s)", a, b) == expected

    @settings(max_examples=150, deadline=None)
    @given(st.integers(-(10**18), 10**18).map(from_micros), st.integers(-(10**9), 10**9).map(from_micros))
    def test_product_is_rounded_half_up_once(self, a, b):
        assert sql("exact_mul(%s, %s)", a, b) == half_up(Fraction(a) * Fraction(b))

    @settings(max_examples=60, deadline=None)
    @given(st.lists(DECIMALS, min_size=1, max_size=8))
    def test_sum_least_and_greatest_are_exact(self, values):
        rows = " UNION ALL ".join(["SELECT %s AS v"] * len(values))
        dialect = dialect_of(connection)
        for spelt, expected in (
            (dialect.sum_of("v"), sum(values, Decimal(0))),
            (dialect.min_of("v"), min(values)),
            (dialect.max_of("v"), max(values)),
        ):
            made = sql(f"(SELECT {spelt} FROM ({rows}) AS t)", *values)  # noqa: S608 (no value is spelt out)
            assert made == expected


def test_more_than_six_decimals_is_refused_not_rounded():
    with pytest.raises(ValueError, match="decimals"):
        to_micros(Decimal("0.0000001"))

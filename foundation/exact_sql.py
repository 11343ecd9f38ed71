"""Exact arithmetic inside the database, under one set of names on SQLite and PostgreSQL.

SQLite calculates on integers of millionths through functions registered on each connection; PostgreSQL on numeric,
with `exact_div` and `exact_mul` created by a migration. Quotients and products are rounded half up, away from zero
(四捨五入), to 6 decimals. `Dialect` spells the few expressions that differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from foundation import guards
from foundation.fields import MICRO
from foundation.figures import rounded_quotient

_INT64 = 1 << 63
Micros = int | str | None


def _out(micros: int) -> int | str:
    return micros if -_INT64 <= micros < _INT64 else str(micros)


def _div(a: Micros, b: Micros) -> int | str | None:
    if a is None or b is None or int(b) == 0:
        return None
    return _out(rounded_quotient(int(a) * MICRO, int(b)))


def _mul(a: Micros, b: Micros) -> int | str | None:
    if a is None or b is None:
        return None
    return _out(rounded_quotient(int(a) * int(b), MICRO))


class _Sum:
    def __init__(self) -> None:
        self.total = 0
        self.seen = False

    def step(self, value: Micros) -> None:
        if value is not None:
            self.total += int(value)
            self.seen = True

    def finalize(self) -> int | str | None:
        return _out(self.total) if self.seen else None


class _Min:
    def __init__(self) -> None:
        self.best: int | None = None

    def better(self, value: int) -> bool:
        return self.best is None or value < self.best

    def step(self, value: Micros) -> None:
        if value is not None and self.better(int(value)):
            self.best = int(value)

    def finalize(self) -> int | str | None:
        return None if self.best is None else _out(self.best)


class _Max(_Min):
    def better(self, value: int) -> bool:
        return self.best is None or value > self.best


class _WeightedMean:
    """Σ(weight × value) ÷ Σ weight over the rows with a value, rounded once; all weights 0: no value."""

    def __init__(self) -> None:
        self.weighted = 0
        self.weights = 0

    def step(self, weight: Micros, value: Micros) -> None:
        if value is not None and weight is not None:
            self.weighted += int(weight) * int(value)
            self.weights += int(weight)

    def finalize(self) -> int | str | None:
        return _out(rounded_quotient(self.weighted, self.weights)) if self.weights else None


def _total(high: int | None, low: int | None, large: Micros) -> int | str | None:
    """A sum taken in three parts: what lies above 32 bits, what lies below, and the figures kept as text."""
    if high is None and large is None:
        return None
    return _out(((high or 0) << 32) + (low or 0) + int(large or 0))


def _lesser(a: Micros, b: Micros) -> Micros:
    return b if a is None else a if b is None else min(a, b, key=int)


def _greater(a: Micros, b: Micros) -> Micros:
    return b if a is None else a if b is None else max(a, b, key=int)


class _Last:
    """The value that stands at the highest order key; rows without a value do not count."""

    def __init__(self) -> None:
        self.order: int | None = None
        self.value: Micros = None

    def step(self, order: int, value: Micros) -> None:
        if value is not None and (self.order is None or order > self.order):
            self.order, self.value = order, value

    def finalize(self) -> Micros:
        return self.value


def register_functions(sender: Any = None, connection: Any = None, **kwargs: Any) -> None:
    """Signal receiver of `connection_created`: teaches a SQLite connection the exact functions."""
    if connection.vendor != "sqlite":
        return
    raw = connection.connection
    raw.create_function("guards_active", 0, guards.is_active)
    raw.create_function("exact_div", 2, _div, deterministic=True)
    raw.create_function("exact_mul", 2, _mul, deterministic=True)
    raw.create_function("exact_total", 3, _total, deterministic=True)
    raw.create_function("exact_lesser", 2, _lesser, deterministic=True)
    raw.create_function("exact_greater", 2, _greater, deterministic=True)
    raw.create_aggregate("exact_sum", 1, _Sum)
    raw.create_aggregate("exact_min", 1, _Min)
    raw.create_aggregate("exact_max", 1, _Max)
    raw.create_aggregate("exact_last", 2, _Last)
    raw.create_aggregate("exact_weighted_mean", 2, _WeightedMean)


POSTGRES_FUNCTIONS = """
CREATE OR REPLACE FUNCTION exact_div(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN b = 0 THEN NULL
    ELSE sign(a) * sign(b) * div(abs(a) * 2000000 + abs(b), 2 * abs(b)) * 0.000001 END
$$;
CREATE OR REPLACE FUNCTION exact_mul(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round(a * b, 6) $$;
"""


_FEW = re.compile(r"\bfew\(([a-z_.]+)\)")
_INNER = re.compile(r"(?<!LEFT )(?<!CROSS )\bJOIN\b")


@dataclass(frozen=True)
class Dialect:
    """How one database spells what both can do. Templates take SQL expressions."""

    vendor: str
    sum: str
    min: str
    max: str
    last: str
    weighted: str
    greatest: str
    least: str
    zero: str
    type: str

    def sum_of(self, value: str) -> str:
        return self.sum.format(value=value)

    def min_of(self, value: str) -> str:
        return self.min.format(value=value)

    def max_of(self, value: str) -> str:
        return self.max.format(value=value)

    def last_of(self, order: str, value: str) -> str:
        return self.last.format(order=order, value=value)

    def weighted_mean(self, weight: str, value: str) -> str:
        return self.weighted.format(weight=weight, value=value)

    def planned(self, statement: str) -> str:
        """The statement with what SQLite's planner must be told, as it guesses badly on large tables.

        Tables are joined in the order written, and `few(column)` says that hardly any row remains; PostgreSQL learns
        that from its statistics and reads `true`.
        """
        if self.vendor != "sqlite":
            return _FEW.sub("true", statement)
        return _INNER.sub("CROSS JOIN", _FEW.sub(r"likelihood(\1 > 0, 0.00001)", statement))

    def exact(self, amount: int) -> str:
        """An exact literal of a whole number."""
        return str(amount * MICRO) if self.vendor == "sqlite" else f"{amount}::numeric"


# SQLite adds and compares the figures of 64 bits by itself; Python is called only for those kept as text. The two
# halves of a sum cannot overflow, and are put together by SQLite too where the sum surely fits.
_IS_WHOLE = "FILTER (WHERE typeof({value}) = 'integer')"
_IS_TEXT = "FILTER (WHERE typeof({value}) = 'text')"
_HIGH = f"sum(({{value}}) >> 32) {_IS_WHOLE}"
_LOW = f"sum(({{value}}) & 4294967295) {_IS_WHOLE}"
_LARGE = f"exact_sum({{value}}) {_IS_TEXT}"

SQLITE = Dialect(
    vendor="sqlite",
    sum=f"CASE WHEN {_LARGE} IS NULL AND {_HIGH} BETWEEN -1073741824 AND 1073741823 "
    f"THEN {_HIGH} * 4294967296 + {_LOW} ELSE exact_total({_HIGH}, {_LOW}, {_LARGE}) END",
    min=f"exact_lesser(min({{value}}) {_IS_WHOLE}, exact_min({{value}}) {_IS_TEXT})",
    max=f"exact_greater(max({{value}}) {_IS_WHOLE}, exact_max({{value}}) {_IS_TEXT})",
    last="exact_last({order}, {value})",
    weighted="exact_weighted_mean({weight}, {value})",
    greatest="max",
    least="min",
    zero="0",
    type="blob",
)
POSTGRESQL = Dialect(
    vendor="postgresql",
    sum="sum({value})",
    min="min({value})",
    max="max({value})",
    last="(array_agg({value} ORDER BY {order} DESC) FILTER (WHERE {value} IS NOT NULL))[1]",
    weighted="exact_div(sum({weight} * {value}), sum(CASE WHEN {value} IS NOT NULL THEN {weight} END))",
    greatest="greatest",
    least="least",
    zero="0::numeric",
    type="numeric",
)


def dialect_of(connection: Any) -> Dialect:
    return POSTGRESQL if connection.vendor == "postgresql" else SQLITE

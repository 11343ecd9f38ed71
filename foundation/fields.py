"""Database fields whose values survive both databases unchanged."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.db import models

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = models.Field

MICRO = 1_000_000
_EXACT = Context(prec=60)
_INT64 = 1 << 63


def to_micros(value: Decimal) -> int:
    """`value` in millionths; ValueError if it has more than 6 decimals (nothing is ever rounded in secret)."""
    numerator, denominator = value.as_integer_ratio()
    micros, rest = divmod(numerator * MICRO, denominator)
    if rest:
        raise ValueError(f"more than 6 decimals: {value}")
    return micros


def from_micros(micros: int) -> Decimal:
    """The exact Decimal of `micros` millionths, without a trailing exponent and whatever the decimal context."""
    return _EXACT.scaleb(Decimal(micros), -6)


class ExactDecimalField(_Field):
    """An exact decimal with 6 places.

    PostgreSQL keeps numeric(40, 6). SQLite would turn a decimal column into a binary float, so there the column
    holds the integer of millionths (TEXT when it does not fit 64 bits), in a column without affinity; the SQL
    functions of `foundation.exact_sql` calculate with it. Values must not be compared or added by plain SQL
    operators on SQLite.
    """

    description = "exact decimal, 6 places"

    def db_type(self, connection: Any) -> str:
        return "numeric(40, 6)" if connection.vendor == "postgresql" else "blob"

    def get_internal_type(self) -> str:
        return "ExactDecimalField"

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        return Decimal(str(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        decimal = self.to_python(value)
        if decimal is None:
            return None
        micros = to_micros(decimal)
        if connection.vendor == "postgresql":
            return from_micros(micros)
        return micros if -_INT64 <= micros < _INT64 else str(micros)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        return from_micros(int(value))

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else str(value)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": forms.DecimalField, "decimal_places": 6, **kwargs})

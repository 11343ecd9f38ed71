"""A period in one integer column (`Period.key`): ordered by time, and arithmetic for SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from kpis.periods import Period

if TYPE_CHECKING:
    _IntegerField = models.IntegerField[Any, Any]
else:
    _IntegerField = models.IntegerField


class PeriodField(_IntegerField):
    """Python sees a `Period`, the database `first_month_index * 100 + months`.

    A finer period lies in a coarser one p exactly when its key is between `p.first*100` and `p.last*100+99`
    (`within`); the SQL of the roll-up uses the same arithmetic.
    """

    description = "period"
    if TYPE_CHECKING:
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any
        _pyi_lookup_exact_type: Any

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Period | None:
        return None if value is None else Period.from_key(value)

    def to_python(self, value: Any) -> Period | None:
        if value is None or isinstance(value, Period):
            return value
        if isinstance(value, int):
            return Period.from_key(value)
        return Period.parse(value)

    def get_prep_value(self, value: Any) -> int | None:
        if isinstance(value, int):
            return value  # a bound of a range of keys need not be a key itself
        period = self.to_python(value)
        return None if period is None else period.key

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else value.code

    def formfield(self, **kwargs: Any) -> Any:
        return models.Field.formfield(self, **kwargs)


def key_range(first_month: int, last_month: int) -> tuple[int, int]:
    """The keys of every period that begins in these months (and, being aligned, lies within them)."""
    return first_month * 100, last_month * 100 + 99


def within(period: Period) -> tuple[int, int]:
    """The range of keys of all periods inside `period`, itself included."""
    return key_range(period.first, period.last_month)

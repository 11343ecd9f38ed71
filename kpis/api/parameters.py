"""What clients write in query strings and bodies: periods, bases, moments; each refused with its right forms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from foundation.errors import DomainError
from kpis.periods import Grain, Period, PeriodError
from kpis.rules import Basis


class PeriodCode(serializers.CharField):
    """A period by its code: 2025-04, FY2025-Q1, FY2025-H2, FY2025; other usual forms are read too."""

    default_error_messages = {"required": gettext_lazy("期間を指定してください。")}

    @staticmethod
    def plain(value: Period) -> str:
        return value.code

    def to_internal_value(self, data: Any) -> Any:
        try:
            return Period.parse(str(data))
        except PeriodError as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: Any) -> str:
        return str(value.code)


class PeriodFormField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return Period.parse(text)
        except PeriodError as error:
            raise forms.ValidationError(str(error)) from error


class PeriodFilter(django_filters.CharFilter):
    """`?period=FY2025`: everything that lies in the period, whatever its grain."""

    field_class = PeriodFormField

    def filter(self, qs: Any, value: Any) -> Any:
        if value is None or value == "":
            return qs
        inside = [period for grain in Grain if grain <= value.grain for period in value.split(grain)]
        return qs.filter(**{f"{self.field_name}__in": inside})


# Query strings of the figures -------------------------------------------------------------------------------------


def basis_in(params: Mapping[str, str]) -> Basis:
    text = params.get("basis", Basis.OFFICIAL.value)
    try:
        return Basis(text)
    except ValueError as error:
        message = _("basis は official（承認済み）か provisional（承認前を含む）で指定してください。")
        raise DomainError("basis", message, field="basis") from error


def grain_in(params: Mapping[str, str], own: Grain) -> Grain:
    """The grain asked for, not finer than the indicator's own."""
    if "grain" not in params:
        return own
    try:
        grain = Grain.from_code(params["grain"])
    except PeriodError as error:
        raise DomainError("grain", str(error), field="grain") from error
    if grain < own:
        message = _("このKPIの測定の区切りは%(own)sです。それより細かい区切りでは返せません。") % {
            "own": own.label
        }
        raise DomainError("grain_too_fine", message, field="grain")
    return grain


def period_in(params: Mapping[str, str], name: str) -> Period | None:
    if name not in params:
        return None
    try:
        return Period.parse(params[name])
    except PeriodError as error:
        raise DomainError("period", str(error), field=name) from error


def as_of_in(params: Mapping[str, str]) -> datetime | None:
    """A moment; a date alone is the end of that day in Tokyo, inclusive (MEASURING 8)."""
    if "as_of" not in params:
        return None
    text = params["as_of"].replace(" ", "+")
    try:
        day = parse_date(text)
        if day is not None:
            return end_of_day(day)
        moment = parse_datetime(text)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not 1900 <= moment.year <= 9990:
        message = _(
            "as_of は 2026-03-31（その日の終わりまで、日本時間）か 2026-03-31T12:00:00+09:00 の形で指定してください。"
        )
        raise DomainError("as_of", message, field="as_of")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def end_of_day(day: date) -> datetime:
    if not 1900 <= day.year <= 9990:
        raise ValueError(day)
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)) - timedelta(
        microseconds=1
    )

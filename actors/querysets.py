"""Vocabulary of assignments."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db.models import Q

from foundation.access import AccessQuerySet


class AssignmentQuerySet(AccessQuerySet):
    def active_on(self, day: date) -> Self:
        """Assignments in force on a day in Tokyo; the last day counts, the day after does not."""
        return self.filter(Q(to_on__isnull=True) | Q(to_on__gte=day), from_on__lte=day)

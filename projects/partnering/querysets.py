"""Words for sets of opportunities and of interests."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import connections
from django.db.models import BooleanField, F, Func, Q, Value

from foundation.access import AccessQuerySet
from foundation.text import bigrams_pattern, search_terms


class HasPairs(Func):
    """Whether a column of pairs holds all pairs of a pattern, in any order (PostgreSQL)."""

    template = "string_to_array(%(expressions)s, ' ')"
    arg_joiner = ", ' ') @> string_to_array("
    arity = 2
    output_field = BooleanField()


class OpportunityQuerySet(AccessQuerySet):
    def published(self) -> Self:
        """What stands, or stood, for others to read."""
        return self.filter(state__in=("open", "closed"))

    def accepting(self, today: date) -> Self:
        """募集中: open, and its last day has not passed."""
        return self.filter(Q(closes_on__isnull=True) | Q(closes_on__gte=today), state="open")

    def ended(self, today: date) -> Self:
        """終了: closed by somebody or by its last day."""
        return self.filter(Q(state="closed") | Q(state="open", closes_on__lt=today))

    def containing(self, words: str) -> Self:
        """Every word stands somewhere in the words of the opportunity or of its organisation.

        PostgreSQL finds the pairs of a word by an index first (its migration made it), and compares the text only
        where a word of three characters and more needs it.
        """
        rows = self
        for term in search_terms(words):
            pattern = bigrams_pattern(term)
            is_indexed = len(term) > 1 and connections[self.db].vendor == "postgresql"
            if is_indexed:
                rows = rows.filter(HasPairs(F("search"), Value(pattern)))
            if not is_indexed or len(term) > 2:
                rows = rows.filter(search__contains=pattern)
        return rows


class InterestQuerySet(AccessQuerySet):
    def confirmed(self) -> Self:
        return self.filter(confirmed_at__isnull=False)

    def under_way(self) -> Self:
        """Somebody still works on it."""
        return self.confirmed().exclude(state__in=("agreed", "declined", "withdrawn"))

    def overdue(self, today: date) -> Self:
        """Confirmed, unanswered, and the day by which an answer was promised has passed."""
        return self.confirmed().filter(state="applied", reply_due_on__lt=today)

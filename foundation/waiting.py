"""What waits for me: each app registers where its share of somebody's list comes from, the home page shows them all.

A source takes the actor and the day in Tokyo and returns items, in at most one query, and in none for somebody whom
it cannot concern. The home page learns no names: a new kind of thing registers one source beside its model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from foundation.access import Actor

SOON = 7


@dataclass(frozen=True)
class Due:
    """A day by which something is due, seen from a day: how far away, in a word for the style and in words to read."""

    on: date
    days: int

    @classmethod
    def seen_from(cls, today: date, on: date | None) -> Due | None:
        return None if on is None else cls(on, (on - today).days)

    @property
    def state(self) -> str:
        """ "over" after the day, "soon" in the last week before it, otherwise ""."""
        if self.days < 0:
            return "over"
        return "soon" if self.days <= SOON else ""

    @property
    def words(self) -> str:
        """「期限超過（234日）」「今日まで」「あと5日」."""
        if self.days < 0:
            return _("期限超過（%(days)s日）") % {"days": -self.days}
        return _("あと%(days)s日") % {"days": self.days} if self.days else _("今日まで")


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for somebody.

    `kind` says what to do, `title` with what, `note` how much of it, `place` in which forum. `due_on` is a day that
    somebody set; where there is none, `since_on` says since when it waits.
    """

    kind: str
    title: str
    url: str
    due_on: date | None = None
    since_on: date | None = None
    place: str = ""
    note: str = ""

    def due(self, today: date) -> Due | None:
        return Due.seen_from(today, self.due_on)


Source = Callable[[Actor, date], Iterable[Waiting]]
_sources: dict[str, tuple[str, Source]] = {}


def source(name: str, purpose: str) -> Callable[[Source], Source]:
    """Register a source under a name of its own; a second one of the same name is a programming error."""

    def register(function: Source) -> Source:
        if name in _sources:
            raise ValueError(f"declared twice: {name}")
        _sources[name] = (purpose, function)
        return function

    return register


def collect(actor: Actor, today: date) -> list[Waiting]:
    """Everything that waits for the actor: the earliest day first, what bears no day last."""
    items = [item for _purpose, function in _sources.values() for item in function(actor, today)]
    return sorted(items, key=_order)


def _order(item: Waiting) -> tuple[date, str, str]:
    return (item.due_on or item.since_on or date.max, item.kind, item.title)


def declared() -> dict[str, str]:
    """{name: purpose} of every source."""
    return {name: purpose for name, (purpose, _function) in _sources.items()}

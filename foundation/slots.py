"""Named slots: places on a lower page that upper apps fill, with one query for the whole page.

A page below writes `{% slot "kpis.series.marks" rows as marks %}`; an upper app registers a provider that takes all
rows of the page at once, the actor and `as_of`, and returns {row.pk: content}. Content is data (dicts), rendered by
the page or by the provider's own template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from foundation.access import Actor

Provider = Callable[[Sequence[Any], Actor, datetime | None], Mapping[Any, list[Any]]]
_providers: dict[str, list[Provider]] = {}
_names: dict[str, str] = {}


def declare(name: str, purpose: str) -> None:
    """Declare a slot beside the page that offers it; filling an undeclared slot is an error."""
    _names[name] = purpose


def fill(name: str, provider: Provider) -> None:
    """Register a provider when the upper app starts."""
    if name not in _names:
        raise KeyError(f"no such slot: {name}")
    _providers.setdefault(name, []).append(provider)


def collect(
    name: str, rows: Sequence[Any], actor: Actor, as_of: datetime | None = None
) -> dict[Any, list[Any]]:
    """{row.pk: contents of all providers in order of registration}; no query when nobody fills the slot."""
    found: dict[Any, list[Any]] = {}
    for provider in _providers.get(name, []):
        for key, items in provider(rows, actor, as_of).items():
            found.setdefault(key, []).extend(items)
    return found


def declared() -> dict[str, str]:
    return dict(_names)

"""What gathers figures to be reviewed together: a report above, named here by a key, a label and an address.

An upper floor registers how it is found; figures that are submitted while it is open go into it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kpis.models import Scorecard


@dataclass(frozen=True)
class Bundle:
    """`key` is stable (`projects.report:<uuid>`); `url` is where its figures are reviewed."""

    key: str
    label: str
    url: str


Provider = Callable[[Scorecard], Bundle | None]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Let a provider say which bundle gathers what is now submitted on a scorecard. At most one query each."""
    _providers.append(provider)


def open_bundle(scorecard: Scorecard) -> Bundle | None:
    """The first open bundle of the scorecard; None: its figures are reviewed one by one."""
    return next((found for provider in _providers if (found := provider(scorecard)) is not None), None)

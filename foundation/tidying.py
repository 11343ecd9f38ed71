"""What is forgotten every night: each app registers its share when it starts."""

from __future__ import annotations

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)

Chore = Callable[[], int]
_chores: dict[str, Chore] = {}


def chore(name: str) -> Callable[[Chore], Chore]:
    """Register a function that forgets what is due and returns how much that was; it may run twice."""

    def register(function: Chore) -> Chore:
        if name in _chores:
            raise ValueError(f"declared twice: {name}")
        _chores[name] = function
        return function

    return register


def run() -> None:
    """All of them; one that fails is logged and does not keep the others from their work."""
    for name, function in _chores.items():
        try:
            function()
        except Exception:
            logger.exception("tidying: %s", name)

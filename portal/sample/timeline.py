"""What happens to figures, played in the order of time, so that 記録番号 follow the story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

Act = Callable[[], None]


@dataclass
class Timeline:
    """Acts with their moments. Those of the same moment are played in the order in which they were put in."""

    acts: list[tuple[datetime, Act]] = field(default_factory=list)

    def at(self, moment: datetime, act: Act) -> None:
        self.acts.append((moment, act))

    def play(self) -> None:
        for _moment, act in sorted(self.acts, key=lambda each: each[0]):
            act()

"""The kinds of notices. Each app registers its own when it starts; the word on screen is beside the code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """What a notice is about; `label` is Japanese, `mailed` says whether a mail follows."""

    code: str
    label: str
    mailed: bool = True


_topics: dict[str, Topic] = {}


def register_topic(code: str, label: str, *, mailed: bool = True) -> None:
    """Each app registers its topics when it starts."""
    _topics[code] = Topic(code, label, mailed)


def topic(code: str) -> Topic:
    """Raises KeyError for a topic that nobody registered: a programming error."""
    return _topics[code]


def topics() -> list[Topic]:
    return [_topics[code] for code in sorted(_topics)]


def topic_label(code: str) -> str:
    """The Japanese word; a topic that no longer exists has none."""
    return str(_topics[code].label) if code in _topics else ""

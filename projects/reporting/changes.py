"""What changed from one version of a compiled report to the next. Pure: no Django, no queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Content = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One line: what it is about, how it was and how it is now (empty: it was not there, or is no more)."""

    about: str
    before: str
    now: str


def changes(before: Content, now: Content) -> list[Change]:
    """Reports by their state, then KPIs by their official figure and grade, in the order of the newer version."""
    return [*_moved(_states(before), _states(now)), *_moved(_figures(before), _figures(now))]


def _moved(before: dict[str, tuple[str, str]], now: dict[str, tuple[str, str]]) -> list[Change]:
    keys = [*now, *(key for key in before if key not in now)]
    found = []
    for key in keys:
        was, is_now = before.get(key), now.get(key)
        if was is None or is_now is None or was[1] != is_now[1]:
            about = (is_now or was or ("", ""))[0]
            found.append(Change(about, was[1] if was else "", is_now[1] if is_now else ""))
    return found


def _states(content: Content) -> dict[str, tuple[str, str]]:
    return {
        row["report"]: (f"{row['code']} {row['name']}".strip(), row["state_word"])
        for row in content["submission"]["rows"]
    }


def _figures(content: Content) -> dict[str, tuple[str, str]]:
    return {
        row["id"]: (f"{row['code']} {row['name']}".strip(), _figure(row))
        for card in content["figures"]
        for row in card["rows"]
    }


def _figure(row: Content) -> str:
    """「55.30百万円 順調」; the word for what is missing where there is none."""
    printed = row["official"]
    figure = f"{printed['text']}{row['unit']}" if printed["text"] else printed["word"]
    return f"{figure} {row['grade']}".strip()

"""Every address that the resolver knows, by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.access.audience import ALLOWED_PREFIXES


@dataclass(frozen=True)
class Address:
    """One pattern: its qualified name, its route, the view behind it and the arguments of its path."""

    name: str
    route: str
    view: Any
    arguments: tuple[str, ...]

    @property
    def is_of_a_package(self) -> bool:
        return self.name.startswith(ALLOWED_PREFIXES)

    @property
    def view_class(self) -> Any:
        return getattr(self.view, "view_class", None) or getattr(self.view, "cls", None)


def addresses() -> list[Address]:
    return list(_walk(get_resolver(), "", ()))


def _walk(resolver: Any, route: str, spaces: tuple[str, ...]) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from _walk(pattern, here, inner)
        elif isinstance(pattern, URLPattern):
            name = ":".join((*spaces, pattern.name or f"?{here}"))
            yield Address(name, here, pattern.callback, _arguments(here))


def _arguments(route: str) -> tuple[str, ...]:
    """The names of the path's arguments, whether it is written as a path or as a regular expression."""
    found, rest = [], route
    while "<" in rest:
        inside, rest = rest.split("<", 1)[1].split(">", 1)
        found.append(inside.split(":")[-1])
    return tuple(found)

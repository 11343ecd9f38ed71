"""What can go wrong in the portal's own words: one hierarchy for pages, API and workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A rule of the portal refuses what was asked.

    `code` is stable ASCII for machines, `message` a Japanese sentence that says what to do, `field` the name of the
    input it belongs to (None: the whole form), `details` anything an API client can use.
    """

    status = 400

    def __init__(
        self, code: str, message: str, *, field: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.details = dict(details or {})


class StateError(DomainError):
    """The object is not in a state that allows the step (HTTP 409)."""

    status = 409


class LostEdit(DomainError):
    """Somebody else saved since the form was opened; `details` holds both versions (HTTP 409)."""

    status = 409


class MultipleErrors(DomainError):
    """Several refusals of one input, e.g. one per cell of a grid. `errors` keeps their order."""

    def __init__(self, code: str, message: str, errors: list[DomainError]) -> None:
        super().__init__(code, message)
        self.errors = errors

"""What is known of the request or task that runs now; the audit trail and the log read it."""

from __future__ import annotations

import uuid
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")


def new_request_id() -> str:
    """A fresh id, remembered for the rest of this request or task."""
    value = uuid.uuid4().hex
    request_id.set(value)
    return value

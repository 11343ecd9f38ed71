"""Locks by name, held until the transaction ends.

PostgreSQL: advisory locks. SQLite: a writing transaction is alone anyway (`transaction_mode` IMMEDIATE), so every
lock is already held. All functions must run inside `transaction.atomic()`.
"""

from __future__ import annotations

import hashlib

from django.db import connection


def _key(name: str) -> int:
    """A stable signed 64-bit key of the name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def _call(function: str, name: str) -> bool:
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_key(name)])
        (answer,) = cursor.fetchone()
    return answer is not False


def shared(name: str) -> None:
    """Held together by many writers; excludes `exclusive`."""
    _call("pg_advisory_xact_lock_shared", name)


def exclusive(name: str) -> None:
    """Waits until nobody else holds the name, then holds it alone."""
    _call("pg_advisory_xact_lock", name)


def try_exclusive(name: str) -> bool:
    """Like `exclusive`, but answers False at once when somebody holds it."""
    return _call("pg_try_advisory_xact_lock", name)

"""Statements that PostgreSQL keeps parsed and planned on a connection, for those that run all day long.

Planning a large statement takes longer than finding a few rows by their keys. SQLite plans at once, and its driver
keeps statements by itself; there the statement simply runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def run(cursor: Any, statement: str, parameters: Sequence[Any], types: Sequence[str]) -> None:
    """Execute with %s parameters of these PostgreSQL types, prepared on this connection at the first call."""
    if connection.vendor != "postgresql":
        cursor.execute(statement, list(parameters) or None)
        return
    name = f"kept_{hashlib.sha256(statement.encode()).hexdigest()[:16]}"
    known = _known.setdefault(connection.connection, set())
    if name not in known:
        cursor.execute(_preparation(name, statement, types), None)
        known.add(name)
    places = f" ({', '.join(['%s'] * len(types))})" if types else ""
    try:
        cursor.execute(f"EXECUTE {name}{places}", list(parameters) or None)
    except Exception:
        known.clear()  # a pooler may have given the connection to another session; the next call prepares anew
        raise


def _preparation(name: str, statement: str, types: Sequence[str]) -> str:
    pieces = statement.split("%s")
    numbered = "".join(f"{piece}${number}" for number, piece in enumerate(pieces[:-1], 1)) + pieces[-1]
    declared = f" ({', '.join(types)})" if types else ""
    return f"PREPARE {name}{declared} AS {numbered.replace('%%', '%')}"

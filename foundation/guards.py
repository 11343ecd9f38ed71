"""Append-only tables, held by triggers in the database itself: no UPDATE, no DELETE, from whatever program.

`append_only(Model)` registers a table; the triggers are set up again after each migration.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, models

_models: list[type[models.Model]] = []
_suspended = False


def append_only(model: type[models.Model]) -> type[models.Model]:
    """Class decorator: rows of this table are never changed and never deleted."""
    _models.append(model)
    return model


def guarded_tables() -> list[str]:
    return sorted(model._meta.db_table for model in _models)


@contextmanager
def suspended() -> Iterator[None]:
    """Lift the guards on SQLite in this process: for tests that empty the database, never for the product."""
    global _suspended
    _suspended, before = True, _suspended
    try:
        yield
    finally:
        _suspended = before


def is_active() -> int:
    """The SQL function that SQLite's triggers ask."""
    return 0 if _suspended else 1


def install(sender: Any = None, using: str = "default", **kwargs: Any) -> None:
    """Receiver of post_migrate: (re-)create the triggers of every guarded table that exists."""
    if getattr(sender, "name", "") != "foundation":
        return
    connection = connections[using]
    statements = _postgresql if connection.vendor == "postgresql" else _sqlite
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        for table in guarded_tables():
            if table in existing:
                for statement in statements(table):
                    cursor.execute(statement)


def _sqlite(table: str) -> Iterator[str]:
    for verb in ("UPDATE", "DELETE"):
        name = f"guard_{table}_{verb.lower()}"
        yield f'DROP TRIGGER IF EXISTS "{name}"'
        yield (
            f'CREATE TRIGGER "{name}" BEFORE {verb} ON "{table}" WHEN guards_active() '
            f"BEGIN SELECT RAISE(ABORT, 'append-only table {table}'); END"
        )


def _postgresql(table: str) -> Iterator[str]:
    yield (
        "CREATE OR REPLACE FUNCTION guard_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'append-only table %', TG_TABLE_NAME; END $$"
    )
    yield f'DROP TRIGGER IF EXISTS "guard_{table}" ON "{table}"'
    yield (
        f'CREATE TRIGGER "guard_{table}" BEFORE UPDATE OR DELETE ON "{table}" '
        "FOR EACH ROW EXECUTE FUNCTION guard_append_only()"
    )

"""Where a benchmark runs: an empty database of its own, Django set up on it, and a stopwatch for the database."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent


def on_server(server: str, *statements: str) -> None:
    """Run statements on a PostgreSQL server, outside any transaction."""
    import psycopg2

    connection = psycopg2.connect(server)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def fresh_postgres(server: str, name: str, template: str = "template0") -> str:
    """The address of a new database on the server; one of that name is dropped first."""
    on_server(
        server,
        f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
        f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'",
    )
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def fresh_sqlite() -> str:
    return f"sqlite:///{tempfile.mkdtemp(prefix='portal-bench-')}/portal.sqlite3"


def use(url: str) -> None:
    """Set Django up on this database, in the edition's own settings; once in a process."""
    os.environ["DATABASE_URL"] = url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="portal-bench-"))
    os.environ["CELERY_BROKER_URL"] = os.environ.get("CELERY_BROKER_URL", "")
    import django

    django.setup()
    logging.disable(logging.WARNING)


@dataclass
class Watch:
    """What passed through the connection: statements, and the seconds they took."""

    statements: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def milliseconds(self) -> float:
        return self.seconds * 1000


@contextmanager
def watched() -> Iterator[Watch]:
    """Count and time every statement of the default connection, BEGIN and COMMIT left out."""
    from django.db import connection

    watch = Watch()

    def timed(execute: Any, statement: str, *rest: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(statement, *rest)
        finally:
            watch.seconds += time.perf_counter() - start
            watch.statements.append(statement)

    with connection.execute_wrapper(timed):
        yield watch

"""A whole portal of its own for tests that need real processes: database, settings folder, server, workers.

On SQLite it is the embedded edition (`manage.py serve` with its local worker). When the suite runs on PostgreSQL,
a fresh database is made beside the suite's, and with CELERY_BROKER_URL real Celery workers and a beat are started.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg2

ROOT = Path(__file__).resolve().parent.parent
SETUP = "import django; django.setup()\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Installation:
    """One installed portal in a temporary folder; `close` removes what it made outside the folder."""

    def __init__(self, folder: Path, like: Installation | None = None) -> None:
        """An empty installation, or a copy of the data of another one that stands still."""
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.database = ""
        url = os.environ.get("DATABASE_URL", "")
        if url.startswith("postgres"):
            url = self._own_database(url, like)
        else:
            url = f"sqlite:///{folder / 'portal.sqlite3'}"
            if like is not None:
                self._copy_sqlite(like.folder / "portal.sqlite3", folder / "portal.sqlite3")
        self.env = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PYTEST")},
            "DJANGO_SETTINGS_MODULE": "portal.settings.local",
            "DATABASE_URL": url,
            "VAR_DIR": str(folder / "var"),
            "PYTHONUNBUFFERED": "1",
        }
        self.env.pop("EMAIL_URL", None)  # mails are files in the folder `mails`
        if self.database:
            self.env["CELERY_BROKER_URL"] = os.environ.get("CELERY_BROKER_URL", "")
        else:
            self.env.pop("CELERY_BROKER_URL", None)

    @property
    def mails(self) -> Path:
        """Where the installation leaves its mails, one file for each."""
        return self.folder / "var" / "mail"

    @property
    def has_broker(self) -> bool:
        return bool(self.env.get("CELERY_BROKER_URL"))

    def _own_database(self, url: str, like: Installation | None) -> str:
        self.database = f"portal_{uuid4().hex[:12]}"
        self.server = urlunsplit(urlsplit(url)._replace(path="/postgres"))
        template = like.database if like else "template0"
        self._on_server(
            f"CREATE DATABASE {self.database} TEMPLATE {template} ENCODING 'UTF8' "
            "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
        )
        return urlunsplit(urlsplit(url)._replace(path=f"/{self.database}"))

    @staticmethod
    def _copy_sqlite(source: Path, target: Path) -> None:
        with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
            old.backup(new)

    def _on_server(self, statement: str) -> None:
        connection = psycopg2.connect(self.server)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    # --- commands -------------------------------------------------------------------------------------------------

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self._run([sys.executable, "manage.py", *arguments], check)

    def python(self, code: str, check: bool = True) -> str:
        """Run code inside the installation; returns what it printed."""
        return self._run([sys.executable, "-c", SETUP + code], check).stdout

    def _run(self, command: list[str], check: bool) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=300)
        if check and done.returncode:
            raise AssertionError(
                f"{command[1:3]} → {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
            )
        return done

    def start(self, *command: str, **env: str) -> subprocess.Popen[bytes]:
        """A process of this installation, in a group of its own, ended by `close` at the latest."""
        log = (self.folder / f"process-{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**self.env, **env},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def start_python(self, code: str) -> subprocess.Popen[bytes]:
        return self.start(sys.executable, "-c", SETUP + code)

    def start_worker(self) -> list[subprocess.Popen[bytes]]:
        """The hands of the edition: Celery worker and beat with a broker, the local worker without."""
        if not self.has_broker:
            return [self.start(sys.executable, "manage.py", "work")]
        celery = [sys.executable, "-m", "celery", "-A", "portal"]
        beat = ["beat", "--schedule", str(self.folder / "beat"), "--pidfile", ""]
        return [
            self.start(*celery, "worker", "--concurrency", "1", "--loglevel", "WARNING"),
            self.start(*celery, *beat, "--loglevel", "WARNING"),
        ]

    @contextmanager
    def served(self) -> Iterator[str]:
        """The portal on a port of its own, with its workers; yields its address."""
        port = free_port()
        self.start(sys.executable, "manage.py", "serve", "--port", str(port), "--no-sample", "--no-worker")
        self.workers = self.start_worker()
        address = f"http://127.0.0.1:{port}"
        self._wait_for(f"{address}/healthz")
        try:
            yield address
        finally:
            self.stop_all()

    def _wait_for(self, url: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (http alone)
                if answer.status == 200:
                    return
            time.sleep(0.2)
        raise AssertionError(f"no answer from {url}\n{self.logs()}")

    def logs(self) -> str:
        return "\n".join(
            path.read_text(errors="replace")[-3000:] for path in self.folder.glob("process-*.log")
        )

    # --- the end --------------------------------------------------------------------------------------------------

    @staticmethod
    def kill(process: subprocess.Popen[bytes]) -> None:
        """kill -9 of the process and of everything it started."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def stop_all(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill(process)

    def close(self) -> None:
        self.stop_all()
        if self.database:
            self._on_server(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")

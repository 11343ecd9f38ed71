"""Serving the portal from one command: a web server and the local worker as children, watched and stopped together.

The children live in sessions of their own, so that Ctrl-C reaches this process alone, which then stops them in
order. Should this process be killed outright, the system ends them (Linux).
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.conf import settings

WEB_WORKERS, WEB_THREADS = 2, 4
START_LIMIT = 60.0
STOP_LIMIT = 9.0
LOOK_EVERY = 0.2
SHORTEST_PAUSE, LONGEST_PAUSE, STEADY_AFTER = 1.0, 30.0, 60.0
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # read, not bound
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
PR_SET_PDEATHSIG = 1


class ServingError(Exception):
    """Why the portal cannot be served, as a sentence for the screen."""


# --- the address ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = EVERY_ADDRESS.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def bind(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        return self.host in LOOPBACK

    def check_free(self) -> None:
        """ServingError when nothing can listen here."""
        if self.port < 1:
            raise ServingError("ポート番号は 1 から 65535 までで指定してください。")
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((self.host, self.port))
        except PermissionError as error:
            raise ServingError(
                f"ポート {self.port} を使う権限がありません。--port 8000 のように、1024 以上の番号を指定してください。"
            ) from error
        except (OSError, OverflowError) as error:
            raise ServingError(_why_not_free(self, error)) from error

    def names(self) -> list[str]:
        """The names by which other machines may ask for this one."""
        if self.is_local:
            return []
        name = socket.gethostname()
        try:
            addresses = socket.gethostbyname_ex(name)[2]
        except OSError:
            addresses = []
        return [each for each in dict.fromkeys([self.host, name, *addresses]) if each not in EVERY_ADDRESS]


def _why_not_free(address: Address, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            f"ポート {address.port} は、ほかのプログラムが使っています。"
            f"--port {address.port + 1} のように、別の番号を指定してください。"
        )
    return f"{address.bind} では待ち受けできません。--host と --port の値を確かめてください。"


# --- children ---------------------------------------------------------------------------------------------------------


def _end_with_parent() -> None:
    """In the child before it starts: be told to stop when the parent is gone, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process beside this one."""

    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  # our own programs
            self.command, cwd=settings.BASE_DIR, start_new_session=True, preexec_fn=_end_with_parent
        )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def age(self) -> float:
        return time.monotonic() - self.started_at

    def ask_to_stop(self) -> None:
        if self.process is not None and self.is_running:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        """Wait for the end, and make an end of it after that time."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def web_server(address: Address) -> Child:
    return Child(
        [
            *(sys.executable, "-m", "gunicorn", "portal.wsgi"),
            *("--bind", address.bind, "--worker-class", "gthread"),
            *("--workers", str(WEB_WORKERS), "--threads", str(WEB_THREADS)),
            *("--preload", "--graceful-timeout", "5", "--log-level", "warning", "--no-control-socket"),
        ]
    )


def local_worker() -> Child:
    return Child([sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "work"])


@dataclass
class Serving:
    """The children and how they are watched. `say` prints a line."""

    web: Child
    worker: Child | None
    say: Callable[[str], None]
    _pause: float = SHORTEST_PAUSE
    _start_again_at: float = field(default=0.0)

    def start(self, url: str) -> None:
        """Start the web server, wait for its first answer (ServingError when none comes), then the worker."""
        self.web.start()
        self._wait_for_answer(f"{url}/healthz")
        if self.worker is not None:
            self.worker.start()

    def _wait_for_answer(self, url: str) -> None:
        for _look in self._looks(START_LIMIT):
            if not self.web.is_running:
                raise ServingError("ウェブサーバーを起動できませんでした。上の表示をご確認ください。")
            if answers(url):
                return
        raise ServingError("ウェブサーバーから応答がありません。上の表示をご確認ください。")

    def _looks(self, limit: float) -> Iterator[None]:
        until = time.monotonic() + limit
        while time.monotonic() < until:
            yield
            time.sleep(LOOK_EVERY)

    def watch(self) -> None:
        """Until the web server ends by itself; a worker that ends is started again."""
        while self.web.is_running:
            self._mind_worker()
            time.sleep(LOOK_EVERY)
        raise ServingError("ウェブサーバーが終了したため、停止します。上の表示をご確認ください。")

    def _mind_worker(self) -> None:
        """Start a dead worker again, each time after a longer pause, until one has lived for a while."""
        if self.worker is None or self.worker.is_running:
            return
        now = time.monotonic()
        if not self._start_again_at:
            self._pause = SHORTEST_PAUSE if self.worker.age > STEADY_AFTER else self._pause
            self._start_again_at = now + self._pause
            self.say(f"作業プロセスが終了しました。{self._pause:.0f}秒後に起動し直します。")
        elif now >= self._start_again_at:
            self._pause, self._start_again_at = min(LONGEST_PAUSE, 2 * self._pause), 0.0
            self.worker.start()

    def stop(self) -> None:
        """Ask both to finish what is in hand; after STOP_LIMIT seconds, or a second Ctrl-C, make an end."""
        children = [child for child in (self.web, self.worker) if child is not None]
        until = time.monotonic() + STOP_LIMIT
        for child in children:
            child.ask_to_stop()
        try:
            for child in children:
                child.wait(until - time.monotonic())
        except KeyboardInterrupt:
            for child in children:
                child.wait(0)


def answers(url: str) -> bool:
    """Whether a web server is there and well; a page that it refuses to show is an answer too."""
    request = Request(url, headers={"X-Forwarded-Proto": "https"})  # noqa: S310  # our own address
    try:
        with urlopen(request, timeout=5):  # noqa: S310
            return True
    except HTTPError as error:
        return error.code < 500
    except OSError:
        return False

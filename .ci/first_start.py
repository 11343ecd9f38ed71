"""Tries the README's start command as a newcomer would: clean copy, empty environment, nothing in the cache.

Usage: first_start.py "COMMAND". The copy is the last commit, in a folder with a space in its name. Passed when the
first page answers within the promised time, Ctrl-C ends it quickly, and no process is left behind.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

PROMISED_SECONDS = 180
STOP_SECONDS = 20
EXITS = {0, 130, -signal.SIGINT}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def copy_last_commit(target: Path) -> None:
    target.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(target)], input=archive, check=True)


def start(command: str, folder: Path, home: Path, port: int) -> subprocess.Popen:
    # SIGINT may be ignored here (a job in the background); a terminal's newcomer has it as usual.
    return subprocess.Popen(
        ["/bin/bash", "-c", f"exec {command} --port {port}"],
        cwd=folder,
        env={"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
            return page.status == 200
    except (urllib.error.URLError, OSError):
        return False


def seconds_to_first_page(process: subprocess.Popen, port: int) -> float:
    began = time.monotonic()
    while time.monotonic() - began < PROMISED_SECONDS:
        if process.poll() is not None:
            raise SystemExit(f"it ended by itself with exit code {process.returncode}")
        if answers(port):
            return time.monotonic() - began
        time.sleep(0.5)
    raise SystemExit(f"no page within {PROMISED_SECONDS} seconds")


def is_anything_left(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def stop(process: subprocess.Popen) -> float:
    """Ctrl-C reaches every process of the terminal's group at once; so does this."""
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    try:
        code = process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        raise SystemExit(f"still there {STOP_SECONDS} seconds after Ctrl-C") from None
    if code not in EXITS:
        raise SystemExit(f"exit code {code} after Ctrl-C")
    if is_anything_left(process.pid):
        raise SystemExit("a process was left behind after Ctrl-C")
    return time.monotonic() - began


def main(command: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder, home, port = Path(scratch) / "clean copy", Path(scratch) / "home", free_port()
        home.mkdir()
        copy_last_commit(folder)
        process = start(command, folder, home, port)
        try:
            first_page = seconds_to_first_page(process, port)
            stopped = stop(process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        sys.stdout.write(f"first page after {first_page:.0f} s, stopped {stopped:.1f} s after Ctrl-C\n")


if __name__ == "__main__":
    main(sys.argv[1])

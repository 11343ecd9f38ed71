"""One command runs the portal: what it prepares, what it watches, how it stops; the local worker; the health pages."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from celery.schedules import crontab
from django.conf import settings as django_settings
from django.contrib.staticfiles.finders import get_finder

from foundation import lanes
from portal import collecting, health, serving, working
from portal.management.commands.serve import _sign_in_table, _width
from portal.sample.signins import PASSWORD, SIGN_INS
from portal.serving import Address, Child, Serving, ServingError

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]
EVERYWHERE = "0.0.0.0"  # noqa: S104  # only printed, never bound
QUICK_END = [sys.executable, "-c", "pass"]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def until(condition, seconds: float = 20.0) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.05)
    return False


# --- the address ------------------------------------------------------------------------------------------------------


def test_taken_port_is_told_with_another_to_try(taken_port):
    with pytest.raises(ServingError, match=rf"ポート {taken_port} は.*--port {taken_port + 1}"):
        Address("127.0.0.1", taken_port).check_free()


def test_free_port_is_accepted():
    Address("127.0.0.1", free_port()).check_free()


@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", 70000), ("192.0.2.1", 8000), ("no.such.host.invalid", 8000)]
)
def test_an_address_that_cannot_be_is_told(host, port):
    with pytest.raises(ServingError, match="--host と --port"):
        Address(host, port).check_free()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        (EVERYWHERE, "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
    ],
)
def test_the_printed_address_opens_on_this_machine(host, url):
    assert Address(host, 8000).url == url


def test_port_zero_is_refused():
    with pytest.raises(ServingError, match="1 から 65535"):
        Address("127.0.0.1", 0).check_free()


def test_other_machines_may_ask_by_this_ones_name():
    assert socket.gethostname() in Address(EVERYWHERE, 8000).names()
    assert Address("127.0.0.1", 8000).names() == []


# --- children ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def running(said) -> Iterator[Serving]:
    """A web server that sleeps, and a worker that ends at once."""
    serving_ = Serving(Child(SLEEP), Child(QUICK_END), said.append)
    serving_.web.start()
    serving_.worker.start()
    yield serving_
    for child in (serving_.web, serving_.worker):
        child.wait(0)


def test_a_dead_worker_is_started_again_after_a_pause(running, said, monkeypatch):
    monkeypatch.setattr(running, "_pause", 0.2)
    first = running.worker.process.pid
    running.worker.process.wait()

    def is_new() -> bool:
        running._mind_worker()
        return running.worker.process.pid != first

    assert until(is_new)
    assert "起動し直します" in said[0]
    assert running._pause == 0.4


def test_the_end_of_the_web_server_ends_all(running):
    running.web.process.kill()
    running.web.process.wait()
    with pytest.raises(ServingError, match="ウェブサーバーが終了"):
        running.watch()


def test_a_web_server_that_does_not_come_up_is_told(said):
    serving_ = Serving(Child(QUICK_END), None, said.append)
    with pytest.raises(ServingError, match="起動できませんでした"):
        serving_.start(Address("127.0.0.1", free_port()).url)


def test_what_does_not_stop_in_time_is_ended(said, monkeypatch):
    monkeypatch.setattr(serving, "STOP_LIMIT", 0.3)
    serving_ = Serving(Child(SLEEP), Child(DEAF), said.append)
    serving_.web.start()
    serving_.worker.start()
    time.sleep(0.3)
    serving_.stop()
    assert not serving_.web.is_running
    assert not serving_.worker.is_running


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_children_end_when_their_parent_is_killed(tmp_path):
    code = (
        "import django, sys, time; django.setup()\n"
        "from portal.serving import Child\n"
        f"child = Child({SLEEP!r}); child.start(); print(child.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=django_settings.BASE_DIR
    )
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert until(lambda: not _is_alive(pid))


def _is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended and is only waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


# --- what is prepared and printed -------------------------------------------------------------------------------------


def test_static_files_are_collected_again_only_when_they_changed(settings, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "one.css").write_text("a{}")
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [source], tmp_path / "root"
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    get_finder.cache_clear()
    try:
        assert [collecting.collect_if_changed(), collecting.collect_if_changed()] == [True, False]
        (source / "one.css").write_text("a{color:red}")
        assert collecting.collect_if_changed()
        assert (tmp_path / "root" / "one.css").read_text() == "a{color:red}"
    finally:
        get_finder.cache_clear()


def test_the_table_of_sign_ins_names_everybody_and_stands_in_columns():
    head, *lines = _sign_in_table()
    assert PASSWORD in head
    assert len(lines) == len(SIGN_INS) + 1
    starts = {_width(line[: line.index(each.email)]) for line, each in zip(lines[1:], SIGN_INS, strict=True)}
    assert len(starts) == 1


# --- the local worker -------------------------------------------------------------------------------------------------


@pytest.fixture
def lane(monkeypatch):
    """Make a lane of our own: `lane(pending, work)`."""

    def make(pending, work) -> working.LaneThread:
        monkeypatch.setitem(lanes._lanes, "ours", lanes.Lane("ours", pending, work))
        return working.LaneThread("ours", threading.Event())

    return make


@pytest.mark.django_db
def test_work_is_taken_up_without_a_pause_and_looked_for_with_one(lane):
    pieces = [1, 1]
    thread = lane(lambda: bool(pieces), lambda: pieces.pop())
    assert thread._turn(0.0) == 0.0
    assert thread._turn(0.0) == 0.0
    assert thread._turn(0.0) in (0.2, 0.3)


@pytest.mark.django_db
def test_an_idle_lane_is_asked_anyway_now_and_then(lane, monkeypatch):
    asked: list[int] = []
    thread = lane(lambda: bool(asked.append(1)), lambda: 0)
    monkeypatch.setattr(working, "_data_version", lambda: 7)
    for _look in range(5):
        thread._turn(0.0)
    assert len(asked) == 1
    monkeypatch.setattr(working, "ASK_ANYWAY", 0.0)
    thread._turn(0.0)
    assert len(asked) == 2


@pytest.mark.django_db
def test_a_lane_is_asked_as_soon_as_another_has_written(lane, monkeypatch):
    asked: list[int] = []
    versions = iter([7, 7, 8])
    thread = lane(lambda: bool(asked.append(1)), lambda: 0)
    monkeypatch.setattr(working, "_data_version", lambda: next(versions))
    for _look in range(3):
        thread._turn(0.0)
    assert len(asked) == 2


@pytest.mark.django_db(transaction=True)
def test_a_failing_lane_is_asked_ever_more_seldom_and_never_given_up(lane):
    def fail() -> int:
        raise RuntimeError("broken")

    thread, pauses, pause = lane(lambda: True, fail), [], 0.0
    for _turn in range(7):
        pause = thread._turn(pause)
        pauses.append(pause)
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_the_worker_finishes_the_piece_in_hand_and_stops(lane):
    begun, done = threading.Event(), []

    def slow() -> int:
        begun.set()
        time.sleep(0.3)
        done.append(1)
        return 1

    thread = lane(lambda: True, slow)
    thread._turn = lambda pause: float(not thread.lane.work())  # no database in this thread
    thread.start()
    assert begun.wait(5)
    thread.stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert done


@pytest.fixture
def clock(settings, monkeypatch):
    """A clock over a schedule of our own, and the names of the tasks that it ran."""
    ran: list[str] = []
    monkeypatch.setattr(working, "run_task", lambda entry: ran.append(entry["task"]))
    settings.CELERY_BEAT_SCHEDULE = {
        "sweep": {"task": "foundation.sweep", "schedule": 5.0},
        "often": {"task": "test.often", "schedule": 3600.0},
        "daily": {"task": "test.daily", "schedule": crontab(hour=3, minute=20)},
        "yearly": {"task": "test.yearly", "schedule": timedelta(days=365)},
    }
    return working.Clock(), ran


def test_the_clock_runs_what_was_missed_and_leaves_the_sweep(clock):
    ticking, ran = clock
    ticking.tick()
    assert ran == ["test.often", "test.daily"]


def test_the_clock_runs_nothing_twice(clock):
    ticking, ran = clock
    ticking.tick()
    ran.clear()
    ticking.tick()
    assert ran == []


@pytest.mark.django_db(transaction=True)
def test_a_failing_periodic_task_is_logged_only(caplog):
    working.run_task({"task": "no.such.task"})
    assert "periodic task no.such.task" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_periodic_task_is_run_by_its_task_object(monkeypatch):
    seen: list[str] = []
    working.Clock()
    monkeypatch.setattr(lanes, "drain", lambda name: seen.append(name))
    working.run_task({"task": "foundation.work_lane", "args": ("audit",)})
    assert seen == ["audit"]


# --- health -----------------------------------------------------------------------------------------------------------


@pytest.mark.urls("portal.health")
def test_alive_asks_nothing_of_the_database(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.urls("portal.health")
@pytest.mark.django_db
def test_ready_tells_each_part(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "checks": {"database": "ok", "migrations": "ok", "broker": "not_configured"},
    }


@pytest.mark.urls("portal.health")
@pytest.mark.parametrize("part", ["database", "migrations", "broker"])
@pytest.mark.django_db
def test_what_fails_makes_it_unready_and_keeps_its_words_inside(client, monkeypatch, part):
    def fail() -> str:
        raise OSError("secret-host:5432 refused")

    monkeypatch.setitem(health.CHECKS, part, fail)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"][part] == "failed"
    assert b"secret-host" not in response.content


def test_a_broker_that_does_not_answer_is_a_failure(settings):
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{free_port()}/0"
    assert health.state_of("broker") == "failed"


# --- the whole --------------------------------------------------------------------------------------------------------


class Portal:
    """`manage.py serve` in a folder of its own."""

    def __init__(self, folder: Path, *words: str, **environment: str) -> None:
        self.port, self.out = free_port(), folder / "out.txt"
        own = {
            "DJANGO_SETTINGS_MODULE": "portal.settings.local",
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": f"sqlite:///{folder / 'portal.sqlite3'}",
            "CELERY_BROKER_URL": "",
            **environment,
        }
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port), *words],
                cwd=django_settings.BASE_DIR,
                env=os.environ | own,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def text(self) -> str:
        return self.out.read_text()

    def wait(self) -> None:
        """Until it greets; its output is the message of a failure."""
        assert until(lambda: "Ready:" in self.text or self.process.poll() is not None, 120), self.text
        assert self.process.poll() is None, self.text

    def stop(self, number: int) -> tuple[int, float]:
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(30), time.monotonic() - began


@pytest.fixture
def portal(tmp_path) -> Iterator[Portal]:
    started = Portal(tmp_path)
    yield started
    if started.process.poll() is None:
        started.process.send_signal(signal.SIGTERM)
        started.process.wait(30)


@pytest.mark.slow
def test_one_command_goes_from_nothing_to_a_page_and_stops_cleanly(portal):
    portal.wait()
    with urlopen(f"http://127.0.0.1:{portal.port}/accounts/login/", timeout=20) as page:
        assert page.status == 200
    assert f"http://127.0.0.1:{portal.port}" in portal.text
    assert all(each.email in portal.text for each in SIGN_INS)
    code, seconds = portal.stop(signal.SIGINT)
    assert (code, seconds < 10) == (0, True)
    assert "停止しました" in portal.text
    assert "Traceback" not in portal.text


@pytest.mark.slow
def test_ctrl_c_while_preparing_leaves_no_traceback(portal):
    assert until(lambda: "データベースを整えています" in portal.text, 60)
    code, _seconds = portal.stop(signal.SIGINT)
    assert code == 0
    assert "Traceback" not in portal.text


@pytest.mark.slow
def test_with_a_broker_no_local_worker_is_started(tmp_path):
    portal = Portal(tmp_path, "--no-sample", CELERY_BROKER_URL=f"redis://127.0.0.1:{free_port()}/0")
    portal.wait()
    assert re.search("Celery のワーカー", portal.text)
    assert "kikaku@" not in portal.text
    assert portal.stop(signal.SIGTERM)[0] == 0

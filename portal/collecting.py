"""Collecting static files only when they changed since the last time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

STAMP = "collected-from"


def collect_if_changed() -> bool:
    """Whether anything had to be collected."""
    stamp, mark = Path(settings.STATIC_ROOT) / STAMP, _fingerprint()
    if stamp.exists() and stamp.read_text() == mark:
        return False
    stamp.unlink(missing_ok=True)
    # Cleared first: collectstatic itself keeps an old copy that bears a newer time than its source.
    call_command("collectstatic", interactive=False, verbosity=0, clear=Path(settings.STATIC_ROOT).exists())
    stamp.write_text(mark)
    return True


def _fingerprint() -> str:
    """One digest over the name, size and time of every source file."""
    lines = sorted(f"{name} {size} {changed}" for name, size, changed in _sources())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _sources() -> Iterator[tuple[str, int, int]]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            yield name, found.st_size, found.st_mtime_ns

"""Reads a workbook in a process of its own and brings the tables back. See `foundation.sheets.child`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from foundation.sheets import archive as zipped
from foundation.sheets.cells import CellValue
from foundation.sheets.errors import SheetError

_CHILD = Path(__file__).with_name("child.py")
_SECONDS = 60
_BROKEN, _ENCRYPTED = 3, 4
_KINDS: dict[str, Callable[[str], CellValue]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
}

Table = tuple[str, bool, list[list[CellValue]]]


def tables_of(content: bytes) -> list[Table]:
    """(name, whether hidden, rows) of each sheet. Raises `SheetError`, also where the process was killed."""
    tables: list[Table] = []
    for line in _run(content).splitlines():
        value = json.loads(line)
        if isinstance(value, dict):
            tables.append((value["name"], value["hidden"], []))
        else:
            tables[-1][2].append([_cell(cell) for cell in value])
    return tables


def _run(content: bytes) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 (our own file, no argument from outside)
            [sys.executable, "-I", str(_CHILD)],
            input=content,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _unreadable() from error
    if done.returncode == _BROKEN:
        raise zipped.broken()
    if done.returncode == _ENCRYPTED:
        raise zipped.encrypted()
    if done.returncode != 0:
        raise _unreadable()
    return done.stdout


def _unreadable() -> SheetError:
    return SheetError(
        "unreadable",
        _("ファイルの構造が複雑すぎて読み込めません。値だけを新しいブックに貼り付けて保存し直してください。"),
    )


def _cell(value: Any) -> CellValue:
    if isinstance(value, list):
        kind, text = value
        return _KINDS[kind](text)
    plain: CellValue = value
    return plain

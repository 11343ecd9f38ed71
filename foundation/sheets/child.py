"""Runs alone, in a process of its own: a workbook on standard input, its tables as JSON lines on standard output.

The reader is native code that trusts the file (a forged `count` makes it ask for terabytes and abort the process),
so it gets its own process with bounded memory; `foundation.sheets.apart` starts it. Imports nothing of the portal,
so that it starts in a tenth of a second.

Each line is either a sheet ({"name", "hidden"}) or one of its rows. A date is ["date", "2026-04-01"], likewise
"datetime" and "time"; a duration is its text.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine as calamine

MAX_MEMORY = 768 * 1024 * 1024
MAX_OUTPUT = 150 * 1024 * 1024
BROKEN, ENCRYPTED, TOO_BIG = 3, 4, 5


def main() -> int:
    _limit_memory()
    try:
        return _print_tables(sys.stdin.buffer.read())
    except calamine.PasswordError:
        return ENCRYPTED
    except MemoryError:
        return TOO_BIG
    except (calamine.CalamineError, ValueError, OSError):
        return BROKEN


def _limit_memory() -> None:
    """Where the system has no such limit (Windows), the checks before this process stand alone."""
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def _print_tables(content: bytes) -> int:
    left = MAX_OUTPUT
    with calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        for about in book.sheets_metadata:
            if about.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            hidden = about.visible != calamine.SheetVisibleEnum.Visible
            _print({"name": about.name, "hidden": hidden})
            for row in book.get_sheet_by_name(about.name).to_python(skip_empty_area=False):
                left -= _print([_plain(value) for value in row])
                if left < 0:
                    return TOO_BIG
    return 0


def _print(line: Any) -> int:
    return sys.stdout.write(json.dumps(line, ensure_ascii=True) + "\n")


def _plain(value: Any) -> Any:
    if value == "":
        return None
    if isinstance(value, datetime):
        return ["datetime", value.isoformat()]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    if isinstance(value, time):
        return ["time", value.isoformat()]
    return str(value) if isinstance(value, timedelta) else value


if __name__ == "__main__":
    sys.exit(main())

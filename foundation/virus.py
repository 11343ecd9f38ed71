"""Virus check of what is uploaded: the EICAR test string always, clamd where the setting names one.

`CLAMD_ADDRESS` is "unix:/run/clamav/clamd.ctl" or "host:3310"; empty switches the scanner off. A scanner that is
named but does not answer refuses the upload: a file that nobody looked at is not taken in.
"""

from __future__ import annotations

import socket
import struct

from django.conf import settings
from django.utils.translation import gettext as _

from foundation.errors import DomainError

# In two pieces, so that no scanner takes this module for infected.
_EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!"
_CHUNK = 64 * 1024
_SECONDS = 30


def refuse_infected(content: bytes) -> None:
    """Raises `DomainError` for an infected file, and where the scanner cannot be asked."""
    if _EICAR in content or _found_by_scanner(content):
        raise DomainError(
            "infected",
            _("ウイルスを検出したため、受け付けませんでした。ファイルを確かめてください。"),
            field="file",
        )


def _found_by_scanner(content: bytes) -> bool:
    address = getattr(settings, "CLAMD_ADDRESS", "")
    if not address:
        return False
    try:
        answer = _ask(address, content)
    except OSError as error:
        raise _unavailable() from error
    if answer.endswith("OK"):
        return False
    if answer.endswith("FOUND"):
        return True
    raise _unavailable()


def _ask(address: str, content: bytes) -> str:
    """One INSTREAM conversation: the content in pieces with their length, an empty one at the end."""
    with _connection(address) as scanner:
        scanner.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), _CHUNK):
            piece = content[start : start + _CHUNK]
            scanner.sendall(struct.pack(">I", len(piece)) + piece)
        scanner.sendall(struct.pack(">I", 0))
        return scanner.recv(4096).decode(errors="replace").strip("\0\n ")


def _connection(address: str) -> socket.socket:
    if address.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_SECONDS)
        connection.connect(address.removeprefix("unix:"))
        return connection
    host, _colon, port = address.removeprefix("tcp:").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=_SECONDS)


def _unavailable() -> DomainError:
    return DomainError(
        "scan_unavailable",
        _("ウイルス検査を行えないため、受け付けられません。しばらくしてからやり直してください。"),
        field="file",
    )

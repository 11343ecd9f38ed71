"""Files: what is taken in, where it lies, who gets it back and how."""

import hashlib
import io
import socket
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.test import RequestFactory

from foundation import files
from foundation.access import Actor
from foundation.errors import DomainError
from foundation.models import AuditEntry, StoredFile
from foundation.views.files import download

pytestmark = pytest.mark.django_db

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    + struct.pack(">II", 640, 480)
    + b"\x08\x02\x00\x00\x00CRC."
    + bytes(4)
    + b"IEND\xaeB`\x82"
)
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08"
    + struct.pack(">HH", 480, 640)
    + bytes(10)
    + b"\xff\xda\x00\x08scan-data\xff\xd9"
)
GIF = b"GIF89a" + struct.pack("<HH", 640, 480) + bytes(8)
WEBP = b"RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x7f\x02\x00\xdf\x01\x00"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"


def _archive(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return content.getvalue()


TAKEN = [
    ("図.png", PNG, "image/png"),
    ("図.JPG", JPEG, "image/jpeg"),
    ("図.gif", GIF, "image/gif"),
    ("図.webp", WEBP, "image/webp"),
    ("報告.pdf", PDF, "application/pdf"),
    (
        "実績.xlsx",
        _archive("[Content_Types].xml", "xl/workbook.xml"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (
        "案.docx",
        _archive("word/document.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        "案.pptx",
        _archive("ppt/presentation.xml"),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("一覧.csv", "番号,名称\r\n1,髙橋".encode("cp932"), "text/csv"),
    ("覚書.txt", "覚書".encode(), "text/plain"),
]

REFUSED = [
    ("a.pdf", b"", "empty_file"),
    ("a.html", b"<html><script>alert(1)</script>", "kind_refused"),
    ("a.txt", b"  <!DOCTYPE html><script>alert(1)</script>", "kind_refused"),
    ("a.svg", b'<?xml version="1.0"?><svg onload="alert(1)"/>', "kind_refused"),
    ("a.csv", b"<svg onload=alert(1)>", "kind_refused"),
    ("a.exe", b"MZ\x90\x00" + bytes(60), "kind_refused"),
    ("a.zip", _archive("a.txt"), "kind_refused"),
    ("a.xlsx", _archive("xl/workbook.xml", "xl/vbaProject.bin"), "kind_refused"),
    ("a.xlsx", b"PK\x03\x04broken", "kind_refused"),
    ("a.png", PDF, "wrong_extension"),
    ("a.png.html", PNG, "wrong_extension"),
    ("a", PNG, "wrong_extension"),
    (".htaccess", b"AddType text/html .txt", "wrong_extension"),
    ("a.png", PNG[:20], "broken_picture"),
    ("a.jpg", b"\xff\xd8\xff\xe0\x00\x04ab", "broken_picture"),
    ("a.png", PNG[:16] + struct.pack(">II", 30_000, 30_000), "picture_too_big"),
    ("a.pdf", PDF + b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>", "active_pdf"),
    ("a.txt", rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*", "infected"),
]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.FILES_ROOT = tmp_path / "files"
    settings.FILES_MAX_BYTES = 10_000
    settings.CLAMD_ADDRESS = ""
    settings.FILES_ACCEL_PREFIX = ""
    return settings.FILES_ROOT


@pytest.fixture
def actor() -> Actor:
    user = get_user_model().objects.create_user(email="ura@example.jp")
    return Actor(user=user, label="試験 太郎（架空）")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Let the given files be shown to everybody by an owner (each file owns itself, for the test)."""
    monkeypatch.setattr(files, "_owners", {})

    def show(rows: Any) -> None:
        files.register_file_owner("test", lambda actor: rows, "self")

    return show


def _upload(actor: Actor, name: str, content: bytes) -> StoredFile:
    return files.store_upload(actor, SimpleUploadedFile(name, content, content_type="text/html"))


def _refusal(actor: Actor, name: str, content: bytes) -> DomainError:
    with pytest.raises(DomainError) as caught:
        _upload(actor, name, content)
    return caught.value


@pytest.mark.parametrize(("name", "content", "media_type"), TAKEN, ids=[name for name, *_ in TAKEN])
def test_a_file_is_kept_with_the_type_of_its_content(
    actor: Actor, name: str, content: bytes, media_type: str
) -> None:
    stored = _upload(actor, name, content)
    assert (stored.original_name, stored.content_type, stored.size) == (name, media_type, len(content))
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    with files.open_file(stored) as kept:
        assert kept.read() == content


@pytest.mark.parametrize(
    ("name", "content", "code"), REFUSED, ids=[f"{code} {name}" for name, _, code in REFUSED]
)
def test_what_is_not_on_the_list_is_refused(
    actor: Actor, folder: Path, name: str, content: bytes, code: str
) -> None:
    error = _refusal(actor, name, content)
    assert (error.code, error.field) == (code, "file")
    assert not StoredFile.objects.exists()
    assert not list(folder.rglob("*"))


def test_a_file_over_the_limit_is_refused_whatever_size_was_announced(actor: Actor) -> None:
    assert _refusal(actor, "a.txt", b"a" * 10_001).code == "file_too_big"
    upload = SimpleUploadedFile("a.txt", b"a" * 10_001)
    upload.size = 5
    with pytest.raises(DomainError, match="上限"):
        files.store_upload(actor, upload)


def test_a_stored_name_cannot_be_told_from_the_content(actor: Actor, folder: Path) -> None:
    stored = _upload(actor, "報告.pdf", PDF)
    (path,) = [path for path in folder.rglob("*") if path.is_file()]
    assert path.relative_to(folder).parts == (
        stored.storage_name[:2],
        stored.storage_name[2:4],
        stored.storage_name,
    )
    assert stored.sha256 not in str(path)
    assert "報告" not in str(path)


def test_the_same_content_is_kept_once_for_two_rows(actor: Actor, folder: Path) -> None:
    first, second = _upload(actor, "a.pdf", PDF), _upload(actor, "b.pdf", PDF)
    assert first.public_id != second.public_id
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1


def test_names_are_made_safe(actor: Actor) -> None:
    upload = SimpleUploadedFile("a.pdf", PDF)
    upload._name = "../../\u202efdp.報告.pdf"
    assert files.store_upload(actor, upload).original_name == "fdp.報告.pdf"


def test_storing_leaves_an_audit_entry(actor: Actor) -> None:
    stored = _upload(actor, "報告.pdf", PDF)
    entry = AuditEntry.objects.get(action="foundation.store_file")
    assert (entry.object_id, entry.actor_label) == (str(stored.public_id), "試験 太郎（架空）")


def test_a_produced_file_is_kept_whatever_its_type(actor: Actor) -> None:
    content = _archive("a.txt") * 1_000
    stored = files.store_produced(actor, "書出し.zip", "application/zip", io.BytesIO(content))
    with files.open_file(stored) as kept:
        assert kept.read() == content
    assert stored.sha256 == hashlib.sha256(content).hexdigest()


# The scanner ------------------------------------------------------------------------------------------------------


@pytest.fixture
def scanner(settings: Any) -> Iterator[Callable[[bytes], list[bytes]]]:
    """A scanner that gives one answer; what it was sent is collected."""
    server = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def answer_with(answer: bytes) -> list[bytes]:
        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                content = b""
                while not content.endswith(b"\0\0\0\0"):
                    content += connection.recv(4096)
                received.append(content)
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return received

    settings.CLAMD_ADDRESS = f"127.0.0.1:{server.getsockname()[1]}"
    yield answer_with
    server.close()


def test_a_clean_file_is_kept_after_the_scanner_saw_it(actor: Actor, scanner: Any) -> None:
    received = scanner(b"stream: OK\0")
    _upload(actor, "報告.pdf", PDF)
    assert received == [b"zINSTREAM\0" + struct.pack(">I", len(PDF)) + PDF + bytes(4)]


def test_a_file_in_which_the_scanner_finds_something_is_refused(actor: Actor, scanner: Any) -> None:
    scanner(b"stream: Test.Signature FOUND\0")
    assert _refusal(actor, "報告.pdf", PDF).code == "infected"


def test_without_an_answer_of_the_scanner_nothing_is_taken_in(
    actor: Actor, scanner: Any, settings: Any
) -> None:
    scanner(b"INSTREAM size limit exceeded. ERROR\0")
    assert _refusal(actor, "報告.pdf", PDF).code == "scan_unavailable"
    settings.CLAMD_ADDRESS = "unix:/nowhere/clamd.ctl"
    assert _refusal(actor, "報告.pdf", PDF).code == "scan_unavailable"


# Giving out -------------------------------------------------------------------------------------------------------


def _get(stored: StoredFile, actor: Actor, query: str = "") -> Any:
    request = RequestFactory().get(f"/files/{stored.public_id}/{query}")
    request.actor = actor
    return download(request, stored.public_id)


class _Rows:
    """Stands for the rows of a model that links to files."""

    def __init__(self, *stored: StoredFile) -> None:
        self.ids = {one.public_id for one in stored}

    def filter(self, **condition: Any) -> "_Rows":
        (wanted,) = condition.values()
        found = _Rows()
        found.ids = self.ids & {wanted}
        return found

    def exists(self) -> bool:
        return bool(self.ids)


def test_a_file_that_nothing_shows_is_not_there(actor: Actor, shown: Any) -> None:
    stored, other = _upload(actor, "報告.pdf", PDF), _upload(actor, "別.pdf", PDF)
    with pytest.raises(Http404):
        _get(stored, actor)
    shown(_Rows(other))
    with pytest.raises(Http404):
        _get(stored, actor)


def test_an_owner_is_asked_for_the_actor_and_by_its_own_field(
    actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_owners", {})
    asked = []

    class Rows:
        def filter(self, **condition: Any) -> Any:
            asked.append(condition)
            return StoredFile.objects.none()

    files.register_file_owner("kpis.evidence", lambda who: asked.append(who) or Rows(), "file")
    stored = _upload(actor, "報告.pdf", PDF)
    with pytest.raises(Http404):
        files.readable_file(actor, stored.public_id)
    assert asked == [actor, {"file__public_id": stored.public_id}]


def test_a_file_comes_as_an_attachment_that_nothing_executes(actor: Actor, shown: Any) -> None:
    stored = _upload(actor, "報告書.pdf", PDF)
    shown(_Rows(stored))
    response = _get(stored, actor, "?inline=1")
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''%E5%A0%B1%E5%91%8A%E6%9B%B8.pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"] == "private, no-store"


def test_a_picture_may_be_shown_in_a_page(actor: Actor, shown: Any) -> None:
    stored = _upload(actor, "photo.png", PNG)
    shown(_Rows(stored))
    assert _get(stored, actor)["Content-Disposition"] == 'attachment; filename="photo.png"'
    assert _get(stored, actor, "?inline=1")["Content-Disposition"] == 'inline; filename="photo.png"'


def test_the_web_server_in_front_may_send_the_bytes(actor: Actor, shown: Any, settings: Any) -> None:
    settings.FILES_ACCEL_PREFIX = "/_files/"
    stored = _upload(actor, "報告.pdf", PDF)
    shown(_Rows(stored))
    response = _get(stored, actor)
    assert response["X-Accel-Redirect"] == f"/_files/{files.relative_path(stored)}"
    assert response.content == b""


def test_a_file_whose_bytes_are_lost_is_not_there(actor: Actor, shown: Any, folder: Path) -> None:
    stored = _upload(actor, "報告.pdf", PDF)
    shown(_Rows(stored))
    (folder / files.relative_path(stored)).unlink()
    with pytest.raises(Http404):
        _get(stored, actor)


def test_a_file_is_only_read(actor: Actor) -> None:
    stored = _upload(actor, "報告.pdf", PDF)
    assert download(RequestFactory().post("/"), stored.public_id).status_code == 405

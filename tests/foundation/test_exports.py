"""Exports: asked for, made under the rights of the moment, given to the requester alone, never by halves."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from actors.models import Assignment
from foundation import exports, files, jobs, lanes, sheets
from foundation.access import ANONYMOUS
from foundation.errors import DomainError, StateError
from foundation.exports import Described, Order
from foundation.models import AuditEntry, Export, Job, Notice, StoredFile
from tests.conftest import People
from tests.factories.foundation import make_export

pytestmark = pytest.mark.django_db
KIND = "test.rows"
COLUMNS = [sheets.Column("番号", lambda row: row), sheets.Column("名称", lambda row: f"=項目{row}")]


class Gate:
    """What the test lets the requester do."""

    open = True
    rights = "full"
    made = 0


@pytest.fixture(autouse=True)
def gate(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Gate:
    settings.FILES_ROOT = tmp_path
    gate = Gate()

    def describe(actor: Any, parameters: dict[str, Any]) -> Described:
        if not gate.open:
            raise Http404
        if not isinstance(parameters.get("rows", 3), int):
            raise DomainError("bad_rows", "行数は数で指定してください。", field="parameters")
        return Described("試しの一覧", gate.rights, "/home/")

    def produce(order: Order) -> int:
        gate.made += 1
        rows = order.parameters.get("rows", 3)
        for done in range(rows):
            order.step(done, rows, "並べています")
        sheets.write_xlsx([sheets.Sheet("一覧", COLUMNS, range(rows))], order.target)
        return int(rows)

    monkeypatch.setattr(exports, "_kinds", dict(exports._kinds))
    exports.register_export(KIND, "試しの一覧", ("xlsx", "csv"), describe=describe, produce=produce)
    return gate


def ask(people: People, name: str = "reporter", **parameters: Any) -> Export:
    return exports.request_export(actor=people.actor(name), kind=KIND, format="xlsx", parameters=parameters)


def done(export: Export) -> Export:
    lanes.drain("jobs")
    return Export.objects.select_related("job", "file").get(pk=export.pk)


def content(export: Export) -> bytes:
    assert export.file is not None
    with files.open_file(export.file) as opened:
        return opened.read()


def fetched(client: Any, people: People, name: str, stored: StoredFile) -> int:
    client.force_login(getattr(people, name))
    return int(client.get(reverse("files:download", args=[stored.public_id])).status_code)


def test_export_is_made_in_the_background_and_can_be_opened(people: People) -> None:
    export = ask(people)
    assert (export.file, export.job.state, export.label) == (None, "queued", "試しの一覧（XLSX）")
    export = done(export)
    assert (export.job.state, export.row_count, export.file.original_name) == (
        "succeeded",
        3,
        "試しの一覧.xlsx",
    )
    table = sheets.read_workbook(io.BytesIO(content(export)), name="x.xlsx")[0]
    assert table.rows[1] == [0, "=項目0"]


def test_requesting_and_making_stand_in_the_audit_trail(people: People) -> None:
    export = done(ask(people, rows=2))
    entries = AuditEntry.objects.filter(object_id=str(export.public_id)).order_by("id")
    assert [each.action for each in entries] == ["foundation.request_export", "foundation.produce_export"]
    assert entries[1].after["sha256"] == export.file.sha256
    assert entries[1].after["parameters"] == {"rows": 2}


def test_same_parameters_make_the_same_bytes(people: People) -> None:
    assert content(done(ask(people))) == content(done(ask(people)))


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"kind": "test.other"}, "unknown_kind"),
        ({"format": "pdf"}, "unknown_format"),
        ({"parameters": {"rows": "三"}}, "bad_rows"),
        ({"as_of": timezone.now() + timedelta(days=400)}, "as_of_to_come"),
    ],
)
def test_what_cannot_be_exported_is_refused_at_once(
    people: People, wanted: dict[str, Any], code: str
) -> None:
    request = {"kind": KIND, "format": "xlsx", "parameters": {}, **wanted}
    with pytest.raises(DomainError) as refused:
        exports.request_export(actor=people.actor("reporter"), **request)
    assert refused.value.code == code
    assert not Job.objects.exists()


def test_who_may_not_see_it_cannot_ask(people: People, gate: Gate) -> None:
    gate.open = False
    with pytest.raises(Http404):
        ask(people)
    assert not Export.objects.exists()


def test_right_lost_before_the_worker_came_fails_in_clear_words_and_holds_nothing(
    people: People, gate: Gate
) -> None:
    export = ask(people)
    gate.open = False
    export = done(export)
    assert (export.job.state, export.file, gate.made) == ("failed", None, 0)
    assert "権限がなくなりました" in export.job.error
    assert Notice.objects.get(user_id=people.reporter.pk).title.startswith("書き出せませんでした")


def test_right_lost_while_the_worker_was_at_it_leaves_no_file(people: People, gate: Gate) -> None:
    class Losing(Gate):
        asked = 0

    real = exports._kinds[KIND].describe

    def describe(actor: Any, parameters: dict[str, Any]) -> Described:
        Losing.asked += 1
        gate.rights = "full" if Losing.asked < 3 else "less"
        return real(actor, parameters)

    exports.register_export(KIND, "", ("xlsx",), describe=describe, produce=exports._kinds[KIND].produce)
    export = done(ask(people))
    assert (export.job.state, export.file) == ("failed", None)
    assert not StoredFile.objects.exists()


def test_holder_who_left_the_post_gets_nothing(people: People) -> None:
    export = ask(people)
    yesterday = timezone.localdate() - timedelta(days=1)
    Assignment.objects.filter(person__user=people.reporter).update(to_on=yesterday)
    export = done(export)
    assert (export.job.state, export.file) == ("failed", None)


def test_only_the_requester_fetches_the_file(people: People, client: Any) -> None:
    stored = done(ask(people)).file
    assert fetched(client, people, "reporter", stored) == 200
    assert fetched(client, people, "reviewer", stored) == 404
    assert fetched(client, people, "administrator", stored) == 404


@pytest.mark.parametrize("loss", ["open", "rights", "expiry", "account"])
def test_requester_who_lost_the_right_fetches_it_no_more(
    people: People, client: Any, gate: Gate, loss: str
) -> None:
    export = done(ask(people))
    assert fetched(client, people, "reporter", export.file) == 200
    if loss == "open":
        gate.open = False
    elif loss == "rights":
        gate.rights = "less"
    elif loss == "expiry":
        Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        Assignment.objects.filter(person__user=people.reporter).update(
            to_on=timezone.localdate() - timedelta(days=1)
        )
    assert fetched(client, people, "reporter", export.file) == 404


def test_waiting_export_is_cancelled_and_never_made(people: People, gate: Gate) -> None:
    export = ask(people)
    exports.cancel_export(actor=people.actor("reporter"), export=export)
    export = done(export)
    assert (export.job.state, export.file, gate.made) == ("cancelled", None, 0)
    with pytest.raises(StateError):
        exports.cancel_export(actor=people.actor("reporter"), export=export)


def test_export_cancelled_in_the_middle_leaves_no_file(people: People) -> None:
    export = ask(people)

    def produce(order: Order) -> int:
        order.target.write(b"half")
        exports.cancel_export(actor=people.actor("reporter"), export=Export.objects.get(pk=export.pk))
        order._stepped_at = 0
        order.step(1, 2)
        raise AssertionError("the work went on")

    real = exports._kinds[KIND]
    exports.register_export(KIND, "", ("xlsx",), describe=real.describe, produce=produce)
    export = done(export)
    assert (export.job.state, export.file) == ("cancelled", None)
    assert not StoredFile.objects.exists()


def test_export_of_a_dead_worker_is_made_by_the_next(people: People, gate: Gate) -> None:
    export = ask(people)
    dead = jobs._claim()
    assert dead is not None
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    export = done(export)
    assert (export.job.state, export.job.attempts, gate.made) == ("succeeded", 2, 1)
    with pytest.raises(jobs.JobCancelled):
        exports._make(Export.objects.get(pk=export.pk), jobs.Progress(dead))
    assert StoredFile.objects.count() == 1


def test_worker_that_takes_over_speaks_of_the_same_moment(people: People) -> None:
    first, second = timezone.now() - timedelta(hours=2), timezone.now() - timedelta(hours=1)
    export = ask(people)
    progress = jobs.Progress(export.job)
    described = Described("試し")
    spoken = []
    for settled in (first, second):
        export = Export.objects.get(pk=export.pk)
        order = Order(export, people.actor("reporter"), described, progress, io.BytesIO())
        spoken.append(order.fix_as_of(lambda moment=settled: moment))
    assert spoken == [first, first]


def test_failed_export_leaves_nothing_and_says_no_more_than_it_should(people: People, client: Any) -> None:
    real = exports._kinds[KIND]

    def produce(order: Order) -> int:
        order.target.write(b"half")
        raise RuntimeError("秘密の中身")

    exports.register_export(KIND, "", ("xlsx",), describe=real.describe, produce=produce)
    export = ask(people)
    for _attempt in range(jobs.MAX_ATTEMPTS):
        Job.objects.update(available_at=timezone.now())
        export = done(export)
    assert (export.job.state, export.file) == ("failed", None)
    client.force_login(people.reporter)
    page = client.get(reverse("exports:detail", args=[export.public_id])).content.decode()
    assert "予期しない誤り" in page
    assert "秘密の中身" not in page


def test_nobody_queues_more_than_five(people: People) -> None:
    for _each in range(exports.MAX_OPEN):
        ask(people)
    with pytest.raises(StateError):
        ask(people)
    assert ask(people, "reviewer")


def test_export_that_took_long_tells_the_requester_and_mails_nobody(people: People) -> None:
    quick, slow = ask(people), ask(people)
    Export.objects.filter(pk=slow.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    lanes.drain("jobs")
    notice = Notice.objects.get()
    assert notice.url == reverse("exports:detail", args=[slow.public_id])
    assert (notice.user_id, notice.mail_after) == (people.reporter.pk, None)
    assert quick.pk != slow.pk


def test_expired_file_is_let_go_and_the_history_keeps_the_line(people: People, client: Any) -> None:
    export = done(ask(people))
    assert exports.expire(timezone.now() + exports.KEPT_FOR - timedelta(minutes=1)) == 0
    assert exports.expire(timezone.now() + exports.KEPT_FOR + timedelta(minutes=1)) == 1
    client.force_login(people.reporter)
    assert "保存期間終了" in client.get(reverse("exports:list")).content.decode()
    assert Path(settings.FILES_ROOT).joinpath(files.relative_path(export.file)).exists()


# Pages ----------------------------------------------------------------------------------------------------------


def test_history_shows_progress_and_asks_again_only_while_something_runs(people: People, client: Any) -> None:
    export = ask(people, rows=4)
    Job.objects.update(state="running", done=1, total=4, message="並べています")
    client.force_login(people.reporter)
    moving = client.get(reverse("exports:list")).content.decode()
    assert "1／4" in moving
    assert "portal:tick" in moving
    Job.objects.update(state="queued")
    done(export)
    settled = client.get(reverse("exports:live")).content.decode()
    assert "portal:tick" not in settled
    assert "受け取る" in settled


def test_history_shows_ones_own_alone(people: People, client: Any) -> None:
    make_export(people.reviewer, label="他人の書き出し")
    client.force_login(people.reporter)
    page = client.get(reverse("exports:list")).content.decode()
    assert "他人の書き出し" not in page
    assert "書き出しはまだありません" in page


@pytest.mark.parametrize("count", [1, 20])
def test_history_costs_the_same_for_one_and_for_twenty(
    people: People, client: Any, count: int, django_assert_max_num_queries: Any
) -> None:
    for _each in range(count):
        make_export(people.reporter)
    client.force_login(people.reporter)
    client.get(reverse("exports:list"))
    with django_assert_max_num_queries(6):
        client.get(reverse("exports:list"))


def test_once_more_asks_for_the_same_and_a_double_click_asks_once(people: People, client: Any) -> None:
    export = done(ask(people, rows=2))
    client.force_login(people.reporter)
    again = reverse("exports:again", args=[export.public_id])
    first = client.post(again, {"once": "a-token"})
    second = client.post(again, {"once": "a-token"})
    assert first["Location"] == second["Location"]
    assert list(Export.objects.values_list("parameters", flat=True)) == [{"rows": 2}, {"rows": 2}]


def test_cancelling_from_the_page_stops_it(people: People, client: Any) -> None:
    export = ask(people)
    client.force_login(people.reporter)
    client.post(reverse("exports:cancel", args=[export.public_id]))
    assert Job.objects.get().state == "cancelled"


def test_page_says_when_the_right_is_gone(people: People, client: Any, gate: Gate) -> None:
    export = done(ask(people))
    gate.open = False
    client.force_login(people.reporter)
    page = client.get(reverse("exports:detail", args=[export.public_id])).content.decode()
    assert "このファイルは受け取れません" in page
    assert str(export.file.public_id) not in page


# API ------------------------------------------------------------------------------------------------------------


def test_api_asks_shows_and_cancels(people: People, client: Any) -> None:
    client.force_login(people.reporter)
    body = {"kind": KIND, "format": "xlsx", "parameters": {"rows": 1}}
    asked = client.post("/api/v1/exports/", body, content_type="application/json")
    assert (asked.status_code, asked.json()["state"], asked.json()["file"]) == (201, "queued", None)
    lanes.drain("jobs")
    shown = client.get(asked["Location"]).json()
    assert (shown["state"], shown["row_count"]) == ("succeeded", 1)
    assert client.get(shown["file"]["url"]).status_code == 200
    refused = client.post(f"{asked['Location']}cancel/", {}, content_type="application/json")
    assert refused.status_code == 409


def test_api_refuses_a_visitor(client: Any) -> None:
    body = {"kind": KIND, "format": "xlsx"}
    assert client.post("/api/v1/exports/", body, content_type="application/json").status_code in (401, 403)


def test_anonymous_actor_cannot_ask(people: People) -> None:
    with pytest.raises(PermissionDenied):
        exports.request_export(actor=ANONYMOUS, kind=KIND, format="xlsx", parameters={})

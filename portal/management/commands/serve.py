"""`serve`: prepare what is missing, then run the portal on this machine until Ctrl-C."""

from __future__ import annotations

import os
import signal
from typing import Any
from unicodedata import east_asian_width

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections

from portal import health
from portal.collecting import collect_if_changed
from portal.sample.loader import is_loaded
from portal.sample.signins import PASSWORD, SIGN_INS, holders
from portal.serving import Address, Serving, ServingError, local_worker, web_server


class Command(BaseCommand):
    help = "データベースと画面の部品を整え、ウェブサーバーと作業プロセスを起動します（Ctrl-C で停止）。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="待ち受けるポート番号（初期値 8000）")
        parser.add_argument("--host", default="127.0.0.1", help="待ち受けるアドレス（初期値 127.0.0.1）")
        parser.add_argument("--no-sample", action="store_true", help="見本データを読み込みません。")
        parser.add_argument("--no-worker", action="store_true", help="作業プロセスを起動しません。")

    def handle(self, *args: Any, **options: Any) -> None:
        # From here on SIGTERM, like Ctrl-C, is one orderly way out, whatever is going on. A shell that starts
        # a program in the background has it ignore Ctrl-C; a stop that was asked for is still a stop.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)
        address = Address(options["host"], options["port"])
        try:
            address.check_free()
            self._prepare(with_sample=not options["no_sample"])
            self._serve(address, with_worker=not options["no_worker"])
        except KeyboardInterrupt:
            self._say("\n停止しました。 / Stopped.")
        except ServingError as error:
            raise CommandError(str(error)) from error

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    # --- before -------------------------------------------------------------------------------------------------------

    def _prepare(self, *, with_sample: bool) -> None:
        try:
            self._migrate()
        except DatabaseError as error:
            raise ServingError(
                f"データベースを使えません。DATABASE_URL を確かめてください。（{error}）"
            ) from error
        self._collect()
        if with_sample and settings.EDITION != "server":
            self._load_sample()
        connections.close_all()

    def _migrate(self) -> None:
        if health.migrations() != health.OK:
            self._say("データベースを整えています… / Preparing the database")
            call_command("migrate", interactive=False, verbosity=0)

    def _collect(self) -> None:
        try:
            if collect_if_changed():
                self._say("画面の部品を整えました。 / Static files collected")
        except OSError as error:
            raise ServingError(
                f"画面の部品を {settings.STATIC_ROOT} に書き込めません。（{error}）"
            ) from error

    def _load_sample(self) -> None:
        if not is_loaded():
            self._say("見本データを読み込んでいます…（数秒） / Loading the sample data")
            call_command("load_sample", "--if-empty", stdout=self.stdout)

    # --- serving ------------------------------------------------------------------------------------------------------

    def _serve(self, address: Address, *, with_worker: bool) -> None:
        self._set_environment(address)
        serving = Serving(
            web_server(address), local_worker() if self._needs_worker(with_worker) else None, self._say
        )
        try:
            serving.start(address.url)
            self._greet(address)
            serving.watch()
        finally:
            serving.stop()

    def _set_environment(self, address: Address) -> None:
        """What the children must know of the address, unless the environment says it already."""
        os.environ.setdefault("PUBLIC_URL", address.url)
        if names := address.names():
            os.environ.setdefault("ALLOWED_HOSTS", ",".join([*settings.ALLOWED_HOSTS, *names]))

    def _needs_worker(self, is_wanted: bool) -> bool:
        if settings.CELERY_BROKER_URL:
            self._say(
                "CELERY_BROKER_URL が設定されています。再集計などは Celery のワーカーに任せ、"
                "作業プロセスは起動しません。"
            )
            return False
        return is_wanted

    def _greet(self, address: Address) -> None:
        lines = ["", f"共創の場ポータルを開けます： {address.url}", ""]
        if is_loaded():
            lines += [*_sign_in_table(), ""]
            if not address.is_local:
                lines += [
                    "注意：このパスワードは公開されています。ほかの機械から開けるのは試すときだけにしてください。",
                    "",
                ]
        connections.close_all()
        lines += ["Ctrl-C で停止します。", _english(address)]
        self._say("\n".join(lines))


def _english(address: Address) -> str:
    return f"Ready: open {address.url} and sign in with any address above. Ctrl-C stops."


def _sign_in_table() -> list[str]:
    names = holders()
    rows = [("使う人", "氏名", "メールアドレス")]
    rows += [(each.kind, names[each.person], each.email) for each in SIGN_INS]
    widths = [max(_width(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return [
        f"サインイン（見本。パスワードはどれも {PASSWORD} ）",
        *(f"  {line.rstrip()}" for line in lines),
    ]


def _width(text: str) -> int:
    """Columns on a terminal: full-width characters take two."""
    return sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))

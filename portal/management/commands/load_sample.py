"""`load_sample`: the fictitious forum and the public record, for trying the portal out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from actors.models import User
from ecosystems.models import Forum
from portal.sample.loader import is_loaded, load


class Command(BaseCommand):
    help = "見本データ（架空の場と公的記録）を読み込みます。すでに読み込んであれば、何もしません。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="利用者も場も登録されていないときだけ読み込みます。"
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="サーバー版にも読み込みます（パスワードは公開されています）。",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if _is_loaded():
            self.stdout.write("見本データは、すでに読み込まれています。何も変更していません。")
            return
        if options["if_empty"] and (User.objects.exists() or Forum.objects.exists()):
            self.stdout.write("データがすでに登録されているため、見本データは読み込みませんでした。")
            return
        if settings.EDITION == "server" and not options["force"]:
            raise CommandError(
                "見本データの利用者のパスワードは公開されているため、サーバー版には読み込めません。"
                "承知のうえで読み込むときは --force を付けてください。"
            )
        forum = load()
        self.stdout.write(f"見本データを読み込みました：{forum.name} と公的記録")


def _is_loaded() -> bool:
    try:
        return is_loaded()
    except DatabaseError as error:
        raise CommandError("データベースの準備ができていません。先に migrate を実行してください。") from error

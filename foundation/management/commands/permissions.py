"""`permissions [--check | --write]`: the table of who may do what, printed from the rules themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation.access import Ground, Rule, rules

HEAD = """\
# 権限の一覧

だれが何をできるかの一覧です。各アプリの `access.py` にある規則から作られています。手で直さず、規則を変えたら
`python manage.py permissions --write` で作り直してください。

- 「できる人」は、そのどれかに当てはまる人です。「除外」に当てはまるときは、できません。
- 見ることのできないものは、存在しないもの（404）として扱います。見られても操作できないときは、お断り（403）します。
- ここにない操作は、だれにもできません。

| 操作 | 対象 | できる人 | 除外 |
| --- | --- | --- | --- |
"""


class Command(BaseCommand):
    help = "権限の一覧を表示します。--write で文書に書き込み、--check で文書が最新かどうかを確かめます。"

    def add_arguments(self, parser: CommandParser) -> None:
        group = parser.add_mutually_exclusive_group()
        group.add_argument(
            "--check", action="store_true", help="文書が規則と違うときは、終了コード 1 で終わります。"
        )
        group.add_argument("--write", action="store_true", help="文書を作り直します。")

    def handle(self, *args: Any, **options: Any) -> None:
        document, text = document_path(), render(rules())
        if options["write"]:
            document.write_text(text, encoding="utf-8")
            self.stdout.write(f"{document.name} を書き込みました。")
        elif options["check"]:
            self._check(document, text)
        else:
            self.stdout.write(text, ending="")

    def _check(self, document: Path, text: str) -> None:
        if not document.exists() or document.read_text(encoding="utf-8") != text:
            raise CommandError(
                f"{document.name} が規則と違います。python manage.py permissions --write で作り直してください。"
            )
        self.stdout.write(f"{document.name} は規則のとおりです。")


def document_path() -> Path:
    return Path(settings.BASE_DIR) / "docs" / "permissions.md"


def render(declared: Iterable[Rule]) -> str:
    return HEAD + "".join(f"{line}\n" for line in _lines(declared))


def _lines(declared: Iterable[Rule]) -> Iterator[str]:
    for rule in sorted(declared, key=lambda rule: rule.action):
        cells = (
            f"{rule.label} `{rule.action}`",
            str(rule.model._meta.verbose_name),
            _names(rule.grounds),
            _names(rule.exceptions),
        )
        yield f"| {' | '.join(cells)} |"


def _names(grounds: Iterable[Ground]) -> str:
    return "、".join(dict.fromkeys(str(ground.name) for ground in grounds))

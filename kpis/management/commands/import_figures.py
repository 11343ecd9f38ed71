"""`import_figures FILE`: figures of earlier years or of another system, from a CSV file, all or nothing."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from foundation.access import system_actor
from foundation.dates import TOKYO
from foundation.errors import DomainError, MultipleErrors
from kpis.services.importing import COLUMNS, import_figures


class Command(BaseCommand):
    help = (
        f"実績値をCSV（UTF-8、1行目は {','.join(COLUMNS)}）から取り込みます。kpi はKPIの公開IDです。"
        "1行でも直すところがあれば、何も登録しません。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", help="報告者として残す名前（省くとファイル名）")
        parser.add_argument("--approved", action="store_true", help="承認済みとして登録する")
        parser.add_argument("--at", help="登録日時（例 2024-04-01T09:00。省くと今）")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        at = self._moment(options["at"])
        try:
            with file.open(encoding="utf-8-sig", newline="") as text:
                lines = csv.DictReader(text)
                if not {"kpi", "period"} <= set(lines.fieldnames or ()) <= set(COLUMNS):
                    raise CommandError(
                        f"1行目に書ける列は {','.join(COLUMNS)} です。kpi と period は必ず要ります。"
                    )
                count = import_figures(
                    actor=system_actor("import"),
                    lines=lines,
                    source=options["source"] or file.name,
                    is_approved=options["approved"],
                    at=at,
                )
        except OSError as error:
            raise CommandError(f"{file} を開けません（{error.strerror}）。") from error
        except MultipleErrors as error:
            for each in error.errors:
                self.stderr.write(f"{each.details['line'] + 1}行目 {each.field}: {each}")
            raise CommandError(str(error)) from error
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"実績値 {count} 件を取り込みました。")

    @staticmethod
    def _moment(text: str | None) -> Any:
        if text is None:
            return None
        moment = parse_datetime(text)
        if moment is None:
            raise CommandError("--at は 2024-04-01T09:00 の形で書いてください。")
        return moment if moment.tzinfo else moment.replace(tzinfo=TOKYO)

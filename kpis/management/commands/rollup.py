"""`rollup rebuild | drain | verify`: make the rolled-up figures anew, settle what waits, prove them right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation import lanes
from kpis.models import DirtyMark
from kpis.rollup import drain, verify


class Command(BaseCommand):
    help = "集計値を作り直す（rebuild）、待っている再集計を済ませる（drain）、台帳と突き合わせる（verify）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=("rebuild", "drain", "verify"))

    def handle(self, *args: Any, step: str, **options: Any) -> None:
        steps: dict[str, Callable[[], None]] = {
            "rebuild": self._rebuild,
            "drain": self._drain,
            "verify": self._verify,
        }
        steps[step]()

    def _rebuild(self) -> None:
        self.stdout.write(f"集計値 {drain.rebuild()} 件を作り直しました。")

    def _drain(self) -> None:
        self.stdout.write(f"再集計の印 {lanes.drain('rollup')} 件を処理しました。")

    def _verify(self) -> None:
        """Print each difference; exit status 1 when there is one, or when marks still wait."""
        if waiting := DirtyMark.objects.count():
            raise CommandError(
                f"再集計の印が {waiting} 件残っています。rollup drain を実行してから確かめてください。"
            )
        found = 0
        for difference in verify.verify():
            self.stdout.write(str(difference))
            found += 1
        if found:
            raise CommandError(f"台帳と違う集計値が {found} 件あります。")
        self.stdout.write("集計値は、すべて台帳からの計算と一致しています。")

"""`work`: the local worker of the embedded default, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from portal.working import work


class Command(BaseCommand):
    help = "再集計・お知らせ・処理などを、この機械で順に片付けます（CELERY_BROKER_URL を使わないとき）。"

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())
        work(stop)

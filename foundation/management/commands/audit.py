"""`audit seal | verify`: seal the audit trail, prove that nothing in it was changed or removed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation import audit


class Command(BaseCommand):
    help = "監査記録に封をする（seal）、封が破れていないことを確かめる（verify）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=("seal", "verify"))

    def handle(self, *args: Any, step: str, **options: Any) -> None:
        if step == "seal":
            self.stdout.write(f"監査記録 {audit.seal()} 件に封をしました。")
        else:
            self._verify()

    def _verify(self) -> None:
        """Print what is broken; exit status 1 when anything is. Entries without a seal yet are only counted."""
        problems, unsealed = audit.verify()
        for problem in problems:
            self.stdout.write(problem)
        if problems:
            raise CommandError(f"監査記録に、封をした時と違うところが {len(problems)} か所あります。")
        self.stdout.write(f"監査記録は、封をした時のままです（まだ封をしていない記録 {unsealed} 件）。")

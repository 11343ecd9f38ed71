"""`export_reports`: write a round's progress reports to a file, with the rights of a named account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.http import Http404

from actors.models import User
from foundation import audit
from foundation.access import Actor, load_actor
from foundation.errors import DomainError
from kpis.selectors.wording import AsOfError, read_as_of
from kpis.services import ledger
from projects.reporting.exports import FORMATS, write_reports
from projects.reporting.models import ProgressReport, ReportingRound
from projects.reporting.selectors.exported import Wanted, wanted


class Command(BaseCommand):
    help = "一つの報告依頼の進捗報告を、指定した利用者の権限でファイルに書き出します（xlsx・csv・pdf）。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("round", help="報告依頼の公開ID、又は番号")
        parser.add_argument("output", type=Path, help="書き出すファイル（拡張子で形式が決まります）")
        parser.add_argument("--user", required=True, help="誰の権限で書き出すか（メールアドレス）")
        parser.add_argument(
            "--state", action="append", default=[], choices=ProgressReport.State.values, help="状態で絞り込む"
        )
        parser.add_argument("--vision", help="地域ビジョンの公開ID")
        parser.add_argument("--theme", help="テーマの公開ID")
        parser.add_argument("--as-of", help="基準時点（2026-11-20 など）。省けば今")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        format = output.suffix.lower().lstrip(".")
        if format not in FORMATS:
            raise CommandError("出力先の拡張子は .xlsx、.csv、.pdf のどれかにしてください。")
        actor = self._actor(options["user"])
        try:
            chosen = self._chosen(actor, options)
            moment = ledger.settle(read_as_of(options["as_of"]).moment)
            count = self._write(actor, chosen, format, output, moment)
        except Http404 as error:
            raise CommandError(
                "報告依頼・ビジョン・テーマが見つからないか、この利用者には見えません。"
            ) from error
        except (DomainError, AsOfError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{chosen.title}：{count} 件を {output} に書き出しました（記録番号 {moment.number}）。"
        )

    def _actor(self, email: str) -> Actor:
        user = User.objects.filter(email__iexact=email).first()
        actor = load_actor(user.pk) if user else None
        if actor is None or not actor.is_authenticated:
            raise CommandError("この利用者はいません。")
        return actor

    def _chosen(self, actor: Actor, options: dict[str, Any]) -> Wanted:
        named = ReportingRound.objects.visible_to(actor).filter(code=options["round"]).first()
        parameters = {
            "round": str(named.public_id) if named else options["round"],
            "states": options["state"],
            "vision": options["vision"],
            "theme": options["theme"],
        }
        return wanted(actor, parameters)

    def _write(self, actor: Actor, chosen: Wanted, format: str, output: Path, moment: ledger.Moment) -> int:
        """Beside the target first: what is there is only replaced by a whole file."""
        partial = output.with_name(f"{output.name}.part")
        try:
            with partial.open("w+b") as target:
                count = write_reports(actor, chosen, format, target, moment, lambda done, total, words: None)
            with transaction.atomic():
                after = {"format": format, "rows": count, "as_of": moment.at}
                audit.record(actor, "projects.export_reports", chosen.round, after=after)
            partial.replace(output)
        finally:
            partial.unlink(missing_ok=True)
        return count

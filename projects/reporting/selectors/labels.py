"""The name of a place of a version, for lists and mails."""

from __future__ import annotations

from django.utils.translation import gettext as _

from projects.reporting.models import ReportVersion
from projects.reporting.questions import ALIGNMENT


def place_label(version: ReportVersion, key: str) -> str:
    """「進み具合」「P2-1 予約便の延べ利用者数 令和8年9月」「資料」「報告の全体」."""
    kind, _dot, rest = key.partition(".")
    if kind == "answer":
        template = version.report.round.template
        asked = {each["key"]: each["label"] for each in (template.questions if template else [])}
        return str(asked.get(rest, rest))
    if kind == "alignment":
        return str(dict(ALIGNMENT).get(rest, rest))
    if kind == "figure":
        found = next((each for each in version.content["figures"] if each["measurement"] == rest), None)
        return f"{found['code']} {found['name']} {found['period_label']}" if found else _("数値")
    return _("資料") if kind == "evidence" else _("報告の全体")

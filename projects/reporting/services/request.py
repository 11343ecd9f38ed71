"""依頼文: the proposed name, dates to think twice about, and the words of a request, in plain text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from actors.models import Post
from ecosystems.models import AvoidedPeriod
from foundation.dates import is_business_day, wareki
from kpis.periods import Grain, Period
from projects.reporting.models import ReportingRound

Kind = ReportingRound.Kind
GRAIN_OF = {Kind.YEAR: Grain.YEAR, Kind.HALF: Grain.HALF, Kind.QUARTER: Grain.QUARTER}
WEEKDAYS = "月火水木金土日"


def propose_name(kind: str, period: Period) -> str:
    """「令和8年度 第2四半期 進捗報告」, for a year 「令和8年度 実績報告」."""
    words = ReportingRound(kind=kind).report_word
    if kind == Kind.MILESTONE:
        words = _("節目の%(report)s") % {"report": words}
    elif kind == Kind.EXTRA:
        words = _("臨時の%(report)s") % {"report": words}
    return f"{period.label} {words}"


def day_with_weekday(day: date) -> str:
    """「令和8年10月23日（金）」."""
    return f"{wareki(day)}（{WEEKDAYS[day.weekday()]}）"


def short_day(day: date) -> str:
    """「10/23」, as subjects of mails write it."""
    return f"{day.month}/{day.day}"


def warnings(avoided: Iterable[AvoidedPeriod], due_on: date, closes_on: date) -> list[str]:
    """Sentences about dates that fall on days to avoid or on holidays; nothing is forbidden by them."""
    named = ((_("提出期限"), due_on), (_("受付終了日"), closes_on))
    periods = list(avoided)
    return [
        _("%(what)s（%(day)s）は、「%(name)s」に当たります。できれば避けてください。")
        % {"what": what, "day": day_with_weekday(day), "name": reason}
        for what, day in named
        for reason in _reasons(periods, day)
    ]


def _reasons(periods: Iterable[AvoidedPeriod], day: date) -> list[str]:
    found = [each.name for each in periods if each.covers(day)]
    if not is_business_day(day):
        found.append(_("土日・祝日・年末年始の休み"))
    return found


def contact_lines(post: Post | None) -> list[str]:
    """The section that asks, as the foot of a letter: organisation, section, telephone, address."""
    if post is None:
        return []
    lines = [f"{post.organization.name} {post}"]
    if post.phone:
        lines.append(_("電話 %(phone)s") % {"phone": post.phone})
    if post.email:
        lines.append(_("メール %(email)s") % {"email": post.email})
    return lines


def propose_text(round_: ReportingRound, office: Post | None, remark: str = "") -> str:
    """The request as it can be sent: to whom, what, by when, how, and whom to ask."""
    report = round_.report_word
    lines = [
        _("各プロジェクトの担当者の皆様"),
        "",
        _("%(period)sの%(report)sの提出を依頼します。") % {"period": round_.period.label, "report": report},
        "",
        _("1 報告していただくこと"),
        _("　進み具合、成果、課題、次の期間の予定、KPI の実績値、四つの問いへの回答"),
        _("2 提出期限"),
        f"　{day_with_weekday(round_.due_on)}",
        _("　この日を過ぎた場合も、理由を添えて%(day)sまで提出できます（「期限後提出」と記録します）。")
        % {"day": day_with_weekday(round_.closes_on)},
        _("3 提出の方法"),
        _("　このポータルの「報告」から入力し、代表機関の担当者が提出してください。"),
        _("　前回の内容が入っています。変わったところだけ直してください。"),
    ]
    if remark:
        lines += [_("4 その他"), f"　{remark}"]
    if contact := contact_lines(office):
        lines += ["", _("問合せ先"), *(f"　{line}" for line in contact)]
    return "\n".join(lines)

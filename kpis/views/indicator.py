"""One indicator, and the list of all that one may see."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from foundation.pages import ListPage, ObjectPage
from kpis.filters import IndicatorFilter
from kpis.models import Indicator
from kpis.pages import SignInWhenHidden
from kpis.rules import Accrual, Direction, Scale, TimeRule, TreeRule, Value
from kpis.selectors.indicator import (
    entry_of,
    indicator_rows,
    joined,
    ledger_of,
    list_rows,
    listed,
    sheets_of,
    tables_of,
    target_history,
    targets_of,
    vacancy_of,
)
from kpis.selectors.marks import marks_of, put_marks
from kpis.selectors.wording import post_text, rate_label, rate_meaning, target_text, unit_label


class IndicatorPage(SignInWhenHidden, ObjectPage):
    """KPIシート, chart and table, targets with their history, contributions, ledger, keeper."""

    model = Indicator
    template_name = "kpis/indicator_detail.html"
    section = "indicators"
    context_object_name = "indicator"

    def get_queryset(self) -> Any:
        return indicator_rows(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        indicator = self.object
        sheets, targets = sheets_of(indicator), targets_of(indicator)
        sheet, marks = sheets[0], marks_of(self.actor, indicator)
        tables = tables_of(indicator, entry_of(indicator, sheet, targets), targets)
        put_marks(tables, marks)
        return super().get_context_data(**kwargs) | {
            "sheet": sheet,
            "versions": sheets,
            "facts": sheet_facts(indicator, sheet),
            "tables": tables,
            "marks": marks,
            "targets": target_history(targets, sheet),
            "joined": joined(self.actor, indicator),
            "ledger": ledger_of(self.actor, indicator, sheet),
            "vacancy": vacancy_of(indicator),
            "keepers": keeper_facts(indicator, self.actor.is_authenticated),
            "actions": self._actions(),
        }

    def _actions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{"label": _("印刷する"), "print": True}]
        if self.object.can_enter and not self.object.is_rolled_up:
            url = reverse("kpis:entry", args=[self.object.scorecard.public_id])
            found.insert(0, {"label": _("値を入力する"), "url": url, "kind": "primary"})
        if self.object.can_change:
            own = [self.object.public_id]
            found.append({"label": _("KPIシートを見直す"), "url": reverse("kpis:sheet", args=own)})
            found.append({"label": _("目標値を登録する"), "url": reverse("kpis:targets", args=own)})
        return found


def sheet_facts(indicator: Any, sheet: Any) -> list[dict[str, Any]]:
    """The sheet in words, so that a stranger can measure it again."""
    return [
        {"label": _("定義"), "value": sheet.definition},
        {"label": _("算式"), "value": sheet.formula, "empty": _("定義のとおり")},
        {"label": _("出典"), "value": sheet.data_source},
        {"label": _("単位"), "value": unit_label(sheet)},
        {
            "label": _("型・計上"),
            "value": f"{Scale(sheet.scale).label}・{Accrual(sheet.accrual).label}{_('（累計で見る）') if sheet.is_running_total else ''}",
        },
        {"label": _("目指す方向"), "value": Direction(sheet.direction).label},
        {"label": _("測定"), "value": _grain(sheet)},
        {"label": _("期間をまとめる規則"), "value": TimeRule(sheet.time_rule).label},
        {"label": _("値の入り方"), "value": _how_made(indicator, sheet)},
        {"label": _("率"), "value": _rate(sheet), "note": _rate_note(sheet)},
        {"label": _("基準値"), "value": _baseline(sheet), "empty": _("なし")},
        {"label": _("価値"), "value": Value(sheet.value).label if sheet.value else ""},
        {"label": _("段階（インプット等）"), "value": sheet.get_level_display()},
        {"label": _("SDGs"), "value": "、".join(str(goal) for goal in sheet.sdgs)},
        {"label": _("公開範囲"), "value": indicator.get_visibility_display()},
    ] + ([{"label": _("段階の名前"), "value": _steps(sheet)}] if sheet.steps else [])


def _grain(sheet: Any) -> str:
    last = _("%(last)sまで") % {"last": sheet.last_period.label} if sheet.last_period else ""
    return _("%(grain)sごと（%(first)sから%(last)s）") % {
        "grain": sheet.get_grain_display(),
        "first": sheet.first_period.label,
        "last": last,
    }


def _how_made(indicator: Any, sheet: Any) -> str:
    if not indicator.is_rolled_up:
        return str(indicator.get_kind_display())
    return _("積上げ（下位のKPIの%(rule)s）") % {"rule": TreeRule(sheet.tree_rule).label}


def _rate(sheet: Any) -> str:
    return (
        _("率を出さず、達成・未達だけを見ます")
        if sheet.scale == Scale.LEVEL
        else rate_label(sheet.attainment_rule)
    )


def _rate_note(sheet: Any) -> str:
    return "" if sheet.scale == Scale.LEVEL else rate_meaning(sheet.attainment_rule)


def _baseline(sheet: Any) -> str:
    if sheet.baseline_value is None:
        return ""
    period = f"（{sheet.baseline_period.label}）" if sheet.baseline_period else ""
    return f"{target_text(sheet.baseline_value, sheet)}{unit_label(sheet)}{period}"


def _steps(sheet: Any) -> str:
    lines = []
    for index, step in enumerate(sheet.steps):
        number, name = (
            (step.get("level", index), step.get("name")) if isinstance(step, dict) else (index, step)
        )
        lines.append(f"{number} {name}")
    return "\n".join(lines)


def keeper_facts(indicator: Any, names: bool) -> list[dict[str, Any]]:
    """所管課: who answers for the figure. A person's name is shown to signed-in people alone."""
    post = indicator.post
    if post is None:
        return [{"label": _("所管課（主担当）"), "value": "", "empty": _("決まっていません")}]
    facts = [
        {"label": _("所管課（主担当）"), "value": f"{post.organization.name} {post.section}".strip()},
        {"label": _("担当ポスト"), "value": post.name},
        {"label": _("副担当"), "value": post_text(indicator.deputy_post), "empty": _("なし")},
    ]
    if names:
        facts.insert(2, {"label": _("主担当者"), "value": indicator.holder or "", "empty": _("空席")})
        facts.append({"label": _("部署メール"), "value": post.email, "empty": _("登録なし")})
    return facts


class IndicatorListPage(SignInWhenHidden, ListPage):
    """All indicators that one may see, from every card and forum."""

    model = Indicator
    template_name = "kpis/indicator_list.html"
    section = "indicators"
    filterset_class = IndicatorFilter

    def scoped(self) -> Any:
        return list_rows(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        query = context["query"]
        return {
            **context,
            "rows": listed(context["page_obj"]),
            "query": f"{query}&" if query else "",
            "is_narrowed": any(value for key, value in self.request.GET.items() if key != "page"),
        }

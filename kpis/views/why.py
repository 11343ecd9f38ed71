"""「この数値の根拠」: for any figure, how it is made, from which reports, approved by whom, on what evidence."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from foundation.pages import ObjectPage
from kpis.models import Indicator
from kpis.pages import SignInWhenHidden
from kpis.periods import Grain, Period, PeriodError
from kpis.rules import Basis
from kpis.selectors.why import NotOnRecord, why_rows
from kpis.selectors.why_words import Explaining
from kpis.selectors.wording import unit_label, why_address
from kpis.views.scorecard import as_of_in


class WhyPage(SignInWhenHidden, ObjectPage):
    """One figure: indicator, period (of its own or a coarser grain), basis, moment."""

    model = Indicator
    template_name = "kpis/why_detail.html"
    section = "indicators"
    context_object_name = "indicator"

    def get_queryset(self) -> Any:
        return why_rows(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        indicator, as_of = self.object, as_of_in(self.request)
        period, basis = self._period(), self._basis()
        try:
            explaining = Explaining(self.actor, indicator, period, basis, as_of)
        except NotOnRecord as error:
            raise Http404(_("この時点では、まだ登録されていないKPIです。")) from error
        sheet = explaining.ledger.sheets[indicator.pk]
        return super().get_context_data(**kwargs) | {
            "period": period,
            "basis": basis,
            "basis_label": Basis(basis).label,
            "as_of": as_of,
            "why": explaining.answer(),
            "unit": unit_label(sheet),
            "data_source": sheet.data_source,
            "tabs": self._tabs(period, basis, as_of.text),
            "now_url": why_address(indicator.public_id, period, basis),
            "actions": [{"label": _("印刷する"), "print": True}],
        }

    def _period(self) -> Period:
        """The period asked for; the newest own one that has ended when none is."""
        asked, grain = self.request.GET.get("period", ""), Grain(self.object.grain)
        if not asked:
            return Period.of(as_of_in(self.request).today, grain).previous()
        try:
            period = Period.from_code(asked)
        except PeriodError as error:
            raise Http404(str(error)) from error
        if period.grain < grain:
            raise Http404(
                _("このKPIは%(grain)sごとに測ります。それより短い期間の値はありません。")
                % {"grain": grain.label}
            )
        return period

    def _basis(self) -> str:
        """Figures that wait for approval are for those who take part."""
        basis = self.request.GET.get("basis") or Basis.OFFICIAL
        if basis not in set(Basis):
            raise Http404
        if basis == Basis.PROVISIONAL and not self.object.can_view_provisional:
            raise PermissionDenied(_("承認前の値は、場の構成員だけが見られます。"))
        return basis

    def _tabs(self, period: Period, basis: str, as_of: str) -> list[dict[str, Any]]:
        if not self.object.can_view_provisional:
            return []
        return [
            {
                "label": each.label,
                "url": why_address(self.object.public_id, period, each, as_of),
                "current": each == basis,
            }
            for each in Basis
        ]

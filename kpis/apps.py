from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KpisConfig(AppConfig):
    name = "kpis"
    verbose_name = _("KPI")

    def ready(self) -> None:
        from kpis import access  # noqa: F401 (declares the rules)
        from kpis.rollup import drain  # noqa: F401 (the lane of the roll-up)

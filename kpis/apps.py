from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KpisConfig(AppConfig):
    name = "kpis"
    verbose_name = _("KPI")

    def ready(self) -> None:
        from kpis import (
            access,  # noqa: F401 (declares the rules)
            notices,  # noqa: F401 (what follows from a submission or a review)
            waiting,  # noqa: F401 (what waits for a keeper)
        )
        from kpis.rollup import drain  # noqa: F401 (the lane of the roll-up)
        from kpis.services import (
            evidence,  # noqa: F401 (the owner of evidence files)
            workbooks,  # noqa: F401 (jobs of workbooks, and the owner of their files)
        )

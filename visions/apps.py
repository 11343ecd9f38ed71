from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VisionsConfig(AppConfig):
    name = "visions"
    verbose_name = _("ビジョン")

    def ready(self) -> None:
        from visions import (  # noqa: F401 (all register on import)
            access,
            comparing,  # noqa: F401 (rules and slots register on import)
            slots,
            subjects,
        )

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EcosystemsConfig(AppConfig):
    name = "ecosystems"
    verbose_name = _("地域共創の場")

    def ready(self) -> None:
        from ecosystems import (  # noqa: F401 (all register on import)
            access,
            comparing,
            facts,
            slots,
            subjects,
            voice_notices,
            waiting,
        )
        from ecosystems.services import answering  # noqa: F401 (what is forgotten every night)

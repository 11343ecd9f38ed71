from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EcosystemsConfig(AppConfig):
    name = "ecosystems"
    verbose_name = _("地域共創の場")

    def ready(self) -> None:
        from ecosystems import access, facts, slots, waiting  # noqa: F401 (all register on import)

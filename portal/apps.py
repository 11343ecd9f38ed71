from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("ポータル")

    def ready(self) -> None:
        from portal.comparing import exports  # noqa: F401 (registers on import)
        from portal.comparing import slots as comparing  # noqa: F401 (likewise)
        from portal.home import slots, waiting  # noqa: F401 (both register on import)

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActorsConfig(AppConfig):
    name = "actors"
    verbose_name = _("主体")

    def ready(self) -> None:
        from actors import access, facts  # noqa: F401 (rules and facts register on import)

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VisionsConfig(AppConfig):
    name = "visions"
    verbose_name = _("ビジョン")

    def ready(self) -> None:
        from visions import access  # noqa: F401 (declares the rules)

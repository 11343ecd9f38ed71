from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "projects"
    verbose_name = _("プロジェクト")

    def ready(self) -> None:
        from projects.reporting import access as reporting  # noqa: F401 (declares the rules)
        from projects.reporting.services import rounds, writing  # noqa: F401 (bundles and file owners register)
        from projects.research import access, slots  # noqa: F401 (rules and slots register on import)

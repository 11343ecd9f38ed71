from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "projects"
    verbose_name = _("プロジェクト")

    def ready(self) -> None:
        from projects.research import access, slots  # noqa: F401 (rules and slots register on import)

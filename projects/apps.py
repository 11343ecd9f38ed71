from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "projects"
    verbose_name = _("プロジェクト")

    def ready(self) -> None:
        from projects import access  # noqa: F401 (declares the rules)

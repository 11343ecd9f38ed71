from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

# What registers something when it is imported: rules, handlers, jobs, lanes, exports, sources of what waits, slots.
REGISTERING = (
    "projects.partnering.access",
    "projects.partnering.notices",
    "projects.partnering.waiting",
    "projects.reporting.access",
    "projects.reporting.comparing_forums",
    "projects.reporting.compiled_exports",
    "projects.reporting.exports",
    "projects.reporting.notices",
    "projects.reporting.notices_rounds",
    "projects.reporting.services.compiling",
    "projects.reporting.services.reminding",
    "projects.reporting.services.rounds",
    "projects.reporting.services.scheduling",
    "projects.reporting.services.writing",
    "projects.reporting.slots",
    "projects.reporting.waiting",
    "projects.reporting.waiting_rounds",
    "projects.research.access",
    "projects.research.comparing",
    "projects.research.residents",
    "projects.research.slots",
)


class ProjectsConfig(AppConfig):
    name = "projects"
    verbose_name = _("プロジェクト")

    def ready(self) -> None:
        for module in REGISTERING:
            import_module(module)

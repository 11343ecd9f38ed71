from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class FoundationConfig(AppConfig):
    name = "foundation"
    verbose_name = _("基盤")

    def ready(self) -> None:
        from foundation import (  # noqa: F401 (lanes register on import)
            audit,
            exact_sql,
            exports,
            guards,
            jobs,
            notices,
            outbox,
        )

        connection_created.connect(exact_sql.register_functions, dispatch_uid="exact_sql")
        post_migrate.connect(guards.install, dispatch_uid="guards")

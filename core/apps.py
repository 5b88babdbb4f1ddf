"""Django's entry to the package."""

from django.apps import AppConfig
from django.core.checks import Tags, register


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core.checks import check_postgresql, check_settings
        from core.outbound.checks import check_outbound

        register(check_settings)
        register(check_outbound)
        register(check_postgresql, Tags.database)

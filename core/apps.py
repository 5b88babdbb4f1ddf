"""Django's entry to the package."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

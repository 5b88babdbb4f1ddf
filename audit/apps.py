"""Django's entry to the package."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"

"""Django's entry to the package."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

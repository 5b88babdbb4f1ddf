"""Django's entry to the composition root."""

from django.apps import AppConfig


class SchedulerProjectConfig(AppConfig):
    name = "scheduler_project"

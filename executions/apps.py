"""Django's entry to the package."""

from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register


class ExecutionsConfig(AppConfig):
    name = "executions"

    def ready(self) -> None:
        from celery import current_app

        from executions.bootsteps import Drain, Heartbeat, Refill
        from executions.checks import (
            check_allowed_commands,
            check_condition_databases,
            check_condition_roots,
            check_containers,
            check_retention,
            check_times,
        )
        from executions.handlers.container.sweep import SweepContainers

        register(check_times)
        register(check_allowed_commands)
        register(check_condition_databases)
        register(check_condition_roots)
        register(check_containers)
        register(check_retention)
        current_app.steps["worker"].update({Heartbeat, Refill, Drain, SweepContainers})
        import_module("executions.process")  # its signal receivers belong to every worker

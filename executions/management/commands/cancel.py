"""``manage.py cancel``: stop an execution."""

from typing import Any

from django.core.management.base import CommandParser

from audit.command import PlatformCommand, command_actor
from executions.lookup import find_execution
from executions.services import cancel
from executions.waits import explain_wait


class Command(PlatformCommand):
    """At once when no worker has claimed it; else its worker is asked to stop it."""

    help = "Stop an execution."

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the argument."""
        parser.add_argument("execution", help="id")

    def run(self, options: dict[str, Any]) -> None:
        """Say what became of it."""
        execution = cancel(actor=command_actor(), execution=find_execution(options["execution"]))
        self.out.print(explain_wait(execution) or f"The execution is {execution.status}.")

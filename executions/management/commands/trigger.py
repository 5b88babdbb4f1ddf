"""``manage.py trigger``: run a job now."""

from typing import Any

from django.core.management.base import CommandParser

from audit.command import command_actor
from executions.lookup import find_job
from executions.management.parameters import add_parameter_options, read_parameters
from executions.management.seeing_through import OpeningCommand
from executions.services import trigger


class Command(OpeningCommand):
    """Opens an execution that is due now."""

    help = "Run a job now. With --wait, exit code 0 only if it succeeded."
    examples = ('trigger "Morning greeting" --param name=Ada --wait',)

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("job", help="name or id")
        add_parameter_options(parser)
        super().add_arguments(parser)

    def run(self, options: dict[str, Any]) -> None:
        """Open the execution, and see it through if asked to."""
        execution = trigger(
            actor=command_actor(),
            job=find_job(options["job"]),
            parameters=read_parameters(options, given={}),
        )
        self.see_through(execution, options)

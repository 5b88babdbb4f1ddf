"""``manage.py rerun``: run a finished execution again."""

from typing import Any

from django.core.management.base import CommandParser

from audit.command import command_actor
from executions.lookup import find_execution
from executions.management.parameters import add_parameter_options, read_parameters
from executions.management.seeing_through import OpeningCommand
from executions.services import rerun


class Command(OpeningCommand):
    """Opens one more execution of the same job for the same slot, due now.

    ``--param`` changes single parameters of the first, ``--parameters`` replaces them all.
    """

    help = (
        "Run a finished execution again, with its parameters unless others are given."
        " With --wait, exit code 0 only if it succeeded."
    )
    examples = (
        "rerun 01999999-0000-7000-8000-000000000000",
        "rerun 01999999-0000-7000-8000-000000000000 --param region=EU --wait 60",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("execution", help="id of a finished one")
        add_parameter_options(parser)
        super().add_arguments(parser)

    def run(self, options: dict[str, Any]) -> None:
        """Open the execution, and see it through if asked to."""
        first = find_execution(options["execution"])
        again = rerun(
            actor=command_actor(),
            execution=first,
            parameters=read_parameters(options, given=first.input),
        )
        self.see_through(again, options)

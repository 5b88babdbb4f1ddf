"""``manage.py rerun``: run a finished execution again."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from audit.command import command_actor
from executions.lookup import find_execution
from executions.management.parameters import add_parameter_options, read_parameters
from executions.management.seeing_through import OpeningCommand
from executions.runs import Scope, Version, rerun


class Command(OpeningCommand):
    """Opens one more execution of the same job for the same slot, due now.

    ``--param`` changes single parameters of the first, ``--parameters`` replaces them all. With
    ``--below`` all that comes below it in its run is opened again too; ``--wait`` waits for the
    first of them.
    """

    help = (
        "Run a finished execution again, with its parameters unless others are given."
        " With --wait, exit code 0 only if it succeeded."
    )
    examples = (
        "rerun 01999999-0000-7000-8000-000000000000",
        "rerun 01999999-0000-7000-8000-000000000000 --param region=EU --wait 60",
        "rerun 01999999-0000-7000-8000-000000000000 --below --job-version same",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("execution", help="id of a finished one")
        parser.add_argument(
            "--below",
            action="store_true",
            help="with all below it in its run that has not succeeded",
        )
        parser.add_argument(
            "--all", action="store_true", help="with --below: also what has succeeded there"
        )
        parser.add_argument(
            "--job-version",
            choices=[version.value for version in Version],
            default=Version.CURRENT.value,
            help="the job as it is defined now (default), or as it was when it ran",
        )
        add_parameter_options(parser)
        super().add_arguments(parser)

    def run(self, options: dict[str, Any]) -> None:
        """Open the execution, and see it through if asked to."""
        first = find_execution(options["execution"])
        if options["all"] and not options["below"]:
            raise CommandError("--all goes with --below.")
        given = options["parameters"] is not None or options["param"]
        again = rerun(
            actor=command_actor(),
            execution=first,
            scope=Scope.BELOW if options["below"] else Scope.ONE,
            keep_succeeded=not options["all"],
            parameters=read_parameters(options, given=first.input) if given else None,
            version=Version(options["job_version"]),
        )[0]
        self.see_through(again, options)

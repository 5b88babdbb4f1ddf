"""``manage.py trigger``: run a job now."""

import json
import math
from typing import Any

from django.core.management.base import CommandError, CommandParser

from audit.command import PlatformCommand, command_actor
from executions.following import follow_states
from executions.lookup import find_job
from executions.models import JobExecution
from executions.services import trigger
from executions.states import ExecutionStatus


class Command(PlatformCommand):
    """Prints the execution's id; with ``--wait`` what happens (standard error), then the output."""

    help = "Run a job now. With --wait, exit code 0 only if it succeeded."

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("job", help="name or id")
        parser.add_argument(
            "--param",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a parameter; the value is read as JSON if it is JSON, else as text",
        )
        parser.add_argument(
            "--wait",
            nargs="?",
            type=float,
            const=math.inf,
            metavar="SECONDS",
            help="wait until it is over, at most so long",
        )

    def run(self, options: dict[str, Any]) -> None:
        """Open the execution, and see it through if asked to."""
        execution = trigger(
            actor=command_actor(),
            job=find_job(options["job"]),
            parameters=read_parameters(options["param"]),
        )
        if options["wait"] is None:
            self.out.print(str(execution.pk))
        else:
            self.aside.print(f"execution {execution.pk}")
            self._wait(execution, options["wait"])

    def _wait(self, execution: JobExecution, seconds: float) -> None:
        for line in follow_states(execution, seconds=seconds):
            self.aside.print(line)
        if not execution.is_final:
            raise CommandError(
                f"Not over after {seconds:g} s. See `manage.py logs {execution.pk} --follow`."
            )
        if execution.status != ExecutionStatus.SUCCEEDED:
            raise CommandError(
                f"The execution is {execution.status}. See `manage.py logs {execution.pk}`."
            )
        self.out.print(json.dumps(execution.output, indent=2, ensure_ascii=False))


def read_parameters(pairs: list[str]) -> dict[str, Any]:
    """Read ``name=value`` pairs; a value that is no JSON is text."""
    parameters = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not name or not sign:
            raise CommandError(f"--param {pair!r} is not of the form name=value.")
        try:
            parameters[name] = json.loads(value)
        except ValueError:
            parameters[name] = value
    return parameters

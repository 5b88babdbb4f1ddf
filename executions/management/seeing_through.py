"""Commands that open an execution: they print its id, or wait for its end and print its output."""

import json
import math
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import RenderableType

from audit.command import PlatformCommand
from core.program import PROGRAM
from executions.following import follow_states
from executions.lists import described
from executions.models import JobExecution
from executions.serializers import ExecutionSerializer
from executions.states import ExecutionStatus

NOT_OVER = 3
"""The exit code when the time to wait was over before the execution was."""


class OpeningCommand(PlatformCommand):
    """Prints the execution's id; with ``--wait`` what happens (standard error), then the output."""

    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--wait``."""
        parser.add_argument(
            "--wait",
            nargs="?",
            type=seconds_to_wait,
            const=math.inf,
            metavar="SECONDS",
            help="wait until it is over, at most so long (exit code 3 if it is not over by then)",
        )

    def see_through(self, execution: JobExecution, options: dict[str, Any]) -> None:
        """Print the id at once, or with ``--wait`` the end; raise unless it succeeded."""
        if options["wait"] is None:
            self.answer(
                options,
                document=lambda: {"executionId": str(execution.pk)},
                shown=lambda: str(execution.pk),
            )
            return
        self.aside.print(f"execution {execution.pk}")
        for line in follow_states(execution, seconds=options["wait"]):
            self.aside.print(line)
        is_success = execution.status == ExecutionStatus.SUCCEEDED
        if is_success or options["json"]:
            self.answer(
                options,
                document=lambda: _as_json(execution),
                shown=lambda: _output(execution),
            )
        if not is_success:
            _complain(execution, options["wait"])


def _as_json(execution: JobExecution) -> dict[str, Any]:
    row = described(JobExecution.objects.filter(pk=execution.pk)).get()
    return dict(ExecutionSerializer(row).data)


def _output(execution: JobExecution) -> RenderableType:
    return json.dumps(execution.output, indent=2, ensure_ascii=False)


def _complain(execution: JobExecution, seconds: float) -> None:
    if not execution.is_final:
        raise CommandError(
            f"Not over after {seconds:g} s. See `{PROGRAM} logs {execution.pk} --follow`.",
            returncode=NOT_OVER,
        )
    raise CommandError(f"The execution is {execution.status}. See `{PROGRAM} logs {execution.pk}`.")


def seconds_to_wait(text: str) -> float:
    """Return a number of seconds, 0 or more."""
    seconds = float(text)
    if not seconds >= 0:
        raise ValueError(text)
    return seconds

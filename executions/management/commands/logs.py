"""``manage.py logs``: what an execution said."""

from typing import Any

from django.core.management.base import CommandParser
from rich.text import Text

from audit.command import PlatformCommand
from executions.following import follow_lines
from executions.lookup import find_execution
from executions.models import JobExecution, JobExecutionLog
from executions.serializers import LogLineSerializer

_STYLES = {"ERROR": "red", "CRITICAL": "bold red", "WARNING": "yellow", "DEBUG": "dim"}


class Command(PlatformCommand):
    """Prints attempt, time, level, stream and text, one line each."""

    help = "Print the log of an execution."
    examples = ("logs 01999999-0000-7000-8000-000000000000 --follow",)
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("execution", help="id")
        parser.add_argument("--follow", "-f", action="store_true", help="until it is over")

    def run(self, options: dict[str, Any]) -> None:
        """Print what there is, and with ``--follow`` what comes."""
        execution = find_execution(options["execution"])
        lines = follow_lines(execution, until_over=options["follow"])
        if options["json"]:
            self.print_json(LogLineSerializer(list(lines), many=True).data)
            return
        for line in lines:
            self.out.print(_shown(line))
        self._tell_the_end(execution)

    def _tell_the_end(self, execution: JobExecution) -> None:
        """Say on standard error where the execution stands, and what its last error was."""
        execution.refresh_from_db(fields=["status", "error_type", "error_message", "stack_trace"])
        if execution.stack_trace:
            self.aside.print(execution.stack_trace.rstrip())
        said = ": ".join(filter(None, [execution.error_type, execution.error_message]))
        self.aside.print(f"{execution.status} ({said})" if said else execution.status)


def _shown(line: JobExecutionLog) -> Text:
    head = f"#{line.attempt} {line.at:%H:%M:%S.%f}"[:-3] + f" {line.level:<8} {line.stream:<8} "
    return Text(head, style="dim").append(
        line.message, style=_STYLES.get(line.level, "not dim default")
    )

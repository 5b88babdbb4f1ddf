"""``manage.py executions``: the newest executions."""

import json
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from audit.command import PlatformCommand
from core.terminal import make_table
from core.times import show_span, show_time
from executions.lookup import find_job
from executions.models import JobExecution
from executions.states import ExecutionStatus

_STYLES = {
    "succeeded": "green",
    "failed": "red",
    "timed_out": "yellow",
    "retrying": "yellow",
    "running": "blue",
}


class Command(PlatformCommand):
    """A table for people, ``--json`` for programs."""

    help = "List the newest executions."

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the options."""
        parser.add_argument("--job", help="name or id")
        parser.add_argument("--status", choices=ExecutionStatus.values)
        parser.add_argument("--limit", type=int, default=20)
        parser.add_argument("--json", action="store_true", help="print a JSON list")

    def run(self, options: dict[str, Any]) -> None:
        """Print them, newest first."""
        executions = JobExecution.objects.select_related("job").order_by("-id")
        if options["job"]:
            executions = executions.filter(job=find_job(options["job"]))
        if options["status"]:
            executions = executions.filter(status=options["status"])
        found = list(executions.defer("input", "output", "stack_trace")[: max(options["limit"], 0)])
        if options["json"]:
            self.out.print(json.dumps([_as_json(e) for e in found], indent=2, ensure_ascii=False))
        else:
            self._print_table(found)

    def _print_table(self, found: list[JobExecution]) -> None:
        table = make_table("id", "job", "status", "slot (UTC)", "took", "attempt", "says")
        for e in found:
            table.add_row(
                str(e.pk),
                e.job.name,
                e.status,
                show_time(e.scheduled_for)[:-4],
                show_span(e.duration_seconds),
                str(e.attempt),
                _says(e),
                style=_STYLES.get(e.status),
            )
        self.out.print(table)


def _says(execution: JobExecution) -> str:
    said = execution.error_message or (not execution.is_final and execution.progress_message) or ""
    return said.partition("\n")[0][:100]


def _as_json(execution: JobExecution) -> dict[str, Any]:
    """Name fields as the REST contract does."""

    def moment(field: str) -> str | None:
        at: datetime | None = getattr(execution, field)
        return at.isoformat().replace("+00:00", "Z") if at else None

    return {
        "id": str(execution.pk),
        "jobDefinitionId": str(execution.job_id),
        "jobName": execution.job.name,
        "status": execution.status,
        "reason": execution.reason,
        "scheduledForUtc": moment("scheduled_for"),
        "startedAtUtc": moment("started_at"),
        "completedAtUtc": moment("completed_at"),
        "durationSeconds": execution.duration_seconds,
        "attempt": execution.attempt,
        "hostInstance": execution.worker,
        "errorMessage": execution.error_message,
    }

"""``manage.py cancel``: stop executions."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from audit.command import PlatformCommand, command_actor
from executions.bulk import cancel_executions
from executions.lookup import find_execution, find_job
from executions.management.outcome import tell
from executions.models import JobExecution
from executions.states import UNFINISHED
from executions.waits import explain_wait


class Command(PlatformCommand):
    """At once when no worker has claimed it; else its worker is asked to stop it."""

    help = "Stop executions: by id, or all unfinished ones of a job."
    examples = (
        "cancel 01999999-0000-7000-8000-000000000000",
        'cancel --job "Morning greeting" --status queued --yes',
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define what can be chosen."""
        parser.add_argument("executions", nargs="*", metavar="execution", help="ids")
        parser.add_argument("--job", help="name or id: all its unfinished executions")
        parser.add_argument(
            "--status",
            action="append",
            choices=[status.value for status in UNFINISHED],
            help="of --job only those; may be repeated",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def run(self, options: dict[str, Any]) -> None:
        """Say what became of each."""
        if bool(options["executions"]) == bool(options["job"]):
            raise CommandError("Say what to cancel: executions by id, or --job with --status.")
        if options["status"] and not options["job"]:
            raise CommandError("--status goes with --job.")
        found = (
            self._choose(options)
            if options["job"]
            else [find_execution(text) for text in options["executions"]]
        )
        tell(
            self,
            options,
            cancel_executions(actor=command_actor(), executions=found),
            as_json=_as_json,
            shown=lambda e: _shown(e, is_one=len(found) == 1),
        )

    def _choose(self, options: dict[str, Any]) -> list[JobExecution]:
        job = find_job(options["job"])
        executions = JobExecution.objects.filter(
            job=job, status__in=options["status"] or UNFINISHED
        )
        found = list(executions.select_related("job").defer("input").order_by("id"))
        if found:
            count = f"{len(found)} executions" if len(found) > 1 else "1 execution"
            self.confirm(f"Cancel {count} of {job.name}?", is_sure=options["yes"])
        else:
            self.aside.print("Nothing to cancel.")
        return found


def _as_json(execution: JobExecution) -> dict[str, Any]:
    return {
        "id": str(execution.pk),
        "jobName": execution.job.name,
        "status": execution.status,
    }


def _shown(execution: JobExecution, *, is_one: bool) -> str:
    said = explain_wait(execution) or f"The execution is {execution.status}."
    return said if is_one else f"{execution.pk}: {said}"

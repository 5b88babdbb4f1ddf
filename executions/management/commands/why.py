"""``manage.py why``: why something does not run, or how it ended."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Group, RenderableType
from rich.text import Text

from audit.command import PlatformCommand
from core.program import PROGRAM
from core.times import show_time
from executions.lookup import as_uuid, find_job
from executions.models import JobExecution
from executions.serializers.why import WhySerializer
from executions.waits import Cause
from executions.why import Why, explain_execution, explain_job, explain_schedule
from jobs.models import JobDefinition, JobSchedule


class Command(PlatformCommand):
    """One answer, whatever is asked about; the cause that decides now comes first."""

    help = "Say why an execution, a schedule or a job does not run, or how an execution ended."
    examples = (
        "why 01999999-0000-7000-8000-000000000000",
        'why "Morning greeting" --json',
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define what can be asked about."""
        parser.add_argument(
            "what", help="id of an execution, a schedule or a job, or the name of a job"
        )

    def run(self, options: dict[str, Any]) -> None:
        """Print the answer."""
        why = _explain(options["what"])
        self.answer(options, document=lambda: WhySerializer(why).data, shown=lambda: _shown(why))


def _explain(text: str) -> Why:
    if (pk := as_uuid(text)) is None:
        return explain_job(find_job(text))
    if execution := JobExecution.objects.filter(pk=pk).select_related("job", "version").first():
        return explain_execution(execution)
    if schedule := JobSchedule.objects.filter(pk=pk).select_related("job").first():
        return explain_schedule(schedule)
    if job := JobDefinition.objects.filter(pk=pk).first():
        return explain_job(job)
    raise CommandError(
        f"There is no execution, schedule or job {text!r}. Give a whole id, or the name of a job;"
        f" `{PROGRAM} executions`, `{PROGRAM} schedules` and `{PROGRAM} jobs` list them."
    )


def _shown(why: Why) -> RenderableType:
    of = "" if why.kind == "job" else f" of job {why.job_name}"
    name = why.job_name if why.kind == "job" else why.id
    lines = [Text(f"{why.kind} {name}{of}: {why.status}")]
    lines += [line for place, cause in enumerate(why.causes, 1) for line in _lines(place, cause)]
    return Group(*lines)


def _lines(place: int, cause: Cause) -> list[Text]:
    lines = [Text(f"{place}. {cause.detail} [{cause.code}]")]
    for holder in cause.holders:
        worker = f", worker {holder.worker}" if holder.worker else ""
        lines.append(Text(f"   - execution {holder.execution_id} of {holder.job_name}{worker}"))
    if cause.until:
        lines.append(Text(f"   until {show_time(cause.until)}"))
    return lines

"""Finding the job or the execution that a command means."""

from uuid import UUID

from django.core.management.base import CommandError

from executions.models import JobExecution
from jobs.models import JobDefinition


def find_job(text: str) -> JobDefinition:
    """Return the job of this id or name, archived ones only by id."""
    if identifier := _as_uuid(text):
        job = JobDefinition.objects.filter(pk=identifier).first()
    else:
        job = JobDefinition.objects.unarchived().filter(name=text).first()
    if job is None:
        raise CommandError(f"There is no job {text!r}. Give its exact name (quoted) or its id.")
    return job


def find_execution(text: str) -> JobExecution:
    """Return the execution of this id.

    Beginnings of ids are not enough: executions opened at the same time share them.
    """
    identifier = _as_uuid(text)
    executions = JobExecution.objects.select_related("job")
    found = executions.filter(pk=identifier).first() if identifier else None
    if found is None:
        raise CommandError(
            f"There is no execution {text!r}. Give a whole id; `manage.py executions` lists them."
        )
    return found


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

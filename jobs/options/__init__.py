"""What the options of a job have to be: a module per mode of execution that has any."""

from collections.abc import Callable

from core.errors import FieldProblem
from jobs.models import ExecutionMode, JobDefinition
from jobs.options.celery_task import problems_of_celery_task
from jobs.options.container import problems_of_container
from jobs.options.http import problems_of_http
from jobs.options.reading import FIELD

_CHECKS: dict[str, Callable[[JobDefinition], list[FieldProblem]]] = {
    ExecutionMode.CONTAINER: problems_of_container,
    ExecutionMode.HTTP: problems_of_http,
    ExecutionMode.CELERY_TASK: problems_of_celery_task,
}


def problems_of_options(job: JobDefinition) -> list[FieldProblem]:
    """Return what keeps a job's mode from understanding its options, each by its name."""
    if not isinstance(job.execution_options, dict):
        return [FieldProblem(FIELD, "not_an_object", "Options are an object of names and values.")]
    if check := _CHECKS.get(job.execution_mode):
        return check(job)
    detail = f"An {job.execution_mode} job takes no options; leave it out."
    return [
        FieldProblem(f"{FIELD}.{name}", "unknown_option", detail) for name in job.execution_options
    ]

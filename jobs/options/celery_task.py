"""The options of a job that is a task on somebody's own Celery queue."""

from typing import Any

from core import secret_references
from core.errors import FieldProblem
from jobs.models import JobDefinition
from jobs.options.reading import Check, missing, problems_in


def problems_of_celery_task(job: JobDefinition) -> list[FieldProblem]:
    """Return what keeps a job from being sent as a task."""
    options = job.execution_options
    problems = problems_in(options, _OPTIONS)
    if not job.execution_type_name:
        detail = "A celery_task job needs the name of the task, such as reports.tasks.build."
        problems.append(FieldProblem("execution_type_name", "required", detail))
    if options.get("ignoreResult") is not True and "resultBackendUrl" not in options:
        detail = (
            "Say where the task's workers keep results, as a reference to a secret, such as"
            ' {"secret": "env:JOBSECRET_CELERY_RESULTS"}; or set ignoreResult to true, and a task'
            " that was sent counts as succeeded."
        )
        problems.append(missing("resultBackendUrl", detail))
    return problems


def _check_queue(value: Any) -> str | None:
    is_good = isinstance(value, str) and value.strip() == value and 0 < len(value) <= 200
    return None if is_good else "Name the queue that the task's workers serve, such as reports."


def _check_args(value: Any) -> str | None:
    is_good = isinstance(value, list)
    return None if is_good else "List the positional arguments; parameters are sent by name."


def _check_address(value: Any) -> str | None:
    problem = secret_references.check_reference(value)
    if problem is None:
        return None
    return f"An address names a server, and often its password. {problem}"


def _check_ignore(value: Any) -> str | None:
    return None if isinstance(value, bool) else "Write true or false."


_OPTIONS: dict[str, Check] = {
    "queue": _check_queue,
    "args": _check_args,
    "brokerUrl": _check_address,
    "resultBackendUrl": _check_address,
    "ignoreResult": _check_ignore,
}

"""The options of a job that is a task on somebody's own Celery queue."""

import re
from typing import Any

from core import secret_references
from core.errors import FieldProblem
from jobs.models import JobDefinition
from jobs.options.reading import FIELD, Check, missing, problems_in

# A queue is a key of the broker: of locks, bindings, priorities, messages under way and orders to
# workers, each name has something else.
_SHARED_QUEUE = re.compile(r"(?!unacked|celeryev)(?!.*pidbox)[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


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
    if "queue" in options and "brokerUrl" not in options:
        problems += _problems_of_shared(options["queue"])
    return problems


def may_share_broker(queue: str) -> bool:
    """Whether a queue of this name can be no key that the platform itself keeps in its broker."""
    return bool(_SHARED_QUEUE.fullmatch(queue))


def _problems_of_shared(queue: Any) -> list[FieldProblem]:
    if _check_queue(queue) is not None or may_share_broker(queue):
        return []
    detail = (
        "On the platform's own broker a queue's name has letters, digits, '.', '_' and '-', begins"
        " with a letter or digit, and not with unacked. Choose another, or name a broker of the"
        " team's own as brokerUrl."
    )
    return [FieldProblem(f"{FIELD}.queue", "invalid_option", detail)]


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

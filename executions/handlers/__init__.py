"""How each execution mode carries out an attempt: one file per mode, one signature.

A mode is a function ``(guard) -> Outcome``. It turns whatever the job's code does into an outcome;
only :class:`~executions.authoring.StopJob` may pass through it. A mode whose work goes on outside
this process hands the guard over to it instead, and no ``StopJob`` is raised. What breaks the mode
itself off, such as a ``MemoryError``, fails the attempt: by then nothing of it may go on.
"""

from collections.abc import Callable

from executions.handlers.celery_task import run_celery_task
from executions.handlers.container import run_in_container
from executions.handlers.http import run_http
from executions.handlers.in_process import run_in_process
from executions.handlers.out_of_process import run_out_of_process
from executions.outcomes import Outcome
from executions.watchdog import Guard
from jobs.models import ExecutionMode

Mode = Callable[[Guard], Outcome]

MODES: dict[str, Mode] = {
    ExecutionMode.IN_PROCESS: lambda guard: run_in_process(guard.claim, guard.context),
    ExecutionMode.OUT_OF_PROCESS: run_out_of_process,
    ExecutionMode.CONTAINER: run_in_container,
    ExecutionMode.HTTP: run_http,
    ExecutionMode.CELERY_TASK: run_celery_task,
}

"""How each execution mode carries out an attempt: one file per mode, one signature.

A mode is a function ``(claim, context) -> Outcome``. It turns whatever the job's code does into an
outcome; only :class:`~executions.authoring.StopJob` may pass through it.
"""

from collections.abc import Callable

from executions.authoring import JobContext
from executions.claim import Claim
from executions.handlers.in_process import run_in_process
from executions.outcomes import Outcome
from jobs.models import ExecutionMode

Mode = Callable[[Claim, JobContext], Outcome]

MODES: dict[str, Mode] = {ExecutionMode.IN_PROCESS: run_in_process}

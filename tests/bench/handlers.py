"""What the measured jobs do: as good as nothing."""

import time

from executions.authoring import job_handler
from tests.bench.tally import count_call


@job_handler("bench.noop")
def noop() -> None:
    count_call()


@job_handler("bench.clock")
def clock() -> float:
    """Return when the first line ran."""
    return time.time()

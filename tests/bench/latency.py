"""From a trigger to the first line of its handler."""

import random
import time
from uuid import UUID

from rich.console import Console

from audit.trail import Actor
from executions import services
from executions.models import JobExecution
from tests.bench.processes import processes
from tests.bench.report import Table, percentile
from tests.factories import make_job
from tests.platform import until

TRIGGERS = 100
WARM_UP = 10
_BENCH = Actor(name="bench", id="bench")


def measure(*, say: Console) -> list[Table]:
    """Trigger a job one call at a time; its output says when the handler began."""
    job = make_job(
        name="bench-clock", execution_type_name="bench.clock", max_concurrent_executions=10
    )
    asked: dict[UUID, float] = {}
    with processes() as crew:
        crew.start_platform()
        say.print(f"{TRIGGERS} triggers")
        for _ in range(WARM_UP + TRIGGERS):
            time.sleep(random.uniform(0.05, 0.35))  # noqa: S311 - no secret
            now = time.time()
            asked[services.trigger(actor=_BENCH, job=job).pk] = now
        until(lambda: not job.executions.unfinished().exists(), what="all settled")
    began = dict(JobExecution.objects.filter(pk__in=asked).values_list("pk", "output"))
    waits = [1000 * (began[key] - at) for key, at in list(asked.items())[WARM_UP:]]
    table = Table(
        "c", f"{TRIGGERS} triggers: call to the handler's first line, ms", ["", "p50", "p99", "max"]
    )
    table.add("the platform", *(round(percentile(waits, percent), 1) for percent in (50, 99, 100)))
    return [table]

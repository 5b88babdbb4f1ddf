"""The processes of the platform, and what each worker is carrying out."""

from collections import defaultdict
from dataclasses import dataclass

from core.clock import database_now
from executions.models import JobExecution, Worker, alive_since

_MOST_GONE = 200  # nobody removes the rows of those that are gone
_LARGE = ("input", "output", "stack_trace")


@dataclass(frozen=True)
class WorkerLoad:
    """One worker or beat, whether it reports itself, and what it runs, the oldest first."""

    worker: Worker
    is_alive: bool
    running: list[JobExecution]

    @property
    def state(self) -> str:
        """In a word: alive, draining (it still runs something), drained, silent or stopped."""
        if self.worker.stopped_at is not None:
            return "stopped"
        if not self.is_alive:
            return "silent"
        if self.worker.drain_requested_at is None:
            return "alive"
        return "draining" if self.running else "drained"


def list_workers(*, include_gone: bool = False) -> list[WorkerLoad]:
    """Return the live workers, then the live beats, by name.

    With ``include_gone`` those that stopped or fell silent follow, the latest first, 200 at most.
    """
    since = alive_since(database_now())
    alive = list(Worker.objects.alive(since).order_by("-kind", "name"))
    found = alive + (_list_gone(alive) if include_gone else [])
    running = _running_by_worker()
    return [
        WorkerLoad(worker, is_alive=worker in alive, running=running[worker.name])
        for worker in found
    ]


def load_of_worker(name: str) -> WorkerLoad:
    """Return one worker or beat; it must exist."""
    since = alive_since(database_now())
    return WorkerLoad(
        Worker.objects.get(name=name),
        is_alive=Worker.objects.alive(since).filter(name=name).exists(),
        running=_running_by_worker()[name],
    )


def _list_gone(alive: list[Worker]) -> list[Worker]:
    names = [worker.name for worker in alive]
    return list(Worker.objects.exclude(name__in=names).order_by("-last_seen_at")[:_MOST_GONE])


def _running_by_worker() -> dict[str | None, list[JobExecution]]:
    running: dict[str | None, list[JobExecution]] = defaultdict(list)
    executions = JobExecution.objects.running().select_related("job").defer(*_LARGE)
    for execution in executions.order_by("started_at"):
        running[execution.worker].append(execution)
    return running

"""The live processes of the platform, read once for one answer."""

from dataclasses import dataclass
from datetime import datetime

from executions.models import Worker, alive_since


@dataclass(frozen=True)
class Serving:
    """The live workers that take executions of one queue, and those that take none any more."""

    workers: tuple[Worker, ...]
    draining: tuple[Worker, ...]

    @property
    def slots(self) -> int:
        return sum(worker.concurrency for worker in self.workers)

    @property
    def names(self) -> list[str]:
        return [worker.name for worker in self.workers]


class Processes:
    """Who is alive at ``now``."""

    def __init__(self, now: datetime) -> None:
        alive = list(Worker.objects.alive(alive_since(now)).order_by("name"))
        self.has_beat = any(one.kind == Worker.Kind.BEAT for one in alive)
        self.workers = [one for one in alive if one.kind == Worker.Kind.WORKER]

    def serving(self, queue: str) -> Serving:
        """Who serves a queue."""
        of_queue = [worker for worker in self.workers if queue in worker.queues]
        return Serving(
            workers=tuple(one for one in of_queue if one.drain_requested_at is None),
            draining=tuple(one for one in of_queue if one.drain_requested_at is not None),
        )

    def who_does_not_serve(self) -> str:
        """Return in words why nobody serves a queue."""
        count = len(self.workers)
        if not count:
            return "no worker is alive"
        return f"none of the {count} live workers serves it"

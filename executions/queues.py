"""Queues with what is in them: pausing takes back what waits, and loads say who serves what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

import jobs.queues
from audit.trail import Actor
from core.sql import load
from executions.transitions import take_back
from executions.wake import poke_after_commit
from jobs.models import Queue

QUEUE_LOADS = load(__file__, "queue_loads")


@transaction.atomic
def change_queue(
    *, actor: Actor, queue: Queue, fields: dict[str, Any], reason: str | None = None
) -> Queue:
    """Change a queue's limit, or pause or resume it; raise ``InvalidInput`` by field.

    Pausing takes back what no worker has claimed, to run once the queue is resumed; what runs goes
    on. What a dispatcher is handing out at this very moment follows with the next sweep.
    """
    queue = jobs.queues.change_queue(actor=actor, queue=queue, fields=fields, reason=reason)
    if queue.is_paused:
        take_back(queue=queue.name, actor=actor.name)
    else:
        poke_after_commit()
    return queue


@dataclass(frozen=True)
class QueueLoad:
    """One queue, its unfinished executions, and the live workers that serve it."""

    queue: Queue
    ready: int
    """Due, and waiting for room, for the queue to be resumed, or for beat."""
    queued: int
    """Handed to the broker, and claimed by no worker yet."""
    running: int
    oldest_due_at: datetime | None
    """When the longest waiting of those ready or queued was due."""
    worker_names: list[str]
    slots: int
    """Places of these workers together; they may serve other queues as well."""

    @property
    def is_served(self) -> bool:
        """Whether a live worker takes executions from this queue."""
        return self.slots > 0

    @property
    def lacks_worker(self) -> bool:
        """Whether executions wait in an open queue that nobody serves."""
        return not self.is_served and not self.queue.is_paused and self.ready + self.queued > 0


def queue_loads(*, now: datetime | None = None) -> list[QueueLoad]:
    """Return the load of every queue, by name, in one round trip."""
    rows = QUEUE_LOADS.rows(now=now, worker_alive=3 * settings.SCHEDULER_HEARTBEAT_SECONDS)
    return [_load(row) for row in rows]


def _load(row: dict[str, Any]) -> QueueLoad:
    fields = ("name", "max_concurrent_executions", "is_paused")
    queue = Queue.from_db("default", fields, [row.pop(field) for field in fields])
    return QueueLoad(queue=queue, **row)

"""Queues with what is in them: pausing takes back what waits, and loads say who serves what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

import jobs.queues
from audit.trail import Actor
from core.sql import load
from executions.holds import end_hold, hold
from executions.transitions import take_back
from executions.wake import poke_after_commit
from jobs.holds import HoldTarget
from jobs.models import Hold, HoldScope, Queue

QUEUE_LOADS = load(__file__, "queue_loads")
_NO_REASON = "No reason was given."


@transaction.atomic
def create_queue(
    *, actor: Actor, fields: dict[str, Any], reason: str | None = None, is_paused: bool = False
) -> Queue:
    """Create a queue, paused if asked; raise ``InvalidInput`` by field."""
    queue = jobs.queues.create_queue(actor=actor, fields=fields)
    if is_paused:
        _pause(queue, actor, reason)
    return queue


@transaction.atomic
def change_queue(
    *,
    actor: Actor,
    queue: Queue,
    fields: dict[str, Any],
    reason: str | None = None,
    is_paused: bool | None = None,
) -> Queue:
    """Change a queue's limits, pause or resume it; raise ``InvalidInput`` by field.

    Pausing is a hold of the queue (``executions.holds``), resuming its end. What is as it should be
    already stays as it is.
    """
    queue = jobs.queues.change_queue(actor=actor, queue=queue, fields=fields, reason=reason)
    if is_paused is None:
        poke_after_commit()
        return queue
    held = Hold.objects.open().filter(queue=queue).first()
    if is_paused and held is None:
        _pause(queue, actor, reason)
    elif is_paused:
        take_back(actor=actor.name)
    elif held is not None:
        end_hold(actor=actor, hold=held)
    return queue


def _pause(queue: Queue, actor: Actor, reason: str | None) -> None:
    target = HoldTarget(HoldScope.QUEUE, queue=queue)
    hold(actor=actor, target=target, reason=reason or _NO_REASON)


@dataclass(frozen=True)
class QueueLoad:
    """One queue, its unfinished executions, and the live workers that serve it."""

    queue: Queue
    is_paused: bool
    """Whether somebody holds back the queue itself."""
    ready: int
    """Due, and waiting for room, for a hold to end, or for beat."""
    held: int
    """Of those ready: held back with the queue, their job, their team or everything."""
    queued: int
    """Handed to the broker, and claimed by no worker yet."""
    running: int
    oldest_due_at: datetime | None
    """When the longest waiting of those ready or queued was due."""
    worker_names: list[str]
    slots: int
    """Places of these workers together, without those that drain; they may serve others as well."""

    @property
    def is_served(self) -> bool:
        """Whether a live worker takes executions from this queue."""
        return self.slots > 0

    @property
    def lacks_worker(self) -> bool:
        """Whether executions wait for nothing but a worker, and nobody serves the queue."""
        waiting = self.ready - self.held + self.queued
        return not self.is_served and not self.is_paused and waiting > 0


def queue_loads(*, now: datetime | None = None) -> list[QueueLoad]:
    """Return the load of every queue, by name, in one round trip."""
    rows = QUEUE_LOADS.rows(now=now, worker_alive=3 * settings.SCHEDULER_HEARTBEAT_SECONDS)
    return [_load(row) for row in rows]


def _load(row: dict[str, Any]) -> QueueLoad:
    fields = ("name", "max_concurrent_executions", "starts_per_minute")
    queue = Queue.from_db("default", fields, [row.pop(field) for field in fields])
    return QueueLoad(queue=queue, **row)

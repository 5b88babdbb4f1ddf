"""Asking a worker to take no more work, and to take some again."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_clock
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.times import show_time
from executions.models import Worker, alive_since
from executions.wake import poke_after_commit

LONGEST_SECONDS = 86_400


@transaction.atomic
def drain(*, actor: Actor, name: str, within: float | None = None) -> Worker:
    """Let a worker take no more work, and hand back in ``within`` seconds what it still runs.

    Without ``within`` it has SCHEDULER_DRAIN_SECONDS. It hears of it within some seconds, stays
    alive, and takes work again once it is undrained or started anew. Asking again moves the
    deadline. Raise ``NotFound`` for an unknown name, ``Conflict`` unless it is a live worker.
    """
    seconds = settings.SCHEDULER_DRAIN_SECONDS if within is None else within
    if not 0 <= seconds <= LONGEST_SECONDS:
        detail = f"Give seconds from 0 to {LONGEST_SECONDS}."
        raise InvalidInput([FieldProblem("within", "out_of_range", detail)])
    worker = _lock(name)
    now = database_clock()
    if worker.kind != Worker.Kind.WORKER:
        raise Conflict("not_a_worker", f"{name} is a beat: it takes no work; stop it instead.")
    if worker.stopped_at is not None or worker.last_seen_at < alive_since(now):
        seen = show_time(worker.stopped_at or worker.last_seen_at)
        raise Conflict("worker_gone", f"Worker {name} is not there: last heard of at {seen}.")
    if worker.drain_requested_at is None:
        worker.drain_requested_at, worker.drain_requested_by = now, actor.name
    worker.drain_until = now + timedelta(seconds=seconds)
    _save(worker)
    _record(actor, worker, "WorkerDrained", after={"drain_until": worker.drain_until.isoformat()})
    return worker


@transaction.atomic
def undrain(*, actor: Actor, name: str) -> Worker:
    """Let a worker take work again; raise ``Conflict`` unless it was asked not to."""
    worker = _lock(name)
    if worker.drain_requested_at is None:
        raise Conflict("not_draining", f"Worker {name} is not draining.")
    worker.drain_requested_at = worker.drain_requested_by = worker.drain_until = None
    _save(worker)
    _record(actor, worker, "WorkerUndrained")
    poke_after_commit()
    return worker


def _lock(name: str) -> Worker:
    worker = Worker.objects.select_for_update().filter(name=name).first()
    if worker is None:
        raise NotFound(f"There is no worker {name}.")
    return worker


def _save(worker: Worker) -> None:
    worker.save(update_fields=["drain_requested_at", "drain_requested_by", "drain_until"])


def _record(actor: Actor, worker: Worker, action: str, after: dict[str, str] | None = None) -> None:
    record(
        actor=actor,
        action=action,
        object_type="worker",
        object_id=worker.name,
        object_label=worker.name,
        after=after,
    )

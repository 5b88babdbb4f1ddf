"""Whether work can flow: what stands in its way, worst first, for the strip of the dashboard."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from executions.admin.worker import has_fallen_silent
from executions.models import Worker
from executions.queues import QueueLoad
from executions.workforce import WorkerLoad


@dataclass(frozen=True)
class Finding:
    """One sentence about the platform, and the page to look at."""

    look: str
    sign: str
    words: str
    url: str


def examine(
    loads: Sequence[QueueLoad], workers: Sequence[WorkerLoad], *, now: datetime
) -> list[Finding]:
    """Return what hinders work; when nothing does, one finding that says so."""
    alive = [load.worker.kind for load in workers if load.is_alive]
    workers_alive, beats_alive = alive.count(Worker.Kind.WORKER), alive.count(Worker.Kind.BEAT)
    found = [*_missing(workers_alive, beats_alive), *_silent(workers, now), *_queues(loads)]
    found.sort(key=lambda finding: finding.look != "bad")
    return found or [_all_well(workers_alive, beats_alive, loads)]


def _missing(workers_alive: int, beats_alive: int) -> Iterator[Finding]:
    if not beats_alive:
        words = "No beat is alive: nothing that comes due is started."
        yield Finding("bad", "error", words, _workers_page())
    if not workers_alive:
        words = "No worker is alive: what is queued waits."
        yield Finding("bad", "error", words, _workers_page())


def _silent(workers: Sequence[WorkerLoad], now: datetime) -> Iterator[Finding]:
    silent = [load.worker for load in workers if has_fallen_silent(load, now=now)]
    if len(silent) == 1:
        [worker] = silent
        words = f"{worker.get_kind_display()} {worker.name} has gone silent."
        url = reverse("admin:executions_worker_change", args=[worker.pk])
        yield Finding("late", "warning", words, url)
    elif silent:
        words = f"{len(silent)} processes have gone silent."
        yield Finding("late", "warning", words, _workers_page())


def _queues(loads: Sequence[QueueLoad]) -> Iterator[Finding]:
    for load in loads:
        url = reverse("admin:jobs_queue_change", args=[load.queue.pk])
        waiting = load.ready + load.queued
        waits = f"; {waiting:,} waiting" if waiting else ""
        if load.is_paused:
            yield Finding("late", "pause", f"Queue {load.queue.name} is paused{waits}.", url)
        elif not load.is_served:
            look, sign = ("bad", "error") if load.lacks_worker else ("late", "warning")
            words = f"No live worker serves queue {load.queue.name}{waits}."
            yield Finding(look, sign, words, url)


def _all_well(workers_alive: int, beats_alive: int, loads: Sequence[QueueLoad]) -> Finding:
    parts = [
        _plural(workers_alive, "worker"),
        _plural(beats_alive, "beat"),
        _plural(len(loads), "queue"),
    ]
    words = f"All is well: {parts[0]} and {parts[1]} alive, {parts[2]} open."
    return Finding("good", "check_circle", words, _workers_page())


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _workers_page() -> str:
    return reverse("admin:executions_worker_changelist")

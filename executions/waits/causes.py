"""What can hold an execution back, as values: a code, a sentence, and who is in the way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.times import show_time
from executions.models import JobExecution

MOST_NAMED = 5
"""So many executions are named as those that are in the way."""


class Code(StrEnum):
    """Every cause, in words; ``docs/why.md`` has this table."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> "Code":
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    # Before it is due
    NOT_DUE = "not_due", "its time has not come"
    NEXT_RETRY = "next_retry", "an attempt failed, and the next one is due later"
    CONDITION = "condition", "the condition of its schedule did not hold, and is looked at again"
    DELAY = "delay", "what it waited for has ended, and the delay after that is not over"
    # What waits for others
    DEPENDENCY = "dependency", "executions that have to end before it have not"
    JOIN = "join", "jobs that it joins have not succeeded since it last ran"
    BACKFILL = "backfill", "its backfill lets only so many go at once, in order"
    RELEASE = "release", "nothing holds it back any more, and it is about to be let go"
    # What dispatch asks, in its order
    JOB_STATUS = "job_status", "the job is not active: it is about to be skipped"
    ENVIRONMENT = "environment", "the job may not run in this environment: about to be skipped"
    HOLD = "hold", "somebody holds back the job, its queue, its team, or everything"
    CIRCUIT = "circuit", "the circuit breaker of the job is not closed"
    OVERLAP = "overlap", "earlier slots of its schedule are not over"
    JOB_LIMIT = "job_limit", "as many of the job are under way as may be"
    JOB_STARTS = "job_starts", "as many of the job have started within a minute as may"
    KEY_LIMIT = "key_limit", "as many with its key are under way as may be"
    QUEUE_LIMIT = "queue_limit", "as many of the queue are under way as may be"
    QUEUE_STARTS = "queue_starts", "as many of the queue have started within a minute as may"
    UNCLAIMED = "unclaimed", "enough of the queue is out that no worker has claimed"
    PRIORITY = "priority", "others of the queue go first"
    BEAT = "beat", "no beat is alive to hand it out"
    DISPATCH = "dispatch", "nothing holds it back: beat hands it out at its next look"
    # Handed out
    NO_WORKER = "no_worker", "no live worker serves the queue"
    DRAINING = "draining", "the workers that serve the queue are told to take nothing new"
    WORKERS_BUSY = "workers_busy", "the workers that serve the queue have no free place"
    BROKER = "broker", "the broker does not answer, or has lost its message"
    CLAIM = "claim", "a worker is about to claim it"
    # Claimed
    LEASE = "lease", "its worker has not been heard of, and it is about to be taken back"
    CANCELLING = "cancelling", "its worker was asked to stop it"
    LOCK = "lock", "its handler waits for a lock"
    RUNNING = "running", "a worker carries it out"
    # Of schedules
    NOT_FIRING = "not_firing", "the schedule is paused, disabled, completed or archived"
    STUCK = "stuck", "its slots cannot be worked out any more"
    EXCLUDED = "excluded", "an exclusion skips the next slot, or makes it wait"
    FOLLOWS = "follows", "it fires after its own runs, and the last one is not over"
    NO_SLOT = "no_slot", "no slot is to come"
    NEXT_SLOT = "next_slot", "the next slot"
    LAST_SLOT = "last_slot", "what the last slot did"
    # Of jobs
    READY = "ready", "nothing holds the job back"
    # Over
    ENDED = "ended", "it is over, and this is how it ended"
    CULPRIT = "culprit", "the execution because of which it did not run"


@dataclass(frozen=True)
class Holder:
    """An execution that is in the way."""

    execution_id: UUID
    job_name: str
    worker: str | None = None


@dataclass(frozen=True)
class Cause:
    """One reason why something does not go on, as a sentence; ``link`` leads to it by REST."""

    code: Code
    detail: str
    since: datetime | None = None
    until: datetime | None = None
    holders: tuple[Holder, ...] = ()
    link: str | None = None


def holders_of(executions: Iterable[JobExecution]) -> tuple[Holder, ...]:
    """Return who is in the way; their jobs have to be loaded."""
    return tuple(Holder(one.pk, one.job.name, one.worker) for one in executions)


def name_some(holders: tuple[Holder, ...], count: int) -> str:
    """Return their ids, such as "0199…, 0199… and others"."""
    named = ", ".join(str(holder.execution_id) for holder in holders)
    return named + (" and others" if count > len(holders) else "")


def link_to_execution(pk: UUID) -> str:
    return f"/api/executions/{pk}"


def show_end(until: datetime | None) -> str:
    """Return such as " until 2026-05-04 06:00:00 UTC", or nothing."""
    return f" until {show_time(until)}" if until else ""


def close_sentence(text: str) -> str:
    """End a sentence that somebody else has written, or begun."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."

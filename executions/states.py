"""The life of one execution: its statuses and the moves between them.

``docs/architecture.md`` draws this table; a test keeps the two equal.
"""

from django.db import models


class ExecutionStatus(models.TextChoices):
    """Where one execution stands."""

    # Opened with its run, or its backfill: what has to come before it is not over yet.
    WAITING = "waiting"
    # Opened, not yet handed to the broker: its time has not come, or something holds it back.
    SCHEDULED = "scheduled"
    # Handed to the broker; no worker has claimed it yet.
    QUEUED = "queued"
    # Claimed: one worker carries it out under a lease.
    RUNNING = "running"
    # An attempt failed; the next one is due at ``due_at``.
    RETRYING = "retrying"
    # Final: the handler returned.
    SUCCEEDED = "succeeded"
    # Final: the last attempt failed.
    FAILED = "failed"
    # Final: the last attempt took longer than the job's timeout.
    TIMED_OUT = "timed_out"
    # Final: somebody asked for it to stop, before or while it ran.
    CANCELLED = "cancelled"
    # Final: it was decided, with a reason, not to run it.
    SKIPPED = "skipped"


S = ExecutionStatus

ALLOWED_MOVES: dict[ExecutionStatus, frozenset[ExecutionStatus]] = {
    # To failed: an output that its parameters need could not be taken over.
    S.WAITING: frozenset({S.SCHEDULED, S.CANCELLED, S.SKIPPED, S.FAILED}),
    S.SCHEDULED: frozenset({S.QUEUED, S.CANCELLED, S.SKIPPED}),
    S.RETRYING: frozenset({S.QUEUED, S.CANCELLED, S.SKIPPED}),
    # Back to scheduled or retrying: it was put on hold before a worker claimed it.
    S.QUEUED: frozenset({S.RUNNING, S.CANCELLED, S.SCHEDULED, S.RETRYING}),
    S.RUNNING: frozenset(
        {S.SUCCEEDED, S.FAILED, S.TIMED_OUT, S.CANCELLED, S.SKIPPED, S.RETRYING, S.SCHEDULED}
    ),
    S.SUCCEEDED: frozenset(),
    S.FAILED: frozenset(),
    S.TIMED_OUT: frozenset(),
    S.CANCELLED: frozenset(),
    S.SKIPPED: frozenset(),
}

READY = (S.SCHEDULED, S.RETRYING)
ACTIVE = (S.QUEUED, S.RUNNING)
FINAL = tuple(status for status, moves in ALLOWED_MOVES.items() if not moves)
UNFINISHED = tuple(status for status, moves in ALLOWED_MOVES.items() if moves)


class Reason(models.TextChoices):
    """Why a row moved, where the status alone does not say it."""

    OVERLAP = "overlap", "the schedule already has one execution under way and one waiting"
    MISFIRE = "misfire", "its time had passed by more than the misfire grace when it was found"
    CATCHUP = "catchup", "more slots were missed than the schedule catches up"
    MAX_RUNS = "max_runs", "the schedule had run as often as it may"
    BLACKOUT = "blackout", "an exclusion window lay over it"
    HOLIDAY = "holiday", "its day was no business day"
    BREAKER = "breaker", "the schedule's last runs had all failed, and it was paused"
    CONDITION = "condition", "the schedule's condition did not hold"
    CONDITION_ERROR = "condition_error", "the schedule's condition could not be evaluated"
    REPLACED = "replaced", "a later slot of the schedule took its place"
    RAN = "ran", "its slot had run by the time its backfill came to it"
    CIRCUIT = "circuit", "the job's circuit breaker is open"
    UPSTREAM = "upstream", "what it depends on did not end as it has to"
    FAIL_FAST = "fail_fast", "a job failed whose failure ends the run"
    MAPPING = "mapping", "an output that its parameters need could not be taken over"
    JOB_DISABLED = "job_disabled", "the job is not active"
    ENVIRONMENT = "environment", "the job may not run in this environment"
    HANDLER = "handler", "the handler decided that there is nothing to do"
    CANCELLED = "cancelled", "somebody asked for it to stop"
    TIMEOUT = "timeout", "the attempt took longer than the job's timeout"
    ERROR = "error", "the attempt failed"
    PERMANENT = "permanent", "the attempt failed in a way that retrying cannot mend"
    RETRY_LATER = "retry_later", "the handler asked to be tried again later"
    WORKER_LOST = "worker_lost", "the worker died or froze, and its lease ran out"
    LOCK_LOST = "lock_lost", "the attempt lost a lock that it held"
    HELD = "held", "it was held back for longer than its misfire policy lets it run late"
    ON_HOLD = "on_hold", "it was put on hold before a worker had claimed it"
    QUEUE_PAUSED = "queue_paused", "its queue was paused before a worker had claimed it"
    DRAIN = "drain", "the worker was stopped and handed the execution back"

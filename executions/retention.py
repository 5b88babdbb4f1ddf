"""Deleting what is older or more than people want to keep, in transactions too short to disturb.

An execution goes whole: with its transitions and log lines, in one transaction. What is not
finished never goes, nor what the lists show as the last execution of a job or a schedule, nor what
ended on a day that the rollups have not counted yet.

No slot is opened again because its execution is gone: the planner opens the slot in
``next_fire_at`` and moves that past it in the same transaction, and whatever else writes
``next_fire_at`` writes a time that is still to come.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection

from core.clock import database_now
from core.sql import Row, load
from executions.models import Worker

RETENTION_BOUNDS = load(__file__, "retention_bounds")
DELETE_EXPIRED = load(__file__, "delete_expired")
COUNT_EXPIRED = load(__file__, "count_expired")
FIND_LOG_LINES = load(__file__, "find_log_lines")
DELETE_LOG_LINES = load(__file__, "delete_log_lines")

MOST_EXECUTIONS = 1_000
MOST_LOG_LINES = 10_000
# Small at first: how much the executions of a job have logged shows with the first batch.
FIRST_EXECUTIONS = 50
SILENT_PROCESS_DAYS = 7

_NO_ID = UUID(int=0)
# Nothing is as old, and much further back there are no timestamps.
_OLDEST_DAYS = 20_000
_MOST_KEPT = 2**31 - 1  # as a job's own setting
# An id begins with the time at which its execution was opened, by the clock of whoever opened it.
_CLOCKS_DIFFER_BY = timedelta(hours=1)


@dataclass(frozen=True)
class Deleted:
    """What one transaction deleted of one job, and which part of the jobs has been looked at."""

    job: str
    executions: int
    transitions: int
    log_lines: int
    share: float
    error: DatabaseError | None = None


def delete_expired(*, now: datetime | None = None) -> Iterator[Deleted]:
    """Delete expired executions job by job; yield after each transaction, at least once per job.

    A job's executions expire when they ended more than ``keep_days`` ago, and when there are
    ``keep_executions`` newer finished ones; the settings say so for jobs that do not. What cannot
    be deleted of one job is told as its ``error`` and keeps nothing of the others. Stop asking to
    stop deleting.
    """
    jobs = _bounds(now)
    for number, (name, bounds) in enumerate(jobs, start=1):
        limit, after = FIRST_EXECUTIONS, _NO_ID
        while after is not None:
            row = _delete_some(bounds, after=after, limit=limit)
            after = row.pop("after")
            limit = min(max(2 * row["executions"], FIRST_EXECUTIONS), MOST_EXECUTIONS)
            yield Deleted(job=name, share=number / len(jobs), **row)


def _delete_some(bounds: Row, *, after: UUID, limit: int) -> Row:
    """Delete in one transaction; raise only if the next one would fail as well."""
    try:
        return DELETE_EXPIRED.rows(**bounds, after=after, limit=limit, most_lines=MOST_LOG_LINES)[0]
    except DatabaseError as error:
        if not connection.is_usable():
            raise
        nothing = {"executions": 0, "transitions": 0, "log_lines": 0}
        return {**nothing, "after": None, "error": error}


def count_expired(*, now: datetime | None = None) -> Iterator[tuple[str, int]]:
    """Yield each job's name and how many executions :func:`delete_expired` would delete."""
    for name, bounds in _bounds(now):
        yield name, COUNT_EXPIRED.rows(**bounds)[0]["executions"]


def delete_log_lines(*, now: datetime | None = None) -> Iterator[int]:
    """Delete the log of executions that ended more than ``SCHEDULER_KEEP_LOG_DAYS`` ago.

    Yield the number of lines after each transaction. Lines are looked at in the order they were
    written, so the end is where they get too young.
    """
    days = min(settings.SCHEDULER_KEEP_LOG_DAYS, _OLDEST_DAYS)
    completed_before = (now or database_now()) - timedelta(days=days)
    after = 0
    while True:
        found = FIND_LOG_LINES.rows(
            after=after, limit=MOST_LOG_LINES, completed_before=completed_before
        )[0]
        if found["until"] is None or found["oldest_at"] >= completed_before:
            return
        part = {"after": after, "until": found["until"], "executions": found["executions"]}
        yield DELETE_LOG_LINES.rows(**part)[0]["log_lines"]
        after = found["until"]


def forget_processes(*, now: datetime | None = None) -> int:
    """Delete the rows of workers and beats that were last heard of a week ago; return how many."""
    limit = (now or database_now()) - timedelta(days=SILENT_PROCESS_DAYS)
    return Worker.objects.filter(last_seen_at__lt=limit).delete()[0]


def _bounds(now: datetime | None) -> list[tuple[str, Row]]:
    """Return each job's name and what the statements need to know which executions expired."""
    rows = RETENTION_BOUNDS.rows(
        now=now,
        keep_days=min(settings.SCHEDULER_KEEP_DAYS, _OLDEST_DAYS),
        keep_executions=min(settings.SCHEDULER_KEEP_EXECUTIONS, _MOST_KEPT),
    )
    return [
        (
            row["job_name"],
            {
                "job": row["job_id"],
                "before": max(
                    _first_id_at(row["completed_before"] + _CLOCKS_DIFFER_BY),
                    row["too_many_before"] or _NO_ID,
                ),
                "completed_before": row["completed_before"],
                "too_many_before": row["too_many_before"],
                "kept": row["kept"],
            },
        )
        for row in rows
    ]


def _first_id_at(moment: datetime) -> UUID:
    """Return the smallest id of an execution opened at ``moment``: none older has a greater one."""
    milliseconds = max(int(moment.timestamp() * 1_000), 0)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)

"""What a worker carries out, and what its handler waits for."""

from collections.abc import Iterator

from core.times import show_time
from executions.locking import find_wait
from executions.locking.store import UNREACHABLE
from executions.waits.case import Case
from executions.waits.causes import Cause, Code, Holder, link_to_execution


def find_running_causes(case: Case) -> Iterator[Cause]:
    """How the attempt under way stands."""
    execution = case.execution
    if execution.lease_until is not None and execution.lease_until < case.now:
        yield Cause(
            Code.LEASE,
            f"Worker {execution.worker} has not been heard of since"
            f" {show_time(execution.renewed_at)}; the rescuer is about to take the execution back.",
            since=execution.renewed_at,
            until=execution.lease_until,
        )
    if execution.cancel_requested_at is not None:
        yield Cause(
            Code.CANCELLING,
            f"Worker {execution.worker} was asked to stop it at"
            f" {show_time(execution.cancel_requested_at)} by {execution.cancel_requested_by}.",
            since=execution.cancel_requested_at,
        )
    yield from _find_lock(case)
    yield Cause(
        Code.RUNNING,
        f"Attempt {execution.attempt} is running under worker {execution.worker}"
        f" since {show_time(execution.started_at)}{_progress(case)}.",
        since=execution.started_at,
    )


def _find_lock(case: Case) -> Iterator[Cause]:
    try:
        wait = find_wait(case.execution.pk)
    except UNREACHABLE:
        return
    if wait is None:
        return
    detail = f"Its handler waits for lock {wait.name} since {show_time(wait.since)}"
    holders: tuple[Holder, ...] = ()
    link = "/api/locks"
    if (holder := wait.holder) is not None:
        holders = (Holder(holder.execution_id, holder.job_name),)
        link = link_to_execution(holder.execution_id)
        detail += (
            f", which execution {holder.execution_id} of job {holder.job_name} holds since"
            f" {show_time(holder.since)}"
        )
    yield Cause(Code.LOCK, f"{detail}.", since=wait.since, holders=holders, link=link)


def _progress(case: Case) -> str:
    execution = case.execution
    if execution.progress_fraction is None:
        return ""
    message = f", {execution.progress_message}" if execution.progress_message else ""
    return f": {execution.progress_fraction:.0%}{message}"

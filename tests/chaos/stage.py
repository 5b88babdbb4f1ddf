"""Opening executions and looking at what becomes of them."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
from django.db import connection

from core.clock import database_now
from executions.broker import count_messages
from executions.models import ExecutionTransition, JobExecution
from executions.services import trigger
from executions.states import FINAL, ExecutionStatus
from jobs.models import JobDefinition
from tests.factories import TESTER, make_job
from tests.platform import Platform, is_gone, until

# Another attempt after a second: as soon as a policy can ask for.
RETRIED = {"max_retries": 3, "retry_strategy": "linear", "base_delay_seconds": 1}


def open_one(handler: str, *, job: dict[str, Any] | None = None, **parameters: Any) -> JobExecution:
    """Ask for one run of a new job with this handler."""
    definition = make_job(execution_type_name=f"tests.{handler}", **(job or {}))
    return trigger(actor=TESTER, job=definition, parameters=parameters)


def open_many(
    count: int, handler: str, *, job: dict[str, Any] | None = None, **parameters: Any
) -> list[JobExecution]:
    """Ask for several runs of one new job."""
    fields = {"max_concurrent_executions": 1_000, **(job or {})}
    definition: JobDefinition = make_job(execution_type_name=f"tests.{handler}", **fields)
    return [trigger(actor=TESTER, job=definition, parameters=parameters) for _ in range(count)]


def open_command(
    platform: Platform, how: str, *, job: dict[str, Any] | None = None, **parameters: Any
) -> JobExecution:
    """Ask for one run of a new job whose command is ``tests/chaos/command.py``."""
    program = Path(__file__).with_name("command.py")
    fields = {
        "execution_mode": "out_of_process",
        "execution_type_name": "",
        "execution_command": f"{sys.executable} -I -S {program} {how}",
    }
    parameters = {"evidence": str(platform.evidence), **parameters}
    return trigger(actor=TESTER, job=make_job(**fields, **(job or {})), parameters=parameters)


def ending_in(seconds: float) -> dict[str, Any]:
    """Return the fields of a schedule with a slot each second until then."""
    return {"interval_seconds": 1, "end_at": database_now() + timedelta(seconds=seconds)}


def wait_for(
    status: str, *executions: JobExecution, within: float = 60.0, attempt: int | None = None
) -> None:
    """Wait until all ``executions`` are in ``status`` (and in that attempt), and reload them."""
    found = JobExecution.objects.filter(pk__in=[e.pk for e in executions], status=status)
    if attempt is not None:
        found = found.filter(attempt=attempt)
    until(lambda: found.count() == len(executions), within=within, what=f"all are {status}")
    reload(*executions)


def wait_until_called(platform: Platform, *executions: JobExecution, within: float = 60.0) -> None:
    """Wait until the handlers of all ``executions`` have begun, and reload them."""
    until(lambda: all(calls(platform, e) for e in executions), within=within, what="all have begun")
    reload(*executions)


def wait_until_over(*executions: JobExecution, within: float = 60.0) -> None:
    """Wait until all ``executions`` are final, and reload them."""
    found = JobExecution.objects.filter(pk__in=[e.pk for e in executions], status__in=FINAL)
    until(lambda: found.count() == len(executions), within=within, what="all are final")
    reload(*executions)


def reload(*executions: JobExecution) -> None:
    for execution in executions:
        execution.refresh_from_db()


def calls(platform: Platform, execution: JobExecution) -> list[str]:
    """Return the calls of the execution's handler, as ``start <attempt> <pid>``."""
    path = platform.evidence / f"{execution.pk}.calls"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in lines if line.startswith("start")]


def moves(execution: JobExecution, to_status: str | None = None) -> list[ExecutionTransition]:
    """Return the execution's transitions (into ``to_status``), oldest first."""
    found = execution.transitions.order_by("id")
    return list(found.filter(to_status=to_status) if to_status else found)


def reasons(execution: JobExecution) -> list[str]:
    """Return why its attempts did not succeed, oldest first."""
    ended = [move for move in moves(execution) if move.from_status == ExecutionStatus.RUNNING]
    return [str(move.reason) for move in ended if move.reason is not None]


def grandchild_of(platform: Platform, execution: JobExecution) -> psutil.Process:
    """Return the process that the ``grandchild`` handler has started."""
    path = platform.evidence / f"{execution.pk}.grandchild"
    until(lambda: path.exists() and path.read_text(), within=30, what="a process of the handler")
    return psutil.Process(int(path.read_text()))


def family_of(execution: JobExecution) -> list[psutil.Process]:
    """Return the launcher of an execution's command, the command, and what it has started."""
    return [
        process
        for process in psutil.process_iter()
        if environment_of(process).get("SCHEDULER_EXECUTION_ID") == str(execution.pk)
    ]


def environment_of(process: psutil.Process) -> dict[str, str]:
    """Return the environment of a living process, empty for one that is gone."""
    try:
        return process.environ()
    except psutil.Error:
        return {}


def wait_until_gone(*processes: psutil.Process, within: float = 20.0) -> None:
    until(lambda: all(map(is_gone, processes)), within=within, what=f"{processes} have ended")


def messages(queue: str = "default") -> int:
    """Return how many messages the broker holds for the queue."""
    return count_messages(queue) or 0


def somebody_waits_for_a_lock(kind: str) -> bool:
    """Return whether a process of this kind (``beat``, ``worker``) waits for a lock of another."""
    with connection.cursor() as cursor:
        # Inside a transaction the first look would be all that is ever seen.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = %s AND wait_event_type = 'Lock'",
            [f"scheduler-{kind}"],
        )
        return cursor.fetchone() is not None

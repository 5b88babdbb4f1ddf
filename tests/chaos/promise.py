"""What the platform promises, whatever died, froze or failed in between.

A due slot is never lost; an execution starts at least once; its outcome is recorded exactly once;
two of its handlers never run at once; nothing that was started is left behind.
"""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

import psutil

from executions.models import ExecutionTransition, JobExecution
from executions.states import ALLOWED_MOVES, FINAL, ExecutionStatus
from jobs.models import JobSchedule
from jobs.rules import rule_of
from tests.platform import Platform, is_gone, until

_FIRST = {ExecutionStatus.WAITING, ExecutionStatus.SCHEDULED, ExecutionStatus.SKIPPED}


def assert_kept(platform: Platform, *, within: float = 60.0) -> None:
    """Wait until every schedule and every execution has come to its end, then check them all."""
    until(_all_is_over, within=within, what="every execution is final")
    for schedule in JobSchedule.objects.select_related("job"):
        _assert_each_slot_once(schedule)
    for execution in JobExecution.objects.prefetch_related("transitions"):
        moves = sorted(execution.transitions.all(), key=lambda move: move.pk)
        _assert_told_in_full(execution, moves)
        _assert_attempts_counted(execution, moves)
    assert_never_two_at_once(platform)
    until(lambda: not strangers(platform), within=20, what="no process is orphaned")


def assert_never_two_at_once(platform: Platform) -> None:
    """Check that no handler met another one of the same execution."""
    assert not list(platform.evidence.glob("*.overlap")), "two handlers of one execution at once"


def assert_nothing_left(platform: Platform) -> None:
    """Check that the platform, once ended, has left no process behind."""
    left = [process.pid for process in _with_evidence_of(platform)]
    for pid in left:
        psutil.Process(pid).kill()
    assert not left, f"processes left behind: {left}"


def strangers(platform: Platform) -> list[int]:
    """Return the processes that stem from the platform and are none of its own."""
    own = set()
    for process in platform.processes:
        if process.is_running():
            own |= {process.pid, *(child.pid for child in process.children())}
    return [process.pid for process in _with_evidence_of(platform) if process.pid not in own]


def _all_is_over() -> bool:
    return not (
        JobSchedule.objects.filter(next_fire_at__isnull=False).exists()
        or JobExecution.objects.unfinished().exists()
    )


def _assert_each_slot_once(schedule: JobSchedule) -> None:
    """A schedule that has ended has one execution for each slot from its creation to its end."""
    opened = Counter(schedule.executions.values_list("scheduled_for", flat=True))
    assert opened == Counter(_slots(schedule)), f"slots lost or doubled: {schedule.job}"


def _slots(schedule: JobSchedule) -> Iterator[datetime]:
    slot = rule_of(schedule).next(schedule.created_at)
    while slot is not None:
        yield slot
        slot = rule_of(schedule).next(slot)


def _assert_told_in_full(execution: JobExecution, moves: list[ExecutionTransition]) -> None:
    """The transitions are one chain of allowed moves from the opening to one end."""
    assert execution.status in FINAL, execution
    assert execution.completed_at is not None, execution
    assert [move.to_status in FINAL for move in moves].count(True) == 1, tell(moves)
    assert moves[0].from_status is None, tell(moves)
    assert moves[0].to_status in _FIRST, tell(moves)
    assert moves[-1].to_status == execution.status, tell(moves)
    for earlier, later in pairwise(moves):
        assert later.from_status == earlier.to_status, tell(moves)
        assert later.to_status in ALLOWED_MOVES[ExecutionStatus(earlier.to_status)], tell(moves)
        assert later.fence >= earlier.fence, tell(moves)


def _assert_attempts_counted(execution: JobExecution, moves: list[ExecutionTransition]) -> None:
    """Each claim is an attempt, unless it was handed back or its condition was waited for."""
    claims = [move for move in moves if move.to_status == ExecutionStatus.RUNNING]
    handed_back = [
        move
        for move in moves
        if (move.from_status, move.to_status)
        == (ExecutionStatus.RUNNING, ExecutionStatus.SCHEDULED)
    ]
    assert len(claims) == execution.attempt + len(handed_back), tell(moves)


def tell(moves: list[ExecutionTransition]) -> str:
    """Return the transitions as one line for a failure's report."""
    return "; ".join(
        f"{move} ({move.at:%H:%M:%S.%f}, attempt {move.attempt}, fence {move.fence},"
        f" {move.reason}, {move.data})"
        for move in moves
    )


def _with_evidence_of(platform: Platform) -> list[psutil.Process]:
    """Return the living processes that stem from the platform.

    Each has the test's mark in its environment; workers hide theirs, but stay in their session.
    """
    found = []
    sessions = {process.pid for process in platform.processes}
    for process in psutil.process_iter():
        try:
            is_own = os.getsid(process.pid) in sessions and not is_gone(process)
            if is_own or _is_marked(process, platform):
                found.append(process)
        except (psutil.Error, ProcessLookupError):
            continue
    return found


def _is_marked(process: psutil.Process, platform: Platform) -> bool:
    environment = process.environ()
    marks = {environment.get("EVIDENCE"), environment.get("PARAM_EVIDENCE")}
    return str(platform.evidence) in marks

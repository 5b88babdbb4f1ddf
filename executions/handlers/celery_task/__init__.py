"""Running a task that a team has on its own Celery queue, and recording how it ends.

Its workers know nothing of this platform: they get a message as from any Celery client. What
happens when something is lost in between stands in ``docs/celery-tasks.md``.
"""

import time
from typing import Any

from django.conf import settings

from core.secret_references import SecretMissing
from core.text import NotStorable, strict_json
from executions.authoring import StopJob
from executions.checkpoints import keep_checkpoint
from executions.handlers.celery_task.remote import (
    AddressRefused,
    Results,
    ResultUnreadable,
    TaskQueue,
    TaskState,
    Unreachable,
)
from executions.handlers.stopping import undisturbed
from executions.outcomes import Failed, Outcome, Succeeded
from executions.watchdog import Guard, Stop
from jobs.models import Queue
from jobs.options.celery_task import may_share_broker

_FIRST_LOOK_SECONDS = 0.1
_MOST_SECONDS_BETWEEN_LOOKS = 2.0
_UNDER_WAY = "celeryTask"
"""The checkpoint's name for the id of the task that was sent, from just before it was."""


class QueueRefused(Exception):
    """The queue is the platform's own; the message says what to do."""


def run_celery_task(guard: Guard) -> Outcome:
    """Send the job's task, or find the one that an earlier attempt has sent, and see it through."""
    options, mask = guard.claim.snapshot["execution_options"], guard.lines.mask
    try:
        broker = options.get("brokerUrl")
        name = options.get("queue", "celery")
        if broker is None:
            _refuse_own_queue(guard, name)
        url = settings.CELERY_BROKER_URL if broker is None else mask.resolve(broker)
        with TaskQueue(url, name) as queue:
            if options.get("ignoreResult"):
                _send(guard, queue, _own_id(guard), ignores_result=True)
                return Succeeded()
            with Results(mask.resolve(options["resultBackendUrl"])) as results:
                return _see_through(guard, queue, results)
    except (SecretMissing, AddressRefused, QueueRefused, ResultUnreadable) as problem:
        return Failed(type(problem).__name__, str(problem), is_permanent=True)
    except Unreachable as problem:
        return Failed("BrokerUnreachable", str(problem))


def _refuse_own_queue(guard: Guard, name: str) -> None:
    """Raise :class:`QueueRefused` for what the platform itself keeps in its broker."""
    with undisturbed(guard):
        is_own = not may_share_broker(name) or Queue.objects.filter(name=name).exists()
    if is_own:
        raise QueueRefused(
            f"The queue {name} of the platform's own broker is the platform's. Choose another, or"
            " name a broker of the team's own as brokerUrl."
        )


def _see_through(guard: Guard, queue: TaskQueue, results: Results) -> Outcome:
    noted = _noted_task(guard)
    task = noted or _own_id(guard)
    try:
        if noted is None or _has_ended_in_vain(guard, results, noted):
            task = _own_id(guard)
            _send_once(guard, queue, task)
        state = _wait(guard, results, task)
    except StopJob:
        if guard.stop is not Stop.DRAIN:  # then the next attempt goes on waiting for it
            _give_up(guard, queue, task)
        raise
    outcome = _outcome_of(state)
    if not isinstance(outcome, Succeeded):
        _forget(guard)
    return outcome


def _noted_task(guard: Guard) -> str | None:
    """Return the id of the task that an earlier attempt has sent, or was about to."""
    checkpoint = guard.claim.checkpoint
    task = checkpoint.get(_UNDER_WAY) if isinstance(checkpoint, dict) else None
    return None if task is None else str(task)


def _has_ended_in_vain(guard: Guard, results: Results, task: str) -> bool:
    """Whether an earlier attempt's task has ended without success, so that another may be sent.

    Of one that waits in its queue, and of most that run, nothing can be read: where no state says
    otherwise it may be under way, and a second one must not be started beside it.
    """
    state = _wait_to_read(guard, results, task)
    if state is not None and state.is_over:
        return not state.is_success and task != _own_id(guard)
    message = (
        f"Task {task} of an earlier attempt may be under way: waiting for it, not sending one."
    )
    _note(guard, message)
    return False


def _send_once(guard: Guard, queue: TaskQueue, task: str) -> None:
    """Send the task; before, note that it may have been sent, for an attempt that finds it."""
    with undisturbed(guard):
        queue.connect()
        keep_checkpoint(guard.claim, {_UNDER_WAY: task})
        _send(guard, queue, task, expires=guard.times_out_at - time.monotonic())


def _send(guard: Guard, queue: TaskQueue, task: str, **more: Any) -> None:
    snapshot = guard.claim.snapshot
    queue.send(
        task=task,
        name=snapshot["execution_type_name"],
        args=snapshot["execution_options"].get("args", []),
        kwargs=guard.claim.parameters,
        **more,
    )


def _wait(guard: Guard, results: Results, task: str) -> TaskState:
    pause = _FIRST_LOOK_SECONDS
    while True:
        state = _wait_to_read(guard, results, task)
        if state is not None and state.is_over:
            return state
        time.sleep(pause)
        pause = min(pause * 1.5, _MOST_SECONDS_BETWEEN_LOOKS)


def _wait_to_read(guard: Guard, results: Results, task: str) -> TaskState | None:
    """Return the task's state, None if nothing is known; wait for a backend that is away."""
    has_said = False
    while True:
        try:
            return results.read(task)
        except Unreachable as problem:
            if not has_said:
                _note(guard, f"{problem} Looking again until it answers.")
            has_said = True
        time.sleep(_MOST_SECONDS_BETWEEN_LOOKS)


def _give_up(guard: Guard, queue: TaskQueue, task: str) -> None:
    """Have the task ended, and let the next attempt send another."""
    try:
        queue.revoke(task)
    except Unreachable as problem:
        _note(guard, f"Task {task} could not be revoked and may go on: {problem}")
    else:
        _forget(guard)


def _forget(guard: Guard) -> None:
    keep_checkpoint(guard.claim, None)


def _outcome_of(state: TaskState) -> Outcome:
    if not state.is_success:
        return Failed(state.error_type, state.error, state.traceback)
    try:
        return Succeeded(strict_json(state.result, what="The task's result"))
    except NotStorable as problem:
        return Failed("OutputNotStorable", str(problem))


def _own_id(guard: Guard) -> str:
    """The task's id tells the execution and the attempt that has sent it."""
    return f"{guard.claim.execution_id}-{guard.claim.attempt}"


def _note(guard: Guard, message: str) -> None:
    guard.lines.add(level="WARNING", stream="platform", message=message)

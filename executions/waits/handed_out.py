"""What waits for a worker: handed to the broker, claimed by nobody."""

from collections.abc import Iterator

from core.times import show_time
from executions.broker import count_messages
from executions.models import JobExecution
from executions.waits.case import Case
from executions.waits.causes import MOST_NAMED, Cause, Code, Holder, holders_of
from executions.waits.standing import find_holds


def find_queued_causes(case: Case, *, asks_broker: bool) -> Iterator[Cause]:
    """Why no worker has claimed it."""
    for hold in find_holds(case.job):
        detail = f"{hold.detail} It is about to be taken back."
        yield Cause(hold.code, detail, since=hold.since, until=hold.until, link=hold.link)
    if asks_broker:
        yield from _ask_broker(case)
    yield from _ask_workers(case)


def _ask_workers(case: Case) -> Iterator[Cause]:
    queue, since = str(case.execution.queue), case.execution.queued_at
    serving = case.processes.serving(queue)
    link = "/api/workers"
    if not serving.workers and serving.draining:
        names = ", ".join(worker.name for worker in serving.draining)
        detail = f"Handed to queue {queue}, but who serves it takes nothing new: {names} drain."
        yield Cause(Code.DRAINING, detail, since=since, link=link)
        return
    if not serving.workers:
        why = case.processes.who_does_not_serve()
        detail = f"Handed to queue {queue}, but {why}."
        yield Cause(Code.NO_WORKER, detail, since=since, link=link)
        return
    running = JobExecution.objects.running().filter(worker__in=serving.names)
    count, places = running.count(), "place" if serving.slots == 1 else "places"
    detail = (
        f"Handed to queue {queue}, waiting for a free worker:"
        f" {count} running, {serving.slots} {places}."
    )
    is_busy = count >= serving.slots
    holders: tuple[Holder, ...] = ()
    if is_busy:
        some = running.select_related("job").only("worker", "job__name").order_by("pk")
        holders = holders_of(some[:MOST_NAMED])
    code = Code.WORKERS_BUSY if is_busy else Code.CLAIM
    yield Cause(code, detail, since=since, holders=holders, link=link)


def _ask_broker(case: Case) -> Iterator[Cause]:
    """Whether its message can be there at all."""
    execution, queue = case.execution, str(case.execution.queue)
    held = count_messages(queue)
    again = f"It is sent again at {show_time(execution.publish_again_at)}"
    if held is None:
        detail = f"The broker does not say what queue {queue} holds: it may be away. {again}."
        yield Cause(Code.BROKER, detail, until=execution.publish_again_at)
    elif not held and execution.publish_again_at and execution.publish_again_at <= case.now:
        detail = f"The broker holds no message of queue {queue}. {again}, by the sweeper."
        yield Cause(Code.BROKER, detail, until=execution.publish_again_at)

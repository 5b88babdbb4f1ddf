"""Queued but unclaimed for long: the message may be lost, so it is sent again.

Queued in a paused queue: a dispatcher was just handing it out, so it is taken back.
"""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q

from core.clock import database_now
from core.sql import load
from executions.broker import Hint, count_messages, publish
from executions.models import JobExecution
from executions.states import ExecutionStatus
from executions.transitions import take_back

OFFER_AGAIN = load(__file__, "offer_again")
MOST_PER_SWEEP = 1_000


def sweep(
    *, now: datetime | None = None, count: Callable[[str], int | None] = count_messages
) -> int:
    """Publish overdue unclaimed executions again, with the same fence; return how many.

    A queue whose messages are all still there is left alone: a long backlog must not multiply.
    What is out in a paused queue is taken back first.
    """
    take_back()
    hints = [hint for queue in _queues_that_lost_messages(now, count) for hint in _take(queue, now)]
    publish(hints)
    return len(hints)


def _queues_that_lost_messages(
    now: datetime | None, count: Callable[[str], int | None]
) -> list[str]:
    now = now or database_now()
    unclaimed = (
        JobExecution.objects.filter(status=ExecutionStatus.QUEUED)
        .values("queue")
        .annotate(unclaimed=Count("id"), overdue=Count("id", filter=Q(publish_again_at__lte=now)))
        .filter(overdue__gt=0)
        .values_list("queue", "unclaimed")
    )
    return [
        queue
        for queue, waiting in unclaimed
        if queue is not None and ((held := count(queue)) is None or held < waiting)
    ]


@transaction.atomic
def _take(queue: str, now: datetime | None) -> list[Hint]:
    rows = OFFER_AGAIN.rows(
        now=now,
        queue=queue,
        limit=MOST_PER_SWEEP,
        publish_again=settings.SCHEDULER_PUBLISH_AGAIN_SECONDS,
        publish_again_max=settings.SCHEDULER_PUBLISH_AGAIN_MAX_SECONDS,
    )
    return [
        Hint(id=row["id"], fence=row["fence"], queue=row["queue"], job_name=row["job_name"])
        for row in rows
    ]

"""Jobs that have gone without success for too long."""

from datetime import datetime

from django.conf import settings

from core.sql import Row, load
from core.times import show_time

STALE = load(__file__, "stale")

SLOTS = 3
SHORT_SECONDS = 3_600.0
LONG_SECONDS = 86_400.0


def stale_jobs(*, limit: int = 20, now: datetime | None = None) -> list[Row]:
    """Return the jobs without success for longer than their schedules let expect, longest first.

    A job is stale when, since its last success, a slot of it has been due for a day; or when three
    have been due, the first for an hour. Looked at are active jobs that may run in this
    environment and have an active schedule with slots to come. ``reason`` says it in words.
    """
    rows = STALE.rows(
        now=now,
        limit=limit,
        environment=settings.ENVIRONMENT_BITS[settings.SCHEDULER_ENVIRONMENT],
        slots=SLOTS,
        long=LONG_SECONDS,
        short=SHORT_SECONDS,
    )
    return [_name(row) for row in rows]


def _name(row: Row) -> Row:
    slots, first_at, status = row.pop("slots"), row.pop("first_at"), row.pop("status")
    since = f"since {show_time(row['lastSuccessUtc'])}" if row["lastSuccessUtc"] else "on record"
    count = _COUNTS.get(slots, f"{SLOTS} slots or more have")
    last = f"the last execution to start is {status}" if status else "nothing has started"
    reason = f"No success {since}; {count} fallen due, first at {show_time(first_at)}; {last}."
    return {**row, "reason": reason}


_COUNTS = {1: "1 slot has", 2: "2 slots have"}

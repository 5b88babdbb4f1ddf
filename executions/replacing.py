"""Schedules whose later slots take the place of earlier ones."""

from datetime import datetime

from django.db import transaction

from core.sql import load
from executions.successors import follow

STOP_EARLIER = load(__file__, "stop_earlier")


def stop_replaced(*, now: datetime | None = None) -> int:
    """Stop what is unfinished before the newest slot of each such schedule; return how many."""
    with transaction.atomic():
        stopped = [row["id"] for row in STOP_EARLIER.rows(now=now)]
        if stopped:
            follow(stopped, now=now)
    return len(stopped)

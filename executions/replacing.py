"""Schedules whose later slots take the place of earlier ones."""

from datetime import datetime

from core.sql import load

STOP_EARLIER = load(__file__, "stop_earlier")


def stop_replaced(*, now: datetime | None = None) -> int:
    """Stop what is unfinished before the newest slot of each such schedule; return how many."""
    return len(STOP_EARLIER.rows(now=now))

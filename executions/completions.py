"""Schedules that fire some time after their last run has ended."""

from datetime import datetime

from core.sql import load

FOLLOW = load(__file__, "follow_completions")


def follow_completions(*, now: datetime | None = None) -> int:
    """Give each its next slot whose last execution is over; return how many."""
    return len(FOLLOW.rows(now=now))

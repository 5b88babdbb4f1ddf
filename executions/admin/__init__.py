"""Executions in the admin, what they add to other pages there, and its first page."""

from executions.admin import (
    backfill,
    dashboard,
    execution,
    history,
    hold,
    job,
    queue,
    schedule,
    worker,
)

__all__ = [
    "backfill",
    "dashboard",
    "execution",
    "history",
    "hold",
    "job",
    "queue",
    "schedule",
    "worker",
]

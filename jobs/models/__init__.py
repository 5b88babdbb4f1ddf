"""The rows that say what runs and when."""

from jobs.models.definition import (
    Environment,
    ExecutionMode,
    JobDefinition,
    JobOwnership,
    JobStatus,
    JobVersion,
    RetryStrategy,
)
from jobs.models.queue import Queue
from jobs.models.schedule import JobSchedule, ScheduleType, Weekday

__all__ = [
    "Environment",
    "ExecutionMode",
    "JobDefinition",
    "JobOwnership",
    "JobSchedule",
    "JobStatus",
    "JobVersion",
    "Queue",
    "RetryStrategy",
    "ScheduleType",
    "Weekday",
]

"""Jobs, schedules and queues in the admin. Every write goes through the services."""

from jobs.admin import queue, schedule
from jobs.admin.job import JobAdmin

__all__ = ["JobAdmin", "queue", "schedule"]

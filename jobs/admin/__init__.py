"""Jobs, schedules, calendars and queues in the admin. Every write goes through the services."""

from jobs.admin import calendar, queue, window
from jobs.admin.job import JobAdmin
from jobs.admin.schedule import ScheduleAdmin

__all__ = ["JobAdmin", "ScheduleAdmin", "calendar", "queue", "window"]

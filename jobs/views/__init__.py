"""Jobs and schedules by REST. ``executions/views`` adds what is known of their executions."""

from jobs.views.jobs import JobViewSet
from jobs.views.schedules import ScheduleViewSet

__all__ = ["JobViewSet", "ScheduleViewSet"]

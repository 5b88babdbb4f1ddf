"""Jobs and schedules by REST. ``executions/views`` adds what is known of their executions."""

from jobs.views.calendars import CalendarViewSet
from jobs.views.dependencies import DependencyViewSet, DependentViewSet
from jobs.views.exclusions import ExclusionViewSet
from jobs.views.jobs import JobViewSet
from jobs.views.schedules import ScheduleViewSet

__all__ = [
    "CalendarViewSet",
    "DependencyViewSet",
    "DependentViewSet",
    "ExclusionViewSet",
    "JobViewSet",
    "ScheduleViewSet",
]

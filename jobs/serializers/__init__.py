"""Jobs and schedules on the wire, by the contract's names."""

from jobs.serializers.fields import ClaimField
from jobs.serializers.jobs import JobQuery, JobSerializer, StatusChange
from jobs.serializers.previews import PreviewQuery, PreviewRequest, PreviewSerializer
from jobs.serializers.schedules import ScheduleQuery, ScheduleSerializer

__all__ = [
    "ClaimField",
    "JobQuery",
    "JobSerializer",
    "PreviewQuery",
    "PreviewRequest",
    "PreviewSerializer",
    "ScheduleQuery",
    "ScheduleSerializer",
    "StatusChange",
]

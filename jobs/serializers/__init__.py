"""Jobs and schedules on the wire, by the contract's names."""

from jobs.serializers import openapi  # noqa: F401 - found by being imported
from jobs.serializers.fields import ClaimField
from jobs.serializers.jobs import JobQuery, JobSerializer, StatusChange
from jobs.serializers.previews import (
    ChangePreviewSerializer,
    PreviewQuery,
    PreviewRequest,
    PreviewSerializer,
)
from jobs.serializers.schedules import PauseRequest, ScheduleQuery, ScheduleSerializer

__all__ = [
    "ChangePreviewSerializer",
    "ClaimField",
    "JobQuery",
    "JobSerializer",
    "PauseRequest",
    "PreviewQuery",
    "PreviewRequest",
    "PreviewSerializer",
    "ScheduleQuery",
    "ScheduleSerializer",
    "StatusChange",
]

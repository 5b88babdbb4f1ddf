"""Jobs and schedules on the wire with what their executions tell."""

from typing import Any

from rest_framework import serializers

from core.api.fields import UtcDateTimeField
from executions.states import ExecutionStatus
from jobs.serializers import JobSerializer, ScheduleSerializer


class LastExecution(serializers.Serializer[Any]):
    """What a job or schedule shows of its last execution (``executions/last.py``)."""

    last_execution_utc = UtcDateTimeField(
        source="last_execution_at",
        read_only=True,
        allow_null=True,
        help_text="When the newest that was started began.",
    )
    last_execution_status = serializers.ChoiceField(
        ExecutionStatus.choices, read_only=True, allow_null=True
    )


class JobWithLastExecution(LastExecution, JobSerializer):
    """A job with its last execution."""

    class Meta(JobSerializer.Meta):
        ref_name = "Job"
        fields = (*JobSerializer.Meta.fields, "last_execution_utc", "last_execution_status")


class ScheduleWithLastExecution(LastExecution, ScheduleSerializer):
    """A schedule with its last execution."""

    class Meta(ScheduleSerializer.Meta):
        ref_name = "Schedule"
        fields = (*ScheduleSerializer.Meta.fields, "last_execution_utc", "last_execution_status")

"""Schedules on the wire."""

from typing import Any, ClassVar

from rest_framework import serializers

from core.api.fields import (
    JsonObjectField,
    NotYetField,
    UtcDateTimeField,
    WallTimeField,
    WireChoiceField,
)
from core.api.queries import PageQuery
from core.api.serializers import CamelCaseModelSerializer
from jobs.contract import SCHEDULE_TYPES
from jobs.models import JobDefinition, JobSchedule, ScheduleType
from jobs.serializers.fields import ClaimField, DayOfMonthField, DaysOfWeekField, OneTimeField


class ScheduleSerializer(CamelCaseModelSerializer[JobSchedule]):
    """A schedule of one job."""

    job_definition_id = serializers.PrimaryKeyRelatedField(
        source="job", queryset=JobDefinition.objects.all(), pk_field=serializers.UUIDField()
    )
    schedule_type = WireChoiceField(SCHEDULE_TYPES, ScheduleType.values)
    time_of_day = WallTimeField(required=False, allow_null=True)
    days_of_week = DaysOfWeekField()
    day_of_month = DayOfMonthField()
    business_day_of_month = NotYetField()
    adjust_to_previous_business_day = NotYetField(shown=False)
    one_time_execution_date = OneTimeField(source="one_time_at")
    conditional_expression = NotYetField()
    calendar = NotYetField()
    parameters = JsonObjectField(required=False)
    start_date_utc = UtcDateTimeField(source="start_at", required=False, allow_null=True)
    end_date_utc = UtcDateTimeField(source="end_at", required=False, allow_null=True)
    next_execution_utc = UtcDateTimeField(source="next_fire_at", read_only=True, allow_null=True)
    created_by = ClaimField()
    created_at_utc = UtcDateTimeField(source="created_at", read_only=True)
    updated_by = ClaimField()
    updated_at_utc = UtcDateTimeField(source="updated_at", read_only=True, allow_null=True)

    class Meta:
        model = JobSchedule
        validators: ClassVar[list[Any]] = []  # the service checks the row as a whole
        fields: tuple[str, ...] = (
            "id",
            "job_definition_id",
            "schedule_type",
            "cron_expression",
            "time_of_day",
            "interval_seconds",
            "delay_seconds",
            "days_of_week",
            "day_of_month",
            "business_day_of_month",
            "adjust_to_previous_business_day",
            "one_time_execution_date",
            "conditional_expression",
            "timezone",
            "calendar",
            "parameters",
            "is_active",
            "start_date_utc",
            "end_date_utc",
            "next_execution_utc",
            "created_by",
            "created_at_utc",
            "updated_by",
            "updated_at_utc",
        )


class ScheduleQuery(PageQuery):
    """The filters of the list of schedules."""

    job_definition_id = serializers.UUIDField(required=False)
    schedule_type = serializers.ListField(
        child=WireChoiceField(SCHEDULE_TYPES, ScheduleType.values), required=False
    )
    is_active = serializers.BooleanField(required=False)

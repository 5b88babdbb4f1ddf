"""Schedules on the wire."""

from typing import Any, ClassVar

from rest_framework import serializers

from core.api.fields import JsonObjectField, UtcDateTimeField, WireChoiceField
from core.api.queries import PageQuery
from core.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer
from core.api.wording import RowField
from jobs import contract
from jobs.models import JobDefinition, JobSchedule, ScheduleType
from jobs.serializers.fields import (
    AskedField,
    ClaimField,
    CountField,
    DaysOfWeekField,
    OneTimeField,
    OrdinalField,
    RuleChoiceField,
    TextField,
    TimeOfDayField,
)
from jobs.serializers.naming import CalendarField, DescriptionField, ExclusionsField

_MOST_REASON = 2_000


def _instant(source: str, **kwargs: Any) -> UtcDateTimeField:
    return UtcDateTimeField(source=source, required=False, allow_null=True, **kwargs)


def _shown(source: str) -> UtcDateTimeField:
    return UtcDateTimeField(source=source, read_only=True, allow_null=True)


class ScheduleSerializer(CamelCaseModelSerializer[JobSchedule]):
    """A schedule of one job: its rule, its policies, and where it stands."""

    job_definition_id = RowField(
        source="job", queryset=JobDefinition.objects.all(), pk_field=serializers.UUIDField()
    )
    schedule_type = WireChoiceField(contract.SCHEDULE_TYPES, ScheduleType.values)
    description = DescriptionField()
    cron_expression = TextField(max_length=256)
    cron_dialect = RuleChoiceField(contract.CRON_DIALECTS)
    day_match = RuleChoiceField(contract.DAY_MATCHES)
    time_of_day = TimeOfDayField()
    repeat_every = CountField(min_value=1)
    days_of_week = DaysOfWeekField()
    day_of_month = OrdinalField(31)
    nth_weekday = OrdinalField(5)
    short_month = RuleChoiceField(contract.SHORT_MONTHS)
    business_day_of_month = OrdinalField(23)
    on_days = RuleChoiceField(contract.ON_DAYS)
    roll = RuleChoiceField(contract.ROLLS)
    offset_business_days = CountField(min_value=-60, max_value=60)
    adjust_to_previous_business_day = AskedField()
    calendar = CalendarField()
    one_time_execution_date = OneTimeField(source="one_time_at")
    interval_unit = RuleChoiceField(contract.INTERVAL_UNITS)
    align = RuleChoiceField(contract.ALIGNMENTS)
    dst_gap = RuleChoiceField(contract.DST_GAPS)
    dst_repeat = RuleChoiceField(contract.DST_REPEATS)
    exclusions = ExclusionsField(required=False)
    start_date_utc = _instant("start_at")
    end_date_utc = _instant("end_at")
    misfire_policy = WireChoiceField(contract.MISFIRE_POLICIES, required=False)
    overlap = WireChoiceField(contract.OVERLAPS, required=False)
    parameters = JsonObjectField(required=False)
    conditional_expression = TextField()
    conditions = JsonObjectField(required=False, allow_null=True)
    on_false = WireChoiceField(contract.ON_FALSE, required=False)
    on_error = WireChoiceField(contract.ON_ERROR, required=False)
    paused_at_utc = _shown("paused_at")
    resume_at_utc = _shown("resume_at")
    next_execution_utc = _shown("next_run_at")
    created_by = ClaimField()
    created_at_utc = UtcDateTimeField(source="created_at", read_only=True)
    updated_by = ClaimField()
    updated_at_utc = _shown("updated_at")

    class Meta:
        model = JobSchedule
        validators: ClassVar[list[Any]] = []  # the service checks the row as a whole
        read_only_fields: ClassVar[list[str]] = [
            *("run_count", "paused_by", "pause_reason", "stuck_reason", "version"),
        ]
        fields: tuple[str, ...] = (
            *("id", "job_definition_id", "schedule_type", "description"),
            *("cron_expression", "cron_dialect", "day_match"),
            *("time_of_day", "repeat_every", "days_of_week"),
            *("day_of_month", "nth_weekday", "short_month"),
            *("business_day_of_month", "on_days", "roll", "offset_business_days"),
            *("adjust_to_previous_business_day", "calendar"),
            *("one_time_execution_date", "timezone"),
            *("interval_seconds", "interval_unit", "align", "delay_seconds"),
            *("dst_gap", "dst_repeat", "exclusions", "start_date_utc", "end_date_utc"),
            *("misfire_policy", "misfire_grace_seconds", "catchup_window_seconds", "max_catchup"),
            *("overlap", "overlap_limit", "spread_seconds"),
            *("max_runs", "run_count", "pause_after_failures", "parameters"),
            *("conditional_expression", "conditions"),
            *("on_false", "on_error", "poll_seconds", "wait_seconds"),
            *("is_active", "paused_at_utc", "paused_by", "pause_reason", "resume_at_utc"),
            *("stuck_reason", "next_execution_utc", "version"),
            *("created_by", "created_at_utc", "updated_by", "updated_at_utc"),
        )


class PauseRequest(CamelCaseSerializer):
    """Why a schedule is paused, and until when."""

    reason = serializers.CharField(max_length=_MOST_REASON)
    until_utc = _instant("until", help_text="Resumes by itself then; left out, it does not.")


class ScheduleQuery(PageQuery):
    """The filters of the list of schedules."""

    job_definition_id = serializers.UUIDField(required=False)
    schedule_type = serializers.ListField(
        child=WireChoiceField(contract.SCHEDULE_TYPES, ScheduleType.values), required=False
    )
    is_active = serializers.BooleanField(required=False)

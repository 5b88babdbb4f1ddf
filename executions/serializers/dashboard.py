"""What the dashboard answers. ``executions/stats`` makes the rows; these only describe them."""

from rest_framework import serializers

from core.api.fields import UtcDateTimeField, WireChoiceField
from core.api.serializers import CamelCaseSerializer
from jobs.contract import SCHEDULE_TYPES


class DashboardStatsSerializer(CamelCaseSerializer):
    """The figures as they stand."""

    total_jobs = serializers.IntegerField(help_text="Archived ones aside.")
    active_jobs = serializers.IntegerField()
    disabled_jobs = serializers.IntegerField()
    running_executions = serializers.IntegerField()
    failed_today = serializers.IntegerField(help_text="Failed or timed out since midnight UTC.")
    succeeded_today = serializers.IntegerField()
    delayed_or_skipped = serializers.IntegerField(
        help_text="Skipped today, or waiting for more than a minute past their time."
    )
    exceeding_expected_duration = serializers.IntegerField()
    average_execution_time_seconds = serializers.FloatField(help_text="0 while nothing has ended.")
    success_rate_percentage = serializers.FloatField(help_text="0 while nothing has ended.")


class ExecutionTrendSerializer(CamelCaseSerializer):
    """How the executions of one UTC day ended."""

    execution_date = serializers.DateField()
    total_executions = serializers.IntegerField(
        help_text="What ended that day, skipped ones aside."
    )
    success_count = serializers.IntegerField()
    failure_count = serializers.IntegerField()
    timeout_count = serializers.IntegerField()
    avg_duration_seconds = serializers.FloatField(help_text="0 when nothing ended.")


class FailingJobSerializer(CamelCaseSerializer):
    """A job and its failures, timeouts included."""

    job_definition_id = serializers.UUIDField()
    job_name = serializers.CharField()
    category = serializers.CharField()
    failure_count = serializers.IntegerField()
    last_failure_utc = UtcDateTimeField()
    owner_name = serializers.CharField()
    owner_email = serializers.CharField()


class UpcomingJobSerializer(CamelCaseSerializer):
    """A schedule and its next slot."""

    schedule_id = serializers.UUIDField()
    job_definition_id = serializers.UUIDField()
    job_name = serializers.CharField()
    category = serializers.CharField()
    schedule_type = WireChoiceField(SCHEDULE_TYPES)
    next_execution_utc = UtcDateTimeField()
    minutes_until_execution = serializers.IntegerField(help_text="Whole ones; 0 when it is due.")
    expected_duration_seconds = serializers.IntegerField(allow_null=True)
    timeout_seconds = serializers.IntegerField()
    owner_name = serializers.CharField()
    team_name = serializers.CharField()


class StaleJobSerializer(CamelCaseSerializer):
    """A job that has gone without success for too long."""

    job_definition_id = serializers.UUIDField()
    job_name = serializers.CharField()
    category = serializers.CharField()
    owner_name = serializers.CharField()
    owner_email = serializers.CharField()
    team_name = serializers.CharField()
    last_success_utc = UtcDateTimeField(allow_null=True)
    last_execution_utc = UtcDateTimeField(allow_null=True)
    next_execution_utc = UtcDateTimeField()
    reason = serializers.CharField(help_text="In words.")

"""Jobs on the wire."""

from typing import Any, ClassVar

from rest_framework import serializers

from core.api.fields import FlagsField, JsonObjectField, UtcDateTimeField, WireChoiceField
from core.api.queries import PageQuery
from core.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer
from jobs.contract import EXECUTION_MODES, FAIL_FASTS, JOB_STATUSES, RETRY_STRATEGIES
from jobs.models import Environment, ExecutionMode, JobDefinition, JobStatus
from jobs.serializers.fields import ClaimField, OwnerField


class JobSerializer(CamelCaseModelSerializer[JobDefinition]):
    """A job and its ownership."""

    status = WireChoiceField(
        JOB_STATUSES, [s for s in JobStatus.values if s != JobStatus.ARCHIVED], required=False
    )
    allowed_environments = FlagsField(Environment, required=False)
    execution_mode = WireChoiceField(EXECUTION_MODES, ExecutionMode.values, required=False)
    retry_strategy = WireChoiceField(RETRY_STRATEGIES, required=False)
    fail_fast = WireChoiceField(FAIL_FASTS, required=False)
    execution_options = JsonObjectField(required=False)
    parameter_schema = JsonObjectField(required=False, allow_null=True)
    owner_name = OwnerField("owner_name")
    owner_email = OwnerField("owner_email")
    team_name = OwnerField("team_name")
    team_channel = OwnerField("team_channel")
    escalation_email = OwnerField("escalation_email")
    created_by = ClaimField()
    created_at_utc = UtcDateTimeField(source="created_at", read_only=True)
    updated_by = ClaimField()
    updated_at_utc = UtcDateTimeField(source="updated_at", read_only=True, allow_null=True)
    disabled_at_utc = UtcDateTimeField(source="disabled_at", read_only=True, allow_null=True)

    class Meta:
        model = JobDefinition
        validators: ClassVar[list[Any]] = []  # the service checks the row as a whole
        fields: tuple[str, ...] = (
            "id",
            "name",
            "description",
            "category",
            "status",
            "allowed_environments",
            "execution_mode",
            "execution_assembly",
            "execution_type_name",
            "execution_command",
            "container_image",
            "execution_options",
            "timeout_seconds",
            "max_retries",
            "retry_strategy",
            "base_delay_seconds",
            "max_delay_seconds",
            "max_concurrent_executions",
            "concurrency_key",
            "max_concurrent_per_key",
            "starts_per_minute",
            "breaker_failures",
            "breaker_seconds",
            "fail_fast",
            "allow_manual_trigger",
            "expected_duration_seconds",
            "parameter_schema",
            "priority",
            "queue",
            "keep_days",
            "keep_executions",
            "version",
            "owner_name",
            "owner_email",
            "team_name",
            "team_channel",
            "escalation_email",
            "created_by",
            "created_at_utc",
            "updated_by",
            "updated_at_utc",
            "disabled_by",
            "disabled_at_utc",
            "disabled_reason",
        )


class StatusChange(CamelCaseSerializer):
    """The body that enables, disables or archives a job."""

    status = WireChoiceField(JOB_STATUSES)
    reason = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=2000
    )
    updated_by = ClaimField()


class JobQuery(PageQuery):
    """The filters of the list of jobs."""

    status = serializers.ListField(child=WireChoiceField(JOB_STATUSES), required=False)
    category = serializers.CharField(required=False)
    team_name = serializers.CharField(required=False)
    search = serializers.CharField(required=False, help_text="A part of the name.")

"""Executions on the wire, by the contract's names."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.fields import JsonObjectField, UtcDateTimeField, WireChoiceField
from core.api.naming import camel_case
from core.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer
from executions.lists import LARGE_JSON, LARGE_TEXTS, cut, is_cut
from executions.models import ExecutionTransition, JobExecution, JobExecutionLog, Origin
from executions.runs import Scope, Version
from executions.states import ExecutionStatus
from executions.waits import explain_wait
from jobs.serializers import ClaimField

SCOPES = {1: Scope.ONE.value, 2: Scope.BELOW.value}
VERSIONS = {1: Version.CURRENT.value, 2: Version.SAME.value}


class ProgressSerializer(CamelCaseSerializer):
    """How far the handler says it is."""

    fraction = serializers.FloatField(min_value=0, max_value=1)
    message = serializers.CharField(allow_null=True)


class ExecutionSerializer(CamelCaseModelSerializer[JobExecution]):
    """One execution. Name, category and retries of its job are those it was opened with."""

    job_definition_id = serializers.UUIDField(source="job_id")
    job_name = serializers.CharField()
    category = serializers.CharField()
    job_schedule_id = serializers.UUIDField(source="schedule_id", allow_null=True)
    backfill_id = serializers.UUIDField(allow_null=True)
    rerun_of = serializers.UUIDField(source="rerun_of_id", allow_null=True)
    trace_id = serializers.SerializerMethodField()
    scheduled_for_utc = UtcDateTimeField(source="scheduled_for")
    due_at_utc = UtcDateTimeField(
        source="due_at", help_text="Not before this instant: later than the slot if deferred."
    )
    queued_at_utc = UtcDateTimeField(source="queued_at", allow_null=True)
    started_at_utc = UtcDateTimeField(source="started_at", allow_null=True)
    completed_at_utc = UtcDateTimeField(source="completed_at", allow_null=True)
    duration_seconds = serializers.FloatField(
        allow_null=True, help_text="Of the latest attempt, once the execution is over."
    )
    retry_attempt = serializers.SerializerMethodField()
    max_retry_attempts = serializers.IntegerField(source="max_retries")
    host_instance = serializers.CharField(source="worker", allow_null=True)
    input_payload = serializers.JSONField(source="input")
    output_payload = serializers.JSONField(source="output", allow_null=True)
    is_manual_trigger = serializers.SerializerMethodField()
    next_retry_at_utc = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    cancel_requested_at_utc = UtcDateTimeField(source="cancel_requested_at", allow_null=True)

    class Meta:
        model = JobExecution
        fields: tuple[str, ...] = (
            "id",
            "job_definition_id",
            "job_name",
            "category",
            "job_schedule_id",
            "backfill_id",
            "rerun_of",
            "correlation_id",
            "trace_id",
            "status",
            "reason",
            "scheduled_for_utc",
            "due_at_utc",
            "business_date",
            "previous_business_date",
            "next_business_date",
            "is_late",
            "queued_at_utc",
            "started_at_utc",
            "completed_at_utc",
            "duration_seconds",
            "attempt",
            "retry_attempt",
            "max_retry_attempts",
            "next_retry_at_utc",
            "host_instance",
            "progress",
            "input_payload",
            "output_payload",
            "error_type",
            "error_message",
            "stack_trace",
            "triggered_by",
            "is_manual_trigger",
            "cancel_requested_at_utc",
        )
        read_only_fields = fields

    def get_trace_id(self, execution: JobExecution) -> str | None:
        """Return nothing: executions are not traced yet."""
        return None

    def get_retry_attempt(self, execution: JobExecution) -> int:
        return max(execution.attempt - 1, 0)

    def get_is_manual_trigger(self, execution: JobExecution) -> bool:
        return execution.origin == Origin.MANUAL

    @extend_schema_field(UtcDateTimeField(allow_null=True))
    def get_next_retry_at_utc(self, execution: JobExecution) -> Any:
        if execution.status != ExecutionStatus.RETRYING:
            return None
        return UtcDateTimeField().to_representation(execution.due_at)

    @extend_schema_field(ProgressSerializer(allow_null=True))
    def get_progress(self, execution: JobExecution) -> dict[str, Any] | None:
        if execution.progress_fraction is None:
            return None
        return {"fraction": execution.progress_fraction, "message": execution.progress_message}


class ListedExecutionSerializer(ExecutionSerializer):
    """One execution in a list. What is large is cut, and named in ``truncatedFields``.

    Of a payload over 4 KiB nothing is shown, of a longer text its beginning; the execution by
    itself has them whole.
    """

    input_payload = serializers.JSONField(source="shown_input", allow_null=True)
    output_payload = serializers.JSONField(source="shown_output", allow_null=True)
    error_message = serializers.SerializerMethodField()
    stack_trace = serializers.SerializerMethodField()
    truncated_fields = serializers.SerializerMethodField()

    class Meta(ExecutionSerializer.Meta):
        fields = (*ExecutionSerializer.Meta.fields, "truncated_fields")
        read_only_fields = fields

    def get_error_message(self, execution: Any) -> str | None:
        return cut(execution.shown_error_message)

    def get_stack_trace(self, execution: Any) -> str | None:
        return cut(execution.shown_stack_trace)

    def get_truncated_fields(self, execution: Any) -> list[str]:
        """Return the names of those that are not shown whole."""
        payloads = [n for n in LARGE_JSON if getattr(execution, f"{n}_is_large")]
        texts = [n for n in LARGE_TEXTS if is_cut(getattr(execution, f"shown_{n}"))]
        return [camel_case(f"{n}_payload") for n in payloads] + [camel_case(n) for n in texts]


class OneExecutionSerializer(ExecutionSerializer):
    """One execution by itself, which can also say what it waits for, and what it has kept."""

    wait_reason = serializers.SerializerMethodField()
    checkpoint = serializers.JSONField(allow_null=True, help_text="Where the next attempt goes on.")
    checkpoint_at_utc = UtcDateTimeField(source="checkpoint_at", allow_null=True)

    class Meta(ExecutionSerializer.Meta):
        fields = (
            *ExecutionSerializer.Meta.fields,
            *("wait_reason", "checkpoint", "checkpoint_at_utc"),
        )
        read_only_fields = fields

    def get_wait_reason(self, execution: JobExecution) -> str | None:
        return explain_wait(execution)


class LogLineSerializer(CamelCaseModelSerializer[JobExecutionLog]):
    """One line of an execution's log; ``id`` is what ``?after=`` takes."""

    at = UtcDateTimeField()

    class Meta:
        model = JobExecutionLog
        fields = ("id", "attempt", "sequence", "at", "level", "stream", "message")


class TransitionSerializer(CamelCaseModelSerializer[ExecutionTransition]):
    """One move of an execution between statuses."""

    at = UtcDateTimeField()

    class Meta:
        model = ExecutionTransition
        fields = ("id", "from_status", "to_status", "at", "attempt", "reason", "actor", "data")


class TriggerRequest(CamelCaseSerializer):
    """The body that triggers a job; it may be left out."""

    parameters = JsonObjectField(required=False, allow_null=True)
    triggered_by = ClaimField()


class ExecutionOpened(CamelCaseSerializer):
    """The execution that a call has opened."""

    execution_id = serializers.UUIDField(source="pk")


class RerunRequest(CamelCaseSerializer):
    """The body that runs an execution again; without parameters, with those it had."""

    scope = WireChoiceField(
        SCOPES, default=Scope.ONE, help_text="That one alone, or with all that comes below it."
    )
    keep_succeeded = serializers.BooleanField(
        default=True, help_text="Whether what has succeeded below is left as it is."
    )
    parameters = JsonObjectField(required=False, allow_null=True)
    version = WireChoiceField(
        VERSIONS,
        default=Version.CURRENT,
        help_text="As the job is defined now, or as it was when it ran.",
    )
    triggered_by = ClaimField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return what the service takes."""
        return attrs | {"scope": Scope(attrs["scope"]), "version": Version(attrs["version"])}


class EmptyRequest(CamelCaseSerializer):
    """The body of a command that takes no fields."""

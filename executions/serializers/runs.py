"""Whole runs on the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.fields import UtcDateTimeField, WireChoiceField
from core.api.serializers import CamelCaseSerializer
from executions.lists import cut
from executions.models import EdgeState
from executions.runs import Scope
from executions.serializers.executions import SCOPES, RerunRequest
from executions.states import ExecutionStatus, Reason
from jobs.models import DependencyCondition
from jobs.serializers import ClaimField


class RunNodeSerializer(CamelCaseSerializer):
    """One execution of a run, in short."""

    id = serializers.UUIDField(source="execution.pk")
    job_definition_id = serializers.UUIDField(source="execution.job_id")
    job_name = serializers.CharField(source="execution.job_name")
    status = serializers.ChoiceField(ExecutionStatus.choices, source="execution.status")
    reason = serializers.ChoiceField(Reason.choices, source="execution.reason", allow_null=True)
    is_current = serializers.BooleanField(
        help_text="Whether no later execution of its job has taken its place in the run."
    )
    rerun_of = serializers.UUIDField(source="execution.rerun_of_id", allow_null=True)
    blocked_by = serializers.UUIDField(
        source="execution.blocked_by",
        allow_null=True,
        help_text="The execution because of which it did not run.",
    )
    open_edges = serializers.IntegerField(
        source="execution.open_edges", help_text="So many edges still hold it back."
    )
    attempt = serializers.IntegerField(source="execution.attempt")
    due_at_utc = UtcDateTimeField(source="execution.due_at")
    started_at_utc = UtcDateTimeField(source="execution.started_at", allow_null=True)
    completed_at_utc = UtcDateTimeField(source="execution.completed_at", allow_null=True)
    duration_seconds = serializers.FloatField(source="execution.duration_seconds", allow_null=True)
    error_type = serializers.CharField(source="execution.error_type", allow_null=True)
    error_message = serializers.SerializerMethodField()
    triggered_by = serializers.CharField(source="execution.triggered_by")

    def get_error_message(self, node: Any) -> str | None:
        """Return it, cut if it is long."""
        return cut(node.execution.shown_error_message)


class RunEdgeSerializer(CamelCaseSerializer):
    """One edge of a run: what waits, or waited, for what."""

    state = serializers.ChoiceField(EdgeState.choices)
    condition = serializers.ChoiceField(DependencyCondition.choices)
    delay_after_completion_seconds = serializers.IntegerField(source="delay_seconds")
    fail_if_dependency_fails = serializers.BooleanField()
    upstream_job_definition_id = serializers.UUIDField(source="upstream_job_id")
    ready_at_utc = UtcDateTimeField(source="ready_at", allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields, with the two ends by names that are no names in Python."""
        upstream = serializers.UUIDField(
            source="upstream_execution_id",
            allow_null=True,
            help_text="Of another run where a join waits; null while nothing has met it.",
        )
        to = serializers.UUIDField(source="execution_id")
        return {"from": upstream, "to": to, **super().get_fields()}


class RunSerializer(CamelCaseSerializer):
    """All executions of one correlation id, oldest first, and the edges that lead to them."""

    correlation_id = serializers.UUIDField()
    status = serializers.SerializerMethodField(
        help_text="Of the whole: under way, or the worst that its current nodes have come to."
    )
    opened_at_utc = UtcDateTimeField(source="opened_at")
    started_at_utc = UtcDateTimeField(source="started_at", allow_null=True)
    ended_at_utc = UtcDateTimeField(source="ended_at", allow_null=True)
    nodes = RunNodeSerializer(many=True)
    edges = RunEdgeSerializer(many=True)

    @extend_schema_field(
        serializers.ChoiceField(
            ["scheduled", "running", "succeeded", "failed", "cancelled", "skipped"]
        )
    )
    def get_status(self, run: Any) -> str:
        return str(run.status.value)


class RunCancelRequest(CamelCaseSerializer):
    """The body that cancels a run; it may be left out."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")
    triggered_by = ClaimField()


class RunRerunRequest(RerunRequest):
    """The body that runs a part of a run again: what has failed, or the execution it names."""

    execution_id = serializers.UUIDField(required=False, allow_null=True)
    scope = WireChoiceField(
        SCOPES, default=Scope.BELOW, help_text="That alone, or with all that comes below it."
    )


class RunReopened(CamelCaseSerializer):
    """What a call has opened again in a run."""

    correlation_id = serializers.UUIDField()
    execution_ids = serializers.ListField(child=serializers.UUIDField())

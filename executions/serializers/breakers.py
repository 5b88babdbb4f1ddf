"""Circuit breakers of jobs on the wire."""

from typing import Any

from rest_framework import serializers

from core.api.fields import UtcDateTimeField
from core.api.serializers import CamelCaseSerializer
from executions.circuits import CLOSED, Breaker
from executions.models import CircuitState
from jobs.models import JobDefinition

_MOST_REASON = 2_000


class BreakerSerializer(CamelCaseSerializer):
    """The circuit breaker of a job; all about its opening is null while it is closed."""

    job_definition_id = serializers.UUIDField(source="job.pk")
    state = serializers.ChoiceField(
        source="breaker.state",
        choices=[(CLOSED, "slots run"), *CircuitState.choices],
    )
    opened_at_utc = UtcDateTimeField(source="breaker.since", allow_null=True)
    opened_by = serializers.CharField(source="breaker.by", allow_null=True)
    reason = serializers.CharField(source="breaker.reason", allow_null=True)
    half_open_at_utc = UtcDateTimeField(
        source="breaker.half_open_at",
        allow_null=True,
        help_text="From then on one trial may run; null if open until somebody closes it.",
    )
    trial_execution_id = serializers.UUIDField(
        source="breaker.trial_id", allow_null=True, help_text="The trial that is under way."
    )
    breaker_failures = serializers.IntegerField(
        source="job.breaker_failures",
        allow_null=True,
        help_text="It opens by itself after so many failures in a row; null: only by hand.",
    )
    breaker_seconds = serializers.IntegerField(source="job.breaker_seconds")


def show_breaker(job: JobDefinition, breaker: Breaker) -> dict[str, Any]:
    """Return the answer about one breaker."""
    return dict(BreakerSerializer({"job": job, "breaker": breaker}).data)


class BreakerOpenRequest(CamelCaseSerializer):
    """The body that opens a breaker."""

    reason = serializers.CharField(
        max_length=_MOST_REASON,
        error_messages={"required": "Say why it is opened.", "blank": "Say why it is opened."},
    )


class BreakerCloseRequest(CamelCaseSerializer):
    """The body that closes a breaker; it may be left out."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=_MOST_REASON)

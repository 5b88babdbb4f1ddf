"""What the query strings of executions and of the dashboard may ask for."""

from typing import Any

from rest_framework import serializers

from core.api.fields import UtcDateTimeField, WireChoiceField
from core.api.queries import PageQuery, Query
from executions.contract import EXECUTION_STATUSES
from executions.lists import Newest
from executions.states import ExecutionStatus
from jobs.models import JobDefinition

MOST_DAYS = 90
MOST_HOURS = 24 * 31
MOST_ROWS = 100


class ExecutionQuery(PageQuery):
    """The filters of the list of executions; those of a job ask for the job as it is now."""

    status = serializers.ListField(
        child=WireChoiceField(EXECUTION_STATUSES, ExecutionStatus.values), required=False
    )
    job_definition_id = serializers.UUIDField(required=False)
    job = serializers.UUIDField(required=False, help_text="Short for jobDefinitionId.")
    category = serializers.CharField(required=False, help_text="Of the job.")
    team_name = serializers.CharField(required=False, help_text="Of the job.")
    queue = serializers.CharField(required=False, help_text="Of the job.")
    from_utc = UtcDateTimeField(required=False, help_text="Opened at this instant or later.")
    to_utc = UtcDateTimeField(required=False, help_text="Opened before this instant.")
    is_manual = serializers.BooleanField(
        required=False, help_text="Whether somebody asked for it, or its schedule."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what contradicts itself: it could only find nothing."""
        job, definition = attrs.get("job"), attrs.get("job_definition_id")
        if job and definition and job != definition:
            detail = "It names another job than jobDefinitionId; give one of the two."
            raise serializers.ValidationError({"job": [detail]}, "contradiction")
        if {"from_utc", "to_utc"} <= attrs.keys() and attrs["from_utc"] >= attrs["to_utc"]:
            detail = "It has to be later than fromUtc."
            raise serializers.ValidationError({"toUtc": [detail]}, "contradiction")
        return attrs


def wanted_executions(query: dict[str, Any]) -> Newest:
    """Return the executions that the parameters of :class:`ExecutionQuery` ask for."""
    of_job = {
        "pk": query.get("job_definition_id") or query.get("job"),
        "category": query.get("category"),
        "ownership__team_name": query.get("team_name"),
        "queue": query.get("queue"),
    }
    of_job = {name: value for name, value in of_job.items() if value is not None}
    return Newest(
        jobs=JobDefinition.objects.filter(**of_job) if of_job else None,
        statuses=tuple(query.get("status", ())),
        is_manual=query.get("is_manual"),
        opened_from=query.get("from_utc"),
        opened_until=query.get("to_utc"),
    )


def _days() -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=1, max_value=MOST_DAYS, default=7, help_text="UTC days, today included."
    )


def _limit(default: int) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=1, max_value=MOST_ROWS, default=default, help_text="Rows at most."
    )


class DaysQuery(Query):
    """How many days to look at."""

    days = _days()


class FailingQuery(DaysQuery):
    """How many days to look at, and how many jobs to name."""

    limit = _limit(10)


class UpcomingQuery(Query):
    """How far to look ahead, and how many schedules to name."""

    hours = serializers.IntegerField(
        min_value=1, max_value=MOST_HOURS, default=24, help_text="Hours from now on."
    )
    limit = _limit(20)


class StaleQuery(Query):
    """How many jobs to name."""

    limit = _limit(20)


class WorkerQuery(Query):
    """Which workers to list."""

    include_gone = serializers.BooleanField(
        default=False, help_text="Also the last 200 that stopped or fell silent."
    )

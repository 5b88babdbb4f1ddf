"""What the query strings of executions and of the dashboard may ask for."""

from rest_framework import serializers

from core.api.fields import WireChoiceField
from core.api.queries import PageQuery, Query
from executions.contract import EXECUTION_STATUSES
from executions.states import ExecutionStatus

MOST_DAYS = 90
MOST_HOURS = 24 * 31
MOST_ROWS = 100


class ExecutionQuery(PageQuery):
    """The filters of the list of executions; ``job`` is short for ``jobDefinitionId``."""

    status = serializers.ListField(
        child=WireChoiceField(EXECUTION_STATUSES, ExecutionStatus.values), required=False
    )
    job_definition_id = serializers.UUIDField(required=False)
    job = serializers.UUIDField(required=False)


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

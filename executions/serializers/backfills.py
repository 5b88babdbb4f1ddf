"""Backfills on the wire."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from core.api.fields import JsonObjectField, UtcDateTimeField
from core.api.queries import PageQuery
from core.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer
from executions.backfills import LEFT_OUT, Include, Range, RangeSlot
from executions.backfills.starting import MOST_AT_ONCE, MOST_PRIORITY
from executions.models import Backfill, BackfillOrder
from executions.states import ExecutionStatus
from jobs.schedules.zone import load_zone
from jobs.serializers import ClaimField

_MOST_REASON = 2_000


class BackfillRequestBody(CamelCaseSerializer):
    """What is to be backfilled, and how; ``dryRun`` only says what it would be."""

    from_utc = UtcDateTimeField(source="from_at", help_text="Slots at this instant or later.")
    until_utc = UtcDateTimeField(
        source="until_at", help_text="Slots before this instant, which is over."
    )
    schedule_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="Needed where the job has several schedules."
    )
    order = serializers.ChoiceField(choices=BackfillOrder.choices, required=False)
    limit = serializers.IntegerField(
        source="max_concurrent_executions",
        required=False,
        help_text=f"So many are under way at once: 1 (default) to {MOST_AT_ONCE}.",
    )
    priority = serializers.IntegerField(
        required=False, help_text=f"0 (default) to {MOST_PRIORITY}, which goes first."
    )
    include = serializers.ChoiceField(
        choices=[
            (Include.MISSING.value, "slots of which nothing ever started"),
            (Include.FAILED.value, "also slots that were started and did not succeed"),
        ],
        required=False,
        help_text="missing unless told.",
    )
    parameters = JsonObjectField(
        required=False, allow_null=True, help_text="Those of the schedule if left out."
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=_MOST_REASON)
    dry_run = serializers.BooleanField(required=False, default=False)
    created_by = ClaimField()


class BackfillSlotSerializer(CamelCaseSerializer):
    """One slot of a range: opened, or left out and why."""

    slot_utc = UtcDateTimeField(source="at")
    local = serializers.SerializerMethodField()
    business_date = serializers.DateField()
    previous_business_date = serializers.DateField(allow_null=True)
    next_business_date = serializers.DateField(allow_null=True)
    left_out = serializers.ChoiceField(
        choices=[(left_out.value, words) for left_out, words in LEFT_OUT.items()], allow_null=True
    )
    detail = serializers.SerializerMethodField()
    execution_id = serializers.UUIDField(allow_null=True)

    def get_local(self, slot: RangeSlot) -> str:
        """Return the time on the clock of the schedule's zone, with its offset."""
        local: datetime = slot.at.astimezone(load_zone(self.context["timezone"]))
        return local.isoformat()

    def get_detail(self, slot: RangeSlot) -> str | None:
        """Return why it is left out, in words."""
        return None if slot.left_out is None else LEFT_OUT[slot.left_out]


class BackfillPreview(CamelCaseSerializer):
    """What a backfill would open; ``problem`` says why its slots are not all known."""

    job_schedule_id = serializers.UUIDField()
    opened = serializers.IntegerField(help_text="How many slots it would open.")
    left_out = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many it would leave out, by why."
    )
    problem = serializers.CharField(allow_null=True)
    slots = BackfillSlotSerializer(many=True)


def show_range(found: Range) -> dict[str, Any]:
    """Return the answer to a dry run."""
    return dict(
        BackfillPreview(
            {
                "job_schedule_id": found.schedule.pk,
                "opened": len(found.opened),
                "left_out": {left_out.value: n for left_out, n in found.left_out.items()},
                "problem": found.problem,
                "slots": found.slots,
            },
            context={"timezone": found.schedule.timezone},
        ).data
    )


class BackfillProgressSerializer(CamelCaseSerializer):
    """How far a backfill is, counted from the executions that there still are of it."""

    total = serializers.IntegerField()
    finished = serializers.IntegerField(help_text="Those that are over, however they ended.")
    fraction = serializers.FloatField(min_value=0, max_value=1)
    counts = serializers.DictField(
        child=serializers.IntegerField(),
        help_text=f"By status: {', '.join(ExecutionStatus.values)}.",
    )


class BackfillSerializer(CamelCaseModelSerializer[Backfill]):
    """A backfill, and how far it is."""

    job_definition_id = serializers.UUIDField(source="job_id")
    job_name = serializers.CharField(source="job.name")
    job_schedule_id = serializers.UUIDField(source="schedule_id")
    from_utc = UtcDateTimeField(source="from_at")
    until_utc = UtcDateTimeField(source="until_at")
    limit = serializers.IntegerField(source="max_concurrent_executions")
    state = serializers.ChoiceField(
        source="progress.state", choices=("running", "finished", "cancelling", "cancelled")
    )
    progress = BackfillProgressSerializer()
    created_at_utc = UtcDateTimeField(source="created_at")
    cancelled_at_utc = UtcDateTimeField(source="cancelled_at", allow_null=True)

    class Meta:
        model = Backfill
        fields = (
            *("id", "job_definition_id", "job_name", "job_schedule_id", "from_utc", "until_utc"),
            *("order", "limit", "priority", "reason", "state", "progress"),
            *("created_by", "created_at_utc", "cancelled_by", "cancelled_at_utc"),
        )
        read_only_fields = fields


class BackfillQuery(PageQuery):
    """Which backfills are wanted."""

    job_definition_id = serializers.UUIDField(required=False)


class BackfillCancelRequest(CamelCaseSerializer):
    """The body that cancels a backfill; it may be left out."""

    stop_running = serializers.BooleanField(
        required=False, default=False, help_text="Also ask those that run to stop."
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=_MOST_REASON)

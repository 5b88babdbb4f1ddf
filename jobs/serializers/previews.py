"""The fires to come, on the wire."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from core.api.fields import UtcDateTimeField
from core.api.queries import Query
from core.api.serializers import CamelCaseSerializer
from core.api.wording import RowField
from jobs.models import JobDefinition
from jobs.previewing import Fire
from jobs.schedules.bounds import LATEST_AFTER
from jobs.serializers.schedules import ScheduleSerializer

MOST_FIRES = 100
_FIRES = 10


def _count() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=MOST_FIRES, default=_FIRES)


def _after(**kwargs: Any) -> UtcDateTimeField:
    return UtcDateTimeField(
        required=False, help_text="Exclusive.", validators=[_leave_room], **kwargs
    )


def _leave_room(after: datetime) -> None:
    if after >= LATEST_AFTER:
        detail = f"No fire may come so late; use a year up to {LATEST_AFTER.year - 1}."
        raise serializers.ValidationError(detail, "out_of_range")


class PreviewRequest(ScheduleSerializer):
    """The fields of a schedule that need not exist, nor its job; and which fires are wanted."""

    job_definition_id = RowField(
        source="job",
        queryset=JobDefinition.objects.all(),
        pk_field=serializers.UUIDField(),
        required=False,
        allow_null=True,
    )
    after_utc = _after(allow_null=True)
    count = _count()

    class Meta(ScheduleSerializer.Meta):
        fields = (*ScheduleSerializer.Meta.fields, "after_utc", "count")


class PreviewQuery(Query):
    """Which fires of a saved schedule are wanted."""

    after_utc = _after()
    count = _count()


class FireSerializer(CamelCaseSerializer):
    """One fire to come."""

    fire_utc = UtcDateTimeField(source="at")
    due_utc = UtcDateTimeField(source="due_at", help_text="The fire and its part of the spread.")
    local = serializers.SerializerMethodField()
    business_date = serializers.DateField()
    notes = serializers.ListField(child=serializers.CharField())

    def get_local(self, fire: Fire) -> str:
        """Return the time on the clock of the schedule's zone, with its offset."""
        return fire.local.isoformat()


class PreviewSerializer(CamelCaseSerializer):
    """What is to come of a rule."""

    fires = FireSerializer(many=True)
    exhausted = serializers.BooleanField(source="is_exhausted")
    description = serializers.CharField()
    problem = serializers.CharField(
        allow_null=True, help_text="Why they end here: the calendar does, or the rest is excluded."
    )


class DescriptionsSerializer(CamelCaseSerializer):
    """A rule in words, as it is and as it would be."""

    before = serializers.CharField()
    after = serializers.CharField()


class ChangePreviewSerializer(CamelCaseSerializer):
    """What a change of a schedule adds to its fires of the next 30 days, and what it takes away."""

    added = FireSerializer(many=True)
    removed = FireSerializer(many=True)
    kept = serializers.IntegerField(help_text="How many fires stay.")
    is_cut = serializers.BooleanField(help_text="There are more than these.")
    description = DescriptionsSerializer()

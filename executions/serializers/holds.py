"""Holds on the wire."""

from typing import ClassVar

from rest_framework import serializers

from core.api.fields import UtcDateTimeField, WireChoiceField
from core.api.queries import PageQuery
from core.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer
from core.api.wording import RowField
from jobs.contract import HOLD_SCOPES
from jobs.models import Hold, JobDefinition, Queue
from jobs.serializers import ClaimField


class HoldQuery(PageQuery):
    """Which holds to list."""

    ended = serializers.BooleanField(
        default=False, help_text="Those that are over, instead of the open ones."
    )


class HoldSerializer(CamelCaseModelSerializer[Hold]):
    """What somebody holds back: who, why, since when and until when."""

    scope = WireChoiceField(HOLD_SCOPES)
    team_name = serializers.CharField(
        required=False, max_length=200, help_text="Of scope team: whose jobs."
    )
    queue = RowField(
        queryset=Queue.objects.all(), required=False, allow_null=True, help_text="Of scope queue."
    )
    job_id = RowField(
        source="job",
        pk_field=serializers.UUIDField(),
        queryset=JobDefinition.objects.all(),
        required=False,
        allow_null=True,
        help_text="Of scope job.",
    )
    target = serializers.CharField(read_only=True, help_text="What is held, in words.")
    reason = serializers.CharField(max_length=2000)
    until_utc = UtcDateTimeField(
        source="until",
        required=False,
        allow_null=True,
        help_text="It ends by itself then; null means that somebody ends it.",
    )
    held_at_utc = UtcDateTimeField(source="held_at", read_only=True)
    ended_at_utc = UtcDateTimeField(source="ended_at", read_only=True, allow_null=True)
    updated_by = ClaimField(write_only=True)

    class Meta:
        model = Hold
        fields: ClassVar = [
            *("id", "scope", "team_name", "queue", "job_id", "target", "reason", "until_utc"),
            *("held_by", "held_at_utc", "ended_by", "ended_at_utc", "updated_by"),
        ]
        read_only_fields: ClassVar = ["id", "held_by", "ended_by"]
        validators: ClassVar[list[object]] = []  # the service refuses a second one, and says whose


class HoldChangeRequest(CamelCaseSerializer):
    """What may be changed of an open hold."""

    reason = serializers.CharField(max_length=2000, required=False)
    until_utc = UtcDateTimeField(source="until", required=False, allow_null=True)
    updated_by = ClaimField(write_only=True)


class HoldEndRequest(CamelCaseSerializer):
    """Nothing but who asks for it."""

    updated_by = ClaimField(write_only=True)

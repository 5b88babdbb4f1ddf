"""The slots of a schedule, on the wire."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.fields import UtcDateTimeField
from core.api.queries import PageQuery
from core.api.serializers import CamelCaseSerializer
from executions.ledger import FATES, Entry, Fate
from executions.states import ExecutionStatus
from jobs.schedules.zone import load_zone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST = 2**53


class SlotQuery(PageQuery):
    """Which slots of a schedule are wanted. ``cursor`` is an instant, in microseconds of Unix."""

    to = UtcDateTimeField(required=False, help_text="Slots not later than this; now if left out.")
    state = serializers.ListField(
        child=serializers.ChoiceField(choices=[(fate.value, text) for fate, text in FATES.items()]),
        required=False,
        help_text="Only these; may be repeated.",
    )

    def get_fields(self) -> dict[str, Any]:
        """Add ``from``, which Python does not take as a name."""
        text = "Slots later than this; 24 hours before `to` if left out."
        return {
            "from": UtcDateTimeField(required=False, help_text=text),
            **super().get_fields(),
        }

    def validate_cursor(self, value: str) -> datetime:
        if not (value.isascii() and value.isdigit() and int(value[:17]) < _LARGEST):
            detail = "Not a cursor of this list; take it from next."
            raise serializers.ValidationError(detail, "invalid_cursor")
        return _EPOCH + int(value[:17]) * _MICROSECOND


def write_cursor(place: datetime) -> str:
    """Return what :class:`SlotQuery` reads."""
    return str((place - _EPOCH) // _MICROSECOND)


class SlotSerializer(CamelCaseSerializer):
    """One slot, and what became of it."""

    slot_utc = UtcDateTimeField(source="slot")
    local = serializers.SerializerMethodField()
    business_date = serializers.SerializerMethodField()
    state = serializers.ChoiceField(
        source="fate", choices=[(fate.value, text) for fate, text in FATES.items()]
    )
    reason = serializers.CharField(allow_null=True)
    detail = serializers.CharField(allow_null=True, help_text="In words.")
    execution_id = serializers.UUIDField(allow_null=True)
    status = serializers.ChoiceField(choices=ExecutionStatus.choices, allow_null=True)
    backfill_execution_id = serializers.SerializerMethodField()
    backfill_status = serializers.SerializerMethodField()

    def get_local(self, entry: Entry) -> str:
        """Return the time on the clock of the schedule's zone, with its offset."""
        return entry.slot.astimezone(load_zone(_zone_of(entry))).isoformat()

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_backfill_execution_id(self, entry: Entry) -> str | None:
        """Return the execution by which a backfill has run the slot since."""
        return str(entry.backfilled.id) if entry.backfilled else None

    @extend_schema_field(serializers.ChoiceField(choices=ExecutionStatus.choices, allow_null=True))
    def get_backfill_status(self, entry: Entry) -> str | None:
        """Return how far that is."""
        return entry.backfilled.status if entry.backfilled else None

    def get_business_date(self, entry: Entry) -> date | None:
        """Return the day that the slot is for."""
        if entry.row is not None and entry.row.business_date is not None:
            return entry.row.business_date
        if entry.fate == Fate.UNKNOWN:
            return None
        if entry.span is None or entry.span.rule is None or entry.fate == Fate.UNEXPECTED:
            return entry.slot.astimezone(load_zone(_zone_of(entry))).date()
        return entry.span.rule.business_dates(entry.slot).business_date


def _zone_of(entry: Entry) -> str:
    return entry.span.timezone if entry.span else "UTC"


class SlotSummarySerializer(CamelCaseSerializer):
    """All slots that were asked for, counted, whatever page and state is shown."""

    expected = serializers.IntegerField(help_text="That were due.")
    accounted = serializers.IntegerField(help_text="Of which it is known what became of them.")
    missed = serializers.IntegerField(help_text="The holes: expected less accounted.")
    states = serializers.DictField(child=serializers.IntegerField())
    counted_until_utc = UtcDateTimeField(help_text="`to`, or earlier where there are too many.")


class SlotPage(CamelCaseSerializer):
    """One page of slots, oldest first, and the address of the next."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True, help_text="Always null: pages go forward.")
    results = SlotSerializer(many=True)
    summary = SlotSummarySerializer()

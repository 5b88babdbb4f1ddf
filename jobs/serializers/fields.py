"""Fields that jobs and schedules have in a way of their own."""

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from core.api.fields import FlagsField, UtcDateTimeField
from jobs.models import Weekday


class ClaimField(serializers.CharField):
    """Who the caller says acts: recorded as a claim, shown as what was recorded."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False, allow_null=True, allow_blank=True, max_length=200, **kwargs
        )


class OwnerField(serializers.CharField):
    """A field of a job's ownership, flat in the job."""

    def __init__(self, name: str) -> None:
        super().__init__(
            source=f"ownership.{name}", required=False, allow_blank=True, max_length=200
        )


class _SilentField(serializers.Field[Any, Any, Any, Any]):
    """Takes false, 0 and the empty text for null, as clients that send all their properties do."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(None if data in (False, 0, "") else data)


class DaysOfWeekField(_SilentField, FlagsField):
    """The days of a weekly schedule."""

    def __init__(self) -> None:
        super().__init__(flags=Weekday)


class DayOfMonthField(_SilentField, serializers.IntegerField):
    """The day of a monthly schedule."""

    def __init__(self) -> None:
        super().__init__(min_value=1, max_value=31)


class OneTimeField(_SilentField, UtcDateTimeField):
    """An instant; without offset it stays naive, for the schedule's zone to decide."""

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            return value
        try:
            return value.astimezone(UTC)
        except OverflowError:
            self.fail("overflow")

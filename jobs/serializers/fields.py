"""Fields that jobs and schedules have in a way of their own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from core.api.fields import FlagsField, UtcDateTimeField, WallTimeField, WireChoiceField
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


class SilentField(serializers.Field[Any, Any, Any, Any]):
    """Takes false, 0 and the empty text for null, as clients that send all their properties do."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(None if data in (False, 0, "") else data)


class DaysOfWeekField(SilentField, FlagsField):
    """The days of a weekly schedule."""

    def __init__(self) -> None:
        super().__init__(flags=Weekday)


class RuleChoiceField(SilentField, WireChoiceField):
    """A word of a rule, where the rule may have none: the kind then has its own way."""

    def __init__(self, numbers: Mapping[int, str]) -> None:
        super().__init__(numbers=numbers)


class TextField(SilentField, serializers.CharField):
    """A text; the empty one says nothing."""


class TimeOfDayField(SilentField, WallTimeField):
    """The time of day of a rule."""


class CountField(SilentField, serializers.IntegerField):
    """A whole number of a rule; 0 says nothing."""


class OrdinalField(CountField):
    """Which of its month: counted from the first, or from the end if negative; "last" is -1."""

    default_error_messages = {
        "not_ordinal": 'Send a whole number from {least} to {most}, or "last".',
    }

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(min_value=-most, max_value=most)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str) and data.strip().casefold() == "last":
            return -1
        try:
            return int(super().to_internal_value(data))
        except serializers.ValidationError:
            self.fail("not_ordinal", least=-self.most, most=self.most)


class AskedField(SilentField, serializers.BooleanField):
    """Whether something is asked for; not asking shows as false."""

    def get_attribute(self, instance: Any) -> bool:
        return bool(super().get_attribute(instance))


class OneTimeField(SilentField, UtcDateTimeField):
    """An instant; without offset it stays naive, for the schedule's zone to decide."""

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            return value
        try:
            return value.astimezone(UTC)
        except OverflowError:
            self.fail("overflow")

"""Business calendars on the wire."""

from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from core.api.fields import FlagsField, UtcDateTimeField, WallTimeField, WireChoiceField
from core.api.queries import PageQuery, Query
from core.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer
from jobs.contract import COMBINES, HALF_DAYS
from jobs.models import HolidayCalendar, Weekday
from jobs.serializers.fields import ClaimField

_KINDS = ("holiday", "workday", "early_close")
_MOST_CODE = 100
_MOST_NAME = 200


class WeekendField(FlagsField):
    """The days of the week that are closed; none for a business that knows no weekend."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(flags=Weekday, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        is_none = data == [] or (data == 0 and not isinstance(data, bool))
        return 0 if is_none else super().to_internal_value(data)


class Weekend(OpenApiSerializerFieldExtension):
    """Bit flags that may be none."""

    target_class = "jobs.serializers.calendars.WeekendField"
    priority = 1

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        bits = ", ".join(f"{day.value} {day.name.lower()}" for day in Weekday)
        total = {"type": "integer", "minimum": 0, "maximum": 126}
        if direction == "response":
            return total | {"description": f"The sum of {bits}."}
        names = {"type": "array", "items": {"anyOf": [{"type": "string"}, total]}}
        return {
            "description": f"The sum of {bits}; or a name, or a list of names; 0 for none.",
            "anyOf": [total, {"type": "string"}, names],
        }


def _code(text: str) -> serializers.CharField:
    return serializers.CharField(
        required=False, allow_null=True, max_length=_MOST_CODE, help_text=text
    )


class SourceSerializer(CamelCaseSerializer):
    """One country, perhaps with a subdivision, or one market."""

    country = _code("ISO 3166, such as GB.")
    subdivision = _code("ISO 3166-2 without the country, such as ENG.")
    market = _code("ISO 10383, such as XNYS.")
    categories = serializers.ListField(
        child=serializers.CharField(max_length=_MOST_CODE),
        required=False,
        allow_null=True,
        help_text="Of its holidays, such as public; the usual ones when left out.",
    )


class ExtraDaySerializer(CamelCaseSerializer):
    """A day that people add."""

    date = serializers.DateField()
    name = serializers.CharField(max_length=_MOST_NAME)


class CalendarSerializer(CamelCaseModelSerializer[HolidayCalendar]):
    """What a business calendar is made of."""

    sources = SourceSerializer(many=True, required=False)
    combine = WireChoiceField(COMBINES, required=False)
    weekend = WeekendField(required=False)
    extra_holidays = ExtraDaySerializer(many=True, required=False)
    extra_workdays = ExtraDaySerializer(many=True, required=False)
    half_days = WireChoiceField(HALF_DAYS, required=False)
    half_day_closes_at = WallTimeField(required=False, allow_null=True)
    first_year = serializers.IntegerField(required=False)
    last_year = serializers.IntegerField(required=False)
    created_by = ClaimField()
    created_at_utc = UtcDateTimeField(source="created_at", read_only=True)
    updated_by = ClaimField()
    updated_at_utc = UtcDateTimeField(source="updated_at", read_only=True, allow_null=True)

    class Meta:
        model = HolidayCalendar
        validators: ClassVar[list[Any]] = []  # the service checks the row as a whole
        read_only_fields: ClassVar[list[str]] = ["version"]
        fields: tuple[str, ...] = (
            *("id", "name", "description", "sources", "combine", "weekend"),
            *("extra_holidays", "extra_workdays", "half_days", "half_day_closes_at"),
            *("first_year", "last_year", "version"),
            *("created_by", "created_at_utc", "updated_by", "updated_at_utc"),
        )


class DaySerializer(CamelCaseSerializer):
    """A day that is not as its weekday says, and where that comes from."""

    date = serializers.DateField()
    kind = serializers.ChoiceField(_KINDS)
    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # no attribute: a field


class DayChangeSerializer(CamelCaseSerializer):
    """A day that is another than it was; null where it is as its weekday says."""

    date = serializers.DateField()
    change = serializers.ChoiceField(("added", "removed", "changed"), source="kind")
    before = DaySerializer(allow_null=True)
    after = DaySerializer(allow_null=True)


class MovedSerializer(CamelCaseSerializer):
    """A schedule whose fires move within the next 400 days."""

    schedule_id = serializers.UUIDField(source="schedule.pk")
    job_definition_id = serializers.UUIDField(source="schedule.job_id")
    job_name = serializers.CharField(source="schedule.job.name")
    added = serializers.ListField(child=UtcDateTimeField())
    removed = serializers.ListField(child=UtcDateTimeField())
    is_cut = serializers.BooleanField(help_text="There are more than these.")


class CalendarChangeSerializer(CamelCaseSerializer):
    """What saving a calendar would change: its days, and the fires of schedules."""

    days = DayChangeSerializer(many=True)
    schedules = MovedSerializer(many=True)


class CalendarQuery(PageQuery):
    """The filters of the list of calendars."""

    search = serializers.CharField(required=False, help_text="A part of the name.")


class DryRunQuery(Query):
    """Whether to show what a change would do, without saving it."""

    dry_run = serializers.BooleanField(
        default=False, help_text="Answer what would change, and save nothing."
    )


class DaysQuery(Query):
    """Which days of a calendar are wanted."""

    year = serializers.IntegerField(
        required=False, min_value=1, max_value=9999, help_text="All its years when left out."
    )

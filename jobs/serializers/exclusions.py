"""Exclusion windows on the wire."""

from typing import Any, ClassVar

from rest_framework import serializers

from core.api.fields import UtcDateTimeField, WireChoiceField
from core.api.queries import PageQuery
from core.api.serializers import CamelCaseModelSerializer
from jobs.contract import EXCLUSION_SCOPES, ON_EXCLUDED
from jobs.models import ExclusionWindow
from jobs.serializers.fields import ClaimField, DaysOfWeekField, TextField, TimeOfDayField
from jobs.serializers.naming import CalendarField


class ExclusionSerializer(CamelCaseModelSerializer[ExclusionWindow]):
    """Times at which nothing may run, in one of four forms.

    Two instants; a first and a last date; two times of day on some days of the week; a calendar.
    """

    scope = WireChoiceField(EXCLUSION_SCOPES, required=False)
    on_excluded = WireChoiceField(ON_EXCLUDED, required=False)
    timezone = TextField(max_length=64, help_text="An IANA name; each schedule's own if left out.")
    starts_at_utc = UtcDateTimeField(source="starts_at", required=False, allow_null=True)
    ends_at_utc = UtcDateTimeField(source="ends_at", required=False, allow_null=True)
    days_of_week = DaysOfWeekField()
    from_time = TimeOfDayField()
    until_time = TimeOfDayField()
    calendar = CalendarField()
    created_by = ClaimField()
    created_at_utc = UtcDateTimeField(source="created_at", read_only=True)
    updated_by = ClaimField()
    updated_at_utc = UtcDateTimeField(source="updated_at", read_only=True, allow_null=True)

    class Meta:
        model = ExclusionWindow
        validators: ClassVar[list[Any]] = []  # the service checks the row as a whole
        fields: tuple[str, ...] = (
            *("id", "name", "description", "scope", "team_name", "on_excluded", "timezone"),
            *("starts_at_utc", "ends_at_utc", "first_date", "last_date"),
            *("days_of_week", "from_time", "until_time", "calendar"),
            *("created_by", "created_at_utc", "updated_by", "updated_at_utc"),
        )


class ExclusionQuery(PageQuery):
    """The filters of the list of exclusion windows."""

    scope = serializers.ListField(child=WireChoiceField(EXCLUSION_SCOPES), required=False)
    team_name = serializers.CharField(required=False)

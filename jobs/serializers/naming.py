"""Fields that name another row: by its name or its id in, by its name out."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers

from jobs.describing import describe_rules
from jobs.models import (
    ExclusionScope,
    ExclusionWindow,
    HolidayCalendar,
    JobDefinition,
    JobSchedule,
)
from jobs.serializers.fields import SilentField

_SHOWN = 60  # characters of a foreign name
_MOST_COMPARED = 1_000
_MOST_EXCLUSIONS = 100


class CalendarField(SilentField, serializers.Field[Any, Any, Any, Any]):
    """The business calendar of a schedule."""

    default_error_messages = {
        "not_a_name": "Send the name or the id of a calendar as text.",
        "unknown_calendar": "There is no calendar {given}.{advice}",
    }

    def to_internal_value(self, data: Any) -> HolidayCalendar:
        if not isinstance(data, str):
            self.fail("not_a_name")
        calendars = HolidayCalendar.objects.unarchived()
        found: HolidayCalendar | None = _find(calendars, data)
        if found is None:
            self.fail("unknown_calendar", given=_shown(data), advice=_advice(calendars, data))
        return found

    def to_representation(self, value: HolidayCalendar) -> str:
        return value.name


class JobNameField(serializers.CharField):
    """The name of a job that another field gives by its id; what it names is kept apart."""

    default_error_messages = {"unknown_job": "There is no job {given}.{advice}"}

    def __init__(self, *, named: str, as_: str, **kwargs: Any) -> None:
        self._named, self._as = named, as_
        super().__init__(source="*", required=False, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        name = super().to_internal_value(data)
        jobs = JobDefinition.objects.unarchived()
        found = jobs.filter(name=name).first()
        if found is None:
            self.fail("unknown_job", given=_shown(name), advice=_advice(jobs, name))
        return {self._as: found}

    def to_representation(self, value: Any) -> str:
        name: str = getattr(value, self._named).name
        return name


class RowsField(serializers.Field[Any, Any, Any, Any]):
    """A field of a schedule that reads for all schedules of an answer at once."""

    @property
    def _rows(self) -> Sequence[JobSchedule]:
        rows: Any = self.root.instance
        return [rows] if isinstance(rows, JobSchedule) else rows


class ExclusionsField(RowsField):
    """The windows that a schedule names itself; those of other scopes hold anyhow."""

    default_error_messages = {
        "not_a_list": "Send a list of names or ids of exclusion windows.",
        "too_many": f"At most {_MOST_EXCLUSIONS} windows; make one window of several.",
        "unknown_exclusion": "There is no exclusion window {given} of scope schedule; those of"
        " other scopes hold by themselves.{advice}",
    }

    def to_internal_value(self, data: Any) -> list[UUID]:
        if not isinstance(data, list):
            self.fail("not_a_list")
        if len(data) > _MOST_EXCLUSIONS:
            self.fail("too_many")
        windows = ExclusionWindow.objects.filter(
            scope=ExclusionScope.SCHEDULE, archived_at__isnull=True
        )
        return list(dict.fromkeys(self._id_of(windows, one) for one in data))

    def _id_of(self, windows: QuerySet[ExclusionWindow], given: Any) -> UUID:
        text = given if isinstance(given, str) else ""
        found: ExclusionWindow | None = _find(windows, text)
        if found is None:
            self.fail("unknown_exclusion", given=_shown(given), advice=_advice(windows, text))
        return found.pk

    def to_representation(self, value: Sequence[UUID]) -> list[str]:
        return [self._names.get(pk, str(pk)) for pk in value] if value else []

    @cached_property
    def _names(self) -> dict[UUID, str]:
        named = {pk for row in self._rows for pk in row.exclusions}
        return dict(ExclusionWindow.objects.filter(pk__in=named).values_list("pk", "name"))


class DescriptionField(RowsField):
    """The rule in words."""

    def __init__(self) -> None:
        super().__init__(source="*", read_only=True)

    def to_representation(self, value: JobSchedule) -> str:
        return self._descriptions[value.pk]

    @cached_property
    def _descriptions(self) -> dict[UUID, str]:
        return describe_rules(self._rows)


def _find(rows: QuerySet[Any], given: str) -> Any:
    try:
        return rows.filter(pk=UUID(given)).first()
    except ValueError:
        return rows.filter(name=given.strip()).first()


def _shown(given: Any) -> str:
    return repr(given)[:_SHOWN]


def _advice(rows: QuerySet[Any], given: str) -> str:
    names = rows.order_by("name").values_list("name", flat=True)[:_MOST_COMPARED]
    by_key = {name.casefold(): name for name in names}
    close = [by_key[key] for key in get_close_matches(given[:100].casefold(), by_key, n=3)]
    if close:
        return f" Did you mean {' or '.join(close)}?"
    return "" if by_key else " There is none yet."

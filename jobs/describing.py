"""Schedules in words."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from jobs.calendars.reading import read_calendar
from jobs.models import CalendarVersion, JobSchedule
from jobs.rules import Surroundings, spec_of
from jobs.schedules import BusinessCalendar, InvalidRule, Rule, compile_rule


def describe_rule(schedule: JobSchedule) -> str:
    """The rule in words; one that is none any more says what is wrong."""
    return describe_rules([schedule])[schedule.pk]


def describe_rules(schedules: Sequence[JobSchedule]) -> dict[UUID, str]:
    """The rule of each in words, by its id. Takes one query, or none if they have no calendar."""
    around = Surroundings(_calendars({row.calendar_id for row in schedules if row.calendar_id}))
    return {row.pk: _describe(row, around) for row in schedules}


def in_words(rule: Rule, schedule: JobSchedule) -> str:
    """The rule, and whether its runs depend on a condition."""
    return rule.describe() + ", if its condition holds" * schedule.has_condition


def _describe(schedule: JobSchedule, around: Surroundings) -> str:
    try:
        # The words do not tell of exclusions.
        spec = spec_of(schedule, exclusions=(), around=around)
        return in_words(compile_rule(spec, may_be_excluded=True), schedule)
    except InvalidRule as error:
        return f"not a rule any more: {error}"


def _calendars(calendar_ids: Iterable[UUID]) -> dict[UUID, BusinessCalendar]:
    latest = CalendarVersion.objects.filter(calendar_id__in=calendar_ids)
    latest = latest.order_by("calendar_id", "-number").distinct("calendar_id")
    rows = latest.values_list("calendar_id", "pk") if calendar_ids else ()
    return {calendar_id: read_calendar(str(version_id)) for calendar_id, version_id in rows}

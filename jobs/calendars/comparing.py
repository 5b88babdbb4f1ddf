"""What another version of a calendar changes: its days, and the fires of schedules."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from jobs.calendars.reading import calendar_of
from jobs.models import CalendarVersion, HolidayCalendar, JobSchedule, Standing
from jobs.refreshing import schedules_of_calendar
from jobs.rules import Surroundings, spec_of
from jobs.schedules import InvalidRule, compile_rule
from jobs.schedules.compare import Comparison, compare_rules
from jobs.versions import standing_of

Row = dict[str, Any]

DAYS_COMPARED = 400

# How far from a changed day fires may move. The days of a rule: its month and a roll over the
# longest holidays, and more with business days to count. What only excludes days: to their end.
_REACH_OF_RULE = 45
_REACH_OF_EXCLUSION = 15


@dataclass(frozen=True)
class DayChange:
    """One day that two versions have different rows for; None where one has none."""

    date: date
    before: Row | None
    after: Row | None

    @property
    def kind(self) -> str:
        """added, removed or changed"""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class Moved:
    """A schedule, the fires it gets and those it loses; ``is_cut`` when there are more."""

    schedule: JobSchedule
    added: list[datetime]
    removed: list[datetime]
    is_cut: bool = False


def compare_versions(old: CalendarVersion | None, new: CalendarVersion) -> list[DayChange]:
    """The days whose rows differ, in order of date. Neither version need be saved."""
    olds = {day["date"]: day for day in old.days} if old else {}
    news = {day["date"]: day for day in new.days}
    return [
        DayChange(date.fromisoformat(day), olds.get(day), news.get(day))
        for day in sorted(olds.keys() | news.keys())
        if olds.get(day) != news.get(day)
    ]


def affected_schedules(
    calendar: HolidayCalendar,
    new_version: CalendarVersion,
    *,
    now: datetime,
    days: int = DAYS_COMPARED,
) -> list[Moved]:
    """The firing schedules whose fires of the next days the version moves, by their job's name.

    It is compared with the version before it, so it need not be saved. Fires beyond the years of
    either are not compared.
    """
    old = calendar.versions.filter(number__lt=new_version.number).order_by("-number").first()
    if old is None:
        return []
    span = _changed_span(old, new_version, first=now.date(), days=days)
    if span is None:
        return []
    schedules = _firing(calendar)
    around = [Surroundings({calendar.pk: calendar_of(version)}) for version in (old, new_version)]
    for one in around:
        one.load_teams(schedules)
    moved = []
    for schedule in schedules:
        reach = _reach(schedule, calendar)
        start = max(now, _midnight(span[0]) - reach)
        end = min(now + timedelta(days=days), _midnight(span[1]) + reach)
        found = _compare(schedule, *around, start=start, end=end)
        if found is not None and (found.added or found.removed):
            moved.append(Moved(schedule, found.added, found.removed, found.is_cut))
    return moved


def _reach(schedule: JobSchedule, calendar: HolidayCalendar) -> timedelta:
    """How far from a changed day the fires of a schedule may move."""
    if schedule.calendar_id != calendar.pk:
        return timedelta(days=_REACH_OF_EXCLUSION)
    return timedelta(days=_REACH_OF_RULE + 2 * abs(schedule.offset_business_days or 0))


def _firing(calendar: HolidayCalendar) -> list[JobSchedule]:
    held = JobSchedule.objects.filter(pk__in=schedules_of_calendar(calendar))
    ordered = held.select_related("job").order_by("job__name", "pk")
    return [schedule for schedule in ordered if standing_of(schedule) == Standing.FIRING]


def _changed_span(
    old: CalendarVersion, new: CalendarVersion, *, first: date, days: int
) -> tuple[date, date] | None:
    """The first changed day and the last; None when nothing changed that both have days for."""
    if (old.weekend, old.first_year) != (new.weekend, new.first_year):
        return first, first + timedelta(days=days)
    common = min(old.last_year, new.last_year)
    changed = [one.date for one in compare_versions(old, new) if one.date.year <= common]
    return (changed[0], changed[-1]) if changed else None


def _compare(
    schedule: JobSchedule,
    before: Surroundings,
    after: Surroundings,
    *,
    start: datetime,
    end: datetime,
) -> Comparison | None:
    """The fires by the one and by the other; None for what is no rule any more."""
    try:
        old, new = (
            compile_rule(spec_of(schedule, around=around), may_be_excluded=True)
            for around in (before, after)
        )
    except InvalidRule:
        return None
    return compare_rules(old, new, start=start, end=end)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

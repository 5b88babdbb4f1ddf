"""What can be wrong with a calendar beyond its single columns."""

from collections.abc import Iterable

from core.errors import FieldProblem
from jobs.calendars.extra_days import days_in_both, read_days
from jobs.calendars.sources import Source, read_sources
from jobs.models import HalfDay, HolidayCalendar

MOST_YEARS = 60


def normalise_calendar(calendar: HolidayCalendar) -> list[FieldProblem]:
    """Write sources and extra days as they are kept, and return what is wrong with the calendar.

    Years that are out of range by themselves are told by their columns.
    """
    sources, problems = read_sources(calendar.sources)
    if not problems:
        calendar.sources = [source.written() for source in sources]
    problems += _years(calendar, sources)
    for name in ("extra_holidays", "extra_workdays"):
        days, wrong = read_days(name, getattr(calendar, name), _years_of(calendar))
        problems += wrong
        if not wrong:
            setattr(calendar, name, days)
    problems = problems or days_in_both(calendar.extra_holidays, calendar.extra_workdays)
    return problems + _half_days(calendar)


def _years_of(calendar: HolidayCalendar) -> range | None:
    first, last = calendar.first_year, calendar.last_year
    is_sound = isinstance(first, int) and isinstance(last, int) and first <= last
    return range(first, last + 1) if is_sound else None


def _years(calendar: HolidayCalendar, sources: Iterable[Source]) -> list[FieldProblem]:
    first, last = calendar.first_year, calendar.last_year
    if not isinstance(first, int) or not isinstance(last, int):
        return []
    if last < first:
        detail = f"{last} is before the first year, {first}; give {first} or later."
        return [FieldProblem("last_year", "end_before_start", detail)]
    if last - first >= MOST_YEARS:
        detail = f"{first} to {last} are {last - first + 1} years; give at most {MOST_YEARS}."
        return [FieldProblem("last_year", "too_many", detail)]
    return [
        FieldProblem(name, "not_covered", _coverage(source, year))
        for source in sources
        for name, year in (("first_year", first), ("last_year", last))
        if not source.entity.first_year <= year <= source.entity.last_year
    ]


def _coverage(source: Source, year: int) -> str:
    known = f"{source.entity.first_year} to {source.entity.last_year}"
    return f"{source.entity.code} is known from {known}, not for {year}; give a year in between."


def _half_days(calendar: HolidayCalendar) -> list[FieldProblem]:
    name, closes_at = "half_day_closes_at", calendar.half_day_closes_at
    if calendar.half_days == HalfDay.EARLY_CLOSE and closes_at is None:
        detail = "With half days as early_close, say when they close, such as 13:00."
        return [FieldProblem(name, "required", detail)]
    if calendar.half_days != HalfDay.EARLY_CLOSE and closes_at is not None:
        detail = f"Only half days as early_close take it, these are {calendar.half_days}."
        return [FieldProblem(name, "not_of_this_kind", f"{detail} Leave it out or send null.")]
    return []

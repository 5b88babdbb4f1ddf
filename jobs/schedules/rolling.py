"""Whether and how the dates of a rule move to business days, as its fields say."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from jobs.schedules.business import WEEKENDS_ONLY, BusinessCalendar, CalendarOutOfDate
from jobs.schedules.dates import Dates
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.ranges import forth_or_back
from jobs.schedules.rolled import RolledDates
from jobs.schedules.rolls import ROLLS
from jobs.schedules.spec import RuleSpec
from jobs.schedules.time_of_day import times_at
from jobs.schedules.timing import WallTiming
from jobs.schedules.wall import WallPattern

MOST_OFFSET_DAYS = 60


@dataclass(frozen=True, slots=True)
class Rolling:
    """One of ``rolls.ROLLS``, or None for dates that stay, and the business days added after it."""

    how: str | None
    offset: int = 0


def rolled_timing(
    spec: RuleSpec, *, kind: str, nominal: Callable[[], Dates], default_roll: str | None = None
) -> WallTiming:
    """The timing of the rule's time of day on nominal dates that may roll.

    Raise ``InvalidRule`` naming each field that is wrong, those that ``nominal`` complains about
    too. ``default_roll`` is for a rule that says nothing.
    """
    errors: list[FieldError] = []
    times = collect(errors, lambda: times_at(spec.time_of_day, kind=kind))
    dates = collect(errors, nominal)
    rolling = collect(errors, lambda: rolling_of(spec, default_roll))
    if times is None or dates is None or rolling is None:
        raise InvalidRule(errors)
    if rolling.how is None:
        return WallTiming(WallPattern(dates, times), is_interval_like=False)
    dates = _rolled(dates, rolling.how, rolling.offset, spec.calendar or WEEKENDS_ONLY)
    holidays = holiday_words(spec.calendar)
    return WallTiming(WallPattern(dates, times), is_interval_like=False, holidays=holidays)


def rolling_of(spec: RuleSpec, default_roll: str | None) -> Rolling:
    """What the fields about rolling say together; raise ``InvalidRule``."""
    errors: list[FieldError] = []
    how = collect(errors, lambda: _roll(spec, default_roll))
    offset = collect(errors, lambda: _offset(spec))
    if how is None or offset is None:
        raise InvalidRule(errors)
    if offset and not how:
        detail = "counts from a business day; give roll too, for example following"
        raise InvalidRule.single("offset_business_days", "not_allowed", detail)
    return Rolling(how or None, offset)


def holiday_words(calendar: BusinessCalendar | None) -> str:
    """ "England holidays"; "no holidays" without a calendar."""
    if calendar is None:
        return "no holidays"
    is_said = calendar.name.lower().endswith("holidays")
    return calendar.name if is_said else f"{calendar.name} holidays"


def _rolled(nominal: Dates, how: str, offset: int, calendar: BusinessCalendar) -> RolledDates:
    dates = RolledDates(nominal, how, offset, calendar)
    # Years to come may have what those that the calendar knows have not.
    with suppress(CalendarOutOfDate):
        if dates.on_or_after(1, 1, 1) is None:
            detail = "no such day is ever a business day; use another roll or other days"
            raise InvalidRule.single("roll", "never_fires", detail)
    return dates


def _roll(spec: RuleSpec, default: str | None) -> str:
    """The roll, empty for none."""
    if spec.roll is not None and spec.roll not in ROLLS:
        detail = f"{spec.roll!r} is not known; use one of {', '.join(ROLLS)}"
        raise InvalidRule.single("roll", "unknown_choice", detail)
    if spec.adjust_to_previous_business_day:
        if spec.roll not in (None, "preceding"):
            detail = f"contradicts roll {spec.roll!r}: it means preceding; give only one of them"
            raise InvalidRule.single("adjust_to_previous_business_day", "conflict", detail)
        return "preceding"
    return spec.roll or default or ""


def _offset(spec: RuleSpec) -> int:
    offset = spec.offset_business_days
    if offset is None:
        return 0
    return forth_or_back(offset, field="offset_business_days", highest=MOST_OFFSET_DAYS)

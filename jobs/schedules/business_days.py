"""Monthly business day: one wall-clock time, on days that a business calendar decides."""

from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

from jobs.schedules.business import WEEKENDS_ONLY
from jobs.schedules.counting import months_of
from jobs.schedules.dates import Dates
from jobs.schedules.days import DayPattern
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.month_cycle import keep_to
from jobs.schedules.month_days import dates_of_months
from jobs.schedules.open_days import (
    Choice,
    EveryBusinessDay,
    EveryOtherDay,
    NthBusinessDay,
    OpenDays,
)
from jobs.schedules.ranges import from_either_end
from jobs.schedules.rolling import holiday_words, rolled_timing
from jobs.schedules.spec import RuleSpec
from jobs.schedules.time_of_day import times_at
from jobs.schedules.timing import WallTiming
from jobs.schedules.wall import WallPattern
from jobs.schedules.weekdays import weekdays_of

KIND = "monthly_business_day"
MOST_BUSINESS_DAYS = 23
_ON_DAYS: dict[str, Choice] = {
    "business_days": EveryBusinessDay(),
    "non_business_days": EveryOtherDay(),
}
# Each names its days alone; ``days_of_week`` does when none of them is there.
_PATTERNS = ("business_day_of_month", "day_of_month", "nth_weekday", "on_days")
# What has no meaning where the calendar itself names the days.
_ONLY_WITH_NOMINAL_DAYS = ("roll", "offset_business_days", "short_month", "days_of_week")


def business_day_timing(spec: RuleSpec, zone: ZoneInfo) -> WallTiming:
    """The timing of a rule by business days; raise ``InvalidRule`` naming each field that is wrong.

    It has exactly one pattern: ``business_day_of_month``, ``on_days``, or nominal days that roll
    (following unless ``roll`` says otherwise): ``day_of_month``, ``nth_weekday`` of
    ``days_of_week``, or ``days_of_week`` alone. Every n-th month is counted as in a monthly rule.
    """
    match _pattern(spec):
        case "business_day_of_month":
            return _timing(spec, lambda: _nth_business_day(spec, zone))
        case "on_days":
            return _timing(spec, lambda: _every_day(spec))
    nominal = partial(_nominal, spec, zone)
    return rolled_timing(spec, kind=KIND, nominal=nominal, default_roll="following")


def _pattern(spec: RuleSpec) -> str:
    given = [name for name in _PATTERNS if getattr(spec, name) is not None]
    if len(given) > 1:
        detail = f"{' and '.join(given)} each name the days of the rule; give only one of them"
        raise InvalidRule([FieldError(name, "conflict", detail) for name in given[1:]])
    if given:
        return given[0]
    if spec.days_of_week is not None:
        return "days_of_week"
    detail = "a rule by business days needs its n-th business day, 1 to 23 or -1 (the last) to -23"
    detail += ", or one of day_of_month, nth_weekday with days_of_week, days_of_week, on_days"
    raise InvalidRule.single("business_day_of_month", "required", detail)


def _timing(spec: RuleSpec, choose: Callable[[], Dates]) -> WallTiming:
    """The timing on days that the calendar itself names."""
    errors: list[FieldError] = []
    times = collect(errors, lambda: times_at(spec.time_of_day, kind=KIND))
    dates = collect(errors, choose)
    if times is None or dates is None:
        raise InvalidRule(errors)
    holidays = holiday_words(spec.calendar)
    return WallTiming(WallPattern(dates, times), is_interval_like=False, holidays=holidays)


def _nth_business_day(spec: RuleSpec, zone: ZoneInfo) -> Dates:
    _refuse(spec, "business_day_of_month", _ONLY_WITH_NOMINAL_DAYS)
    errors: list[FieldError] = []
    nth = collect(errors, lambda: _nth(spec.business_day_of_month or 0))
    months = collect(errors, lambda: months_of(spec, zone))
    if nth is None or months is None:
        raise InvalidRule(errors)
    takes_nearest = bool(spec.adjust_to_previous_business_day)
    choice = NthBusinessDay(nth, takes_nearest=takes_nearest, months=months)
    return keep_to(months, OpenDays(choice, spec.calendar or WEEKENDS_ONLY), choice.describe())


def _nth(number: int) -> int:
    return from_either_end(number, field="business_day_of_month", highest=MOST_BUSINESS_DAYS)


def _every_day(spec: RuleSpec) -> Dates:
    _refuse(spec, "on_days", _ONLY_WITH_NOMINAL_DAYS)
    if spec.adjust_to_previous_business_day:
        detail = "has no meaning with on_days, which names each day; leave one of them out"
        raise InvalidRule.single("adjust_to_previous_business_day", "conflict", detail)
    if spec.repeat_every is not None:
        detail = "has no meaning with on_days, which names days of every month; "
        raise InvalidRule.single("repeat_every", "conflict", f"{detail}leave one of them out")
    choice = _ON_DAYS.get(spec.on_days or "")
    if choice is None:
        detail = f"{spec.on_days!r} is not known; use {' or '.join(_ON_DAYS)}"
        raise InvalidRule.single("on_days", "unknown_choice", detail)
    return OpenDays(choice, spec.calendar or WEEKENDS_ONLY)


def _refuse(spec: RuleSpec, pattern: str, fields: tuple[str, ...]) -> None:
    detail = f"has no meaning with {pattern}, which names business days itself"
    errors = [
        FieldError(name, "conflict", f"{detail}; leave one of them out")
        for name in fields
        if getattr(spec, name) is not None
    ]
    if errors:
        raise InvalidRule(errors)


def _nominal(spec: RuleSpec, zone: ZoneInfo) -> Dates:
    if spec.nth_weekday is None and spec.day_of_month is None:
        return _weekdays(spec)
    return dates_of_months(spec, zone)


def _weekdays(spec: RuleSpec) -> Dates:
    if spec.repeat_every is not None:
        detail = "has no meaning with days_of_week alone; leave it out, or make the rule weekly"
        raise InvalidRule.single("repeat_every", "not_allowed", detail)
    if spec.short_month is not None:
        detail = "has no meaning with days_of_week alone; leave it out"
        raise InvalidRule.single("short_month", "not_allowed", detail)
    return DayPattern(weekdays=weekdays_of(spec.days_of_week, needing="the rule"))

"""Rules in plain words."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jobs.schedules.bits import members
from jobs.schedules.days import (
    ALL_DAYS,
    ALL_MONTHS,
    ALL_WEEKDAYS,
    EVERY_DAY,
    SHORTEST_MONTH,
    DayPattern,
    month_length,
)
from jobs.schedules.times import ALL_HOURS, TimePattern
from jobs.schedules.wall import WallPattern

_MOST_TIMES_LISTED = 6

_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]


def wall_words(pattern: WallPattern) -> str:
    """The times and dates of a pattern, such as "At 06:00 on Monday, in May only"."""
    times, dates = _times(pattern.times), _dates(pattern.days)
    if pattern.days == EVERY_DAY and pattern.times.hours == ALL_HOURS:
        return times
    return f"{times} {dates}"


def every(duration: timedelta) -> str:
    """A duration as it follows "every": "hour", "10 seconds", "1 hour 30 minutes"."""
    words = span(duration)
    return words.removeprefix("1 ") if len(words.split()) == 2 else words


def span(duration: timedelta) -> str:
    """A duration in whole seconds: "1 hour", "10 seconds", "1 hour 30 minutes"."""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "hour"), (minutes, "minute"), (seconds, "second")]
    return " ".join(f"{count} {unit}{'s' * (count > 1)}" for count, unit in parts if count)


def moment_words(moment: datetime, zone: ZoneInfo) -> str:
    """An instant such as "2026-12-01 06:00 UTC" or "2026-12-01 07:00, Europe/Berlin time"."""
    local = moment.astimezone(zone)
    shown = f"{local:%Y-%m-%d} {clock(local.time())}"
    return f"{shown} UTC" if zone.key == "UTC" else f"{shown}, {zone.key} time"


def shortened(dates: DayPattern, day: date) -> str | None:
    """A remark on a date that stands in for one its month does not have; else None."""
    length = month_length(day.year, day.month)
    beyond = members(dates.days >> length + 1)
    if dates.short_month != "clamp" or day.day != length or not beyond:
        return None
    missing = length + 1 + beyond[-1]
    return f"{_MONTHS[day.month - 1]} {day.year} has no day {missing}; its last day counts"


def clock(moment: time, *, with_seconds: bool | None = None) -> str:
    """A time of day such as "06:00"; with seconds where they are not zero, unless told."""
    shows_seconds = bool(moment.second) if with_seconds is None else with_seconds
    return f"{moment:%H:%M:%S}" if shows_seconds else f"{moment:%H:%M}"


def listed(items: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _times(times: TimePattern) -> str:
    hours, minutes, seconds = members(times.hours), members(times.minutes), members(times.seconds)
    if len(hours) * len(minutes) * len(seconds) <= _MOST_TIMES_LISTED:
        shown = [time(h, m, s) for h in hours for m in minutes for s in seconds]
        with_seconds = seconds != [0]
        return f"At {listed([clock(moment, with_seconds=with_seconds) for moment in shown])}"
    in_hours = "" if times.hours == ALL_HOURS else f" in {_counted('hour', hours)}"
    if seconds == [0]:
        start = _every_or_at("minute", minutes)
        return start + (in_hours or " of every hour" * start.startswith("At"))
    start = _every_or_at("second", seconds)
    if len(minutes) == 60:
        return start + " of every minute" * start.startswith("At") + in_hours
    return f"{start} of {_counted('minute', minutes)}" + (in_hours or " of every hour")


def _every_or_at(unit: str, values: list[int]) -> str:
    """ "Every 5 minutes" only where that holds across the end of the hour too."""
    step = 60 // len(values)
    if values == list(range(0, 60, step)) and 60 % len(values) == 0 and len(values) > 1:
        return f"Every {unit}" if step == 1 else f"Every {step} {unit}s"
    return f"At {_counted(unit, values)}"


def _dates(dates: DayPattern) -> str:
    return f"{_days(dates)}{_months(dates.months)}"


def _days(dates: DayPattern) -> str:
    days = "every day" if dates.days == ALL_DAYS else _days_of_month(dates)
    # Sunday, bit 0, is spoken of last.
    order = members(dates.weekdays >> 1 | (dates.weekdays & 1) << 6)
    weekdays = f"on {listed(_runs([_WEEKDAYS[n] for n in order], order))}"
    if dates.either:
        return f"{days} OR {weekdays}"
    return days if dates.weekdays == ALL_WEEKDAYS else weekdays


def _days_of_month(dates: DayPattern) -> str:
    days = members(dates.days)
    is_clamped = dates.short_month == "clamp" and days[-1] > SHORTEST_MONTH
    stand_in = " (the last day of shorter months)" if is_clamped else ""
    return f"on {_counted('day', days)} of the month{stand_in}"


def _months(months: int) -> str:
    if months == ALL_MONTHS:
        return ""
    numbers = members(months)
    return f", in {listed(_runs([_MONTHS[n - 1] for n in numbers], numbers))} only"


def _counted(unit: str, values: list[int]) -> str:
    """ "minute 5", "minutes 5, 10 and 20-25"."""
    return f"{unit}{'s' * (len(values) > 1)} {listed(_runs([str(v) for v in values], values))}"


def _runs(names: list[str], values: list[int]) -> list[str]:
    """The names, three or more neighbours in value joined to "first-last"."""
    runs: list[list[int]] = []
    for index, value in enumerate(values):
        if runs and values[runs[-1][-1]] == value - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    shown = []
    for run in runs:
        if len(run) > 2:
            shown.append(f"{names[run[0]]}-{names[run[-1]]}")
        else:
            shown += [names[index] for index in run]
    return shown

"""The pieces that rules say themselves with, in plain words."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


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


def clock(moment: time, *, with_seconds: bool | None = None) -> str:
    """A time of day such as "06:00"; with seconds where they are not zero, unless told."""
    shows_seconds = bool(moment.second) if with_seconds is None else with_seconds
    return f"{moment:%H:%M:%S}" if shows_seconds else f"{moment:%H:%M}"


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def counted(unit: str, values: Sequence[int]) -> str:
    """ "minute 5", "minutes 5, 10 and 20-25"."""
    return f"{unit}{'s' * (len(values) > 1)} {listed(runs([str(v) for v in values], values))}"


def ordinal(number: int) -> str:
    """ "1st", "2nd", "3rd", "4th", "21st"."""
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 11 <= number % 100 <= 13 else suffix}"


def runs(names: Sequence[str], values: Sequence[int]) -> list[str]:
    """The names, three or more neighbours in value joined to "first-last"."""
    found: list[list[int]] = []
    for index, value in enumerate(values):
        if found and values[found[-1][-1]] == value - 1:
            found[-1].append(index)
        else:
            found.append([index])
    shown = []
    for run in found:
        if len(run) > 2:
            shown.append(f"{names[run[0]]}-{names[run[-1]]}")
        else:
            shown += [names[index] for index in run]
    return shown

"""The wall-clock times a rule names: dates and times of day put together, no zone yet."""

from dataclasses import dataclass
from datetime import datetime

from jobs.schedules.dates import EVERY_DAY_WORDS, Dates
from jobs.schedules.times import ALL_HOURS, TimePattern


@dataclass(frozen=True, slots=True)
class WallPattern:
    """Every named time of day on every named date."""

    days: Dates
    times: TimePattern

    def at_or_after(self, wall: datetime) -> datetime | None:
        """The first named wall-clock time not before ``wall``; both naive, in whole seconds.

        None when no date matches within the search horizon.
        """
        year, month, day = wall.year, wall.month, wall.day
        if self.days.in_month(year, month) >> day & 1:
            time = self.times.at_or_after(wall.hour, wall.minute, wall.second)
            if time is not None:
                return datetime(year, month, day, *time)  # noqa: DTZ001 (a wall-clock time)
        date = self.days.on_or_after(year, month, day + 1)
        if date is None:
            return None
        return datetime(*date, *self.times.first)  # noqa: DTZ001 (a wall-clock time)

    def describe(self) -> str:
        """The times and dates in words, such as "At 06:00 on Monday, in May only"."""
        times, dates = self.times.describe(), self.days.describe()
        # "Every 5 minutes" already says that it is every day.
        says_all = dates == EVERY_DAY_WORDS and self.times.hours == ALL_HOURS
        return times if says_all else f"{times} {dates}"

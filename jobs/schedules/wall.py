"""The wall-clock times a rule names: dates and times of day put together, no zone yet."""

from dataclasses import dataclass
from datetime import datetime

from jobs.schedules.days import DayPattern
from jobs.schedules.times import TimePattern


@dataclass(frozen=True, slots=True)
class WallPattern:
    """Every named time of day on every named date."""

    days: DayPattern
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

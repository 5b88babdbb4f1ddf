"""Which times of day a rule names: one bitset each for hours, minutes and seconds."""

from dataclasses import dataclass, field

from jobs.schedules.bits import bitset, lowest, members
from jobs.schedules.time_words import say_times

ALL_HOURS = bitset(range(24))


@dataclass(frozen=True, slots=True)
class TimePattern:
    """All combinations of the hours, minutes and seconds in three non-empty bitsets."""

    hours: int
    minutes: int
    seconds: int
    first: tuple[int, int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first = lowest(self.hours), lowest(self.minutes), lowest(self.seconds)
        object.__setattr__(self, "first", first)

    def at_or_after(self, hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
        """The earliest named (hour, minute, second) of the day not before the given one."""
        _, first_minute, first_second = self.first
        if self.hours >> hour & 1:
            if self.minutes >> minute & 1 and (later := self.seconds >> second):
                return hour, minute, second + lowest(later)
            if later := self.minutes >> minute + 1:
                return hour, minute + 1 + lowest(later), first_second
        if later := self.hours >> hour + 1:
            return hour + 1 + lowest(later), first_minute, first_second
        return None

    def describe(self) -> str:
        """The times in words: "At 06:00", "Every 5 minutes in hours 9-17"."""
        return say_times(members(self.hours), members(self.minutes), members(self.seconds))

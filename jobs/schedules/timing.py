"""What every kind of rule is once compiled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from jobs.schedules.local_time import next_fixed_time, next_interval_like
from jobs.schedules.wall import WallPattern
from jobs.schedules.words import wall_words


class Timing(Protocol):
    """Instants without beginning or end; start and end are the ``Rule``'s."""

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        """The first instant later than ``after``; both in UTC and in whole seconds."""

    def describe(self, zone: ZoneInfo) -> str:
        """The timing in plain words."""


@dataclass(frozen=True, slots=True)
class WallTiming:
    """Named wall-clock times, as instants by the rules of ``local_time``."""

    pattern: WallPattern
    is_interval_like: bool

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        search = next_interval_like if self.is_interval_like else next_fixed_time
        return search(self.pattern, zone, after)

    def describe(self, zone: ZoneInfo) -> str:
        return f"{wall_words(self.pattern)}, {zone.key} time"

"""What every kind of rule is once compiled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from jobs.schedules.days import shortened
from jobs.schedules.local_time import (
    explain_fixed_time,
    explain_interval_like,
    next_fixed_time,
    next_interval_like,
)
from jobs.schedules.nominal import Nominal
from jobs.schedules.wall import WallPattern


class Timing(Protocol):
    """Instants without beginning or end; start and end are the ``Rule``'s."""

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        """The first instant later than ``after``; both in UTC and in whole seconds."""

    def explain(self, fire: datetime, zone: ZoneInfo) -> Nominal:
        """What one of its instants stands for."""

    def describe(self, zone: ZoneInfo) -> str:
        """The timing in plain words."""


@dataclass(frozen=True, slots=True)
class WallTiming:
    """Named wall-clock times, as instants by the rules of ``local_time``.

    ``remarks`` are what people should know of how the rule was read.
    """

    pattern: WallPattern
    is_interval_like: bool
    remarks: tuple[str, ...] = ()

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        search = next_interval_like if self.is_interval_like else next_fixed_time
        return search(self.pattern, zone, after)

    def explain(self, fire: datetime, zone: ZoneInfo) -> Nominal:
        if self.is_interval_like:
            return explain_interval_like(zone, fire)
        nominal = explain_fixed_time(self.pattern, zone, fire)
        note = shortened(self.pattern.days, nominal.wall.date())
        return Nominal(nominal.wall, (note, *nominal.notes)) if note else nominal

    def describe(self, zone: ZoneInfo) -> str:
        return "; ".join((f"{self.pattern.describe()}, {zone.key} time", *self.remarks))

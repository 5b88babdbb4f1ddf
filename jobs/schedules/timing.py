"""What every kind of rule is once compiled."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from jobs.schedules.local_time import (
    FIXED_TIME,
    INTERVAL_LIKE,
    WHICH_COUNTS,
    ClockPolicy,
    OnGap,
    OnRepeat,
    explain_instant,
    next_instant,
)
from jobs.schedules.nominal import Nominal
from jobs.schedules.wall import WallPattern

_GAP_WORDS = {"run_after": "run when it goes on", "skip": "are skipped"}


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

    ``remarks`` are what people should know of how the rule was read. ``dst_gap`` and ``dst_repeat``
    stand in for what the sort of rule has by itself. ``holidays`` names what days were closed by.
    """

    pattern: WallPattern
    is_interval_like: bool
    remarks: tuple[str, ...] = ()
    holidays: str | None = None
    dst_gap: OnGap | None = None
    dst_repeat: OnRepeat | None = None
    policy: ClockPolicy = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        sort = INTERVAL_LIKE if self.is_interval_like else FIXED_TIME
        policy = ClockPolicy(self.dst_gap or sort.gap, self.dst_repeat or sort.repeat)
        object.__setattr__(self, "policy", policy)

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        return next_instant(self.pattern, zone, after, self.policy)

    def explain(self, fire: datetime, zone: ZoneInfo) -> Nominal:
        nominal = explain_instant(self.pattern, zone, fire, self.policy)
        origin = self.pattern.days.origin_of(nominal.wall.date())
        notes = (*origin.notes, *nominal.notes)
        return replace(nominal, notes=notes, business_date=origin.business_date)

    def describe(self, zone: ZoneInfo) -> str:
        words = f"{self.pattern.describe()}, {zone.key} time"
        if self.holidays:
            words += f", {self.holidays}"
        return "; ".join((words, *self.remarks, *self._clock_remarks()))

    def _clock_remarks(self) -> Iterator[str]:
        if self.dst_gap is not None:
            yield f"times that the clock leaves out {_GAP_WORDS[self.dst_gap]}"
        if self.dst_repeat is not None:
            yield f"of times that it shows twice {WHICH_COUNTS[self.dst_repeat]}"

"""Intervals: elapsed time from a fixed anchor."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.schedules.elapsed import anchor_of, span_of
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.nominal import Nominal
from jobs.schedules.words import every


@dataclass(frozen=True, slots=True)
class IntervalTiming:
    """Every ``anchor + k * every`` for whole ``k``, before the anchor too; zones play no part."""

    anchor: datetime
    every: timedelta

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        # Always from the anchor, never from the last fire: nothing can add up to a drift.
        return self.anchor + ((after - self.anchor) // self.every + 1) * self.every

    def explain(self, fire: datetime, zone: ZoneInfo) -> Nominal:
        return Nominal(fire.astimezone(zone).replace(tzinfo=None, fold=0))

    def describe(self, zone: ZoneInfo) -> str:
        return f"Every {every(self.every)}"


def interval_timing(seconds: int | None, anchor: datetime | None) -> IntervalTiming:
    """The timing of an interval; raise ``InvalidRule`` naming each field that is wrong."""
    errors: list[FieldError] = []
    what = "an interval needs the seconds between two fires, for example 600"
    step = collect(errors, lambda: span_of(seconds, field="interval_seconds", missing=what))
    start = collect(errors, lambda: anchor_of(anchor, kind="an interval"))
    if step is None or start is None:
        raise InvalidRule(errors)
    return IntervalTiming(start, step)

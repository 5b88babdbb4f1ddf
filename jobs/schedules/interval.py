"""Intervals: elapsed time from a fixed anchor."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.schedules.errors import FieldError, InvalidRule
from jobs.schedules.nominal import Nominal
from jobs.schedules.words import span

LONGEST_INTERVAL_SECONDS = 10 * 366 * 24 * 60 * 60


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
        return f"Every {span(self.every)}"


def interval_timing(seconds: int | None, anchor: datetime | None) -> IntervalTiming:
    """The timing of an interval; raise ``InvalidRule`` naming each field that is wrong.

    A fraction of a second in the anchor is dropped.
    """
    errors = []
    if seconds is None:
        detail = "an interval needs the seconds between two fires, for example 600"
        errors.append(FieldError("interval_seconds", "required", detail))
    elif type(seconds) is not int or not 1 <= seconds <= LONGEST_INTERVAL_SECONDS:
        detail = f"{seconds!r} is not a whole number from 1 to {LONGEST_INTERVAL_SECONDS}"
        errors.append(FieldError("interval_seconds", "out_of_range", detail))
    if anchor is None:
        detail = "an interval needs the instant it counts from, such as its creation"
        errors.append(FieldError("anchor", "required", detail))
    elif anchor.utcoffset() is None:
        detail = f"{anchor.isoformat()} has no UTC offset; write it with one, such as Z"
        errors.append(FieldError("anchor", "naive_datetime", detail))
    if errors or seconds is None or anchor is None:
        raise InvalidRule(errors)
    return IntervalTiming(anchor.astimezone(UTC).replace(microsecond=0), timedelta(seconds=seconds))

"""Delay: once, some time after the anchor."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.schedules.elapsed import anchor_of, span_of
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.nominal import Nominal
from jobs.schedules.words import moment_words, span

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class DelayTiming:
    """``anchor + delay`` and nothing else; zones play no part."""

    anchor: datetime
    delay: timedelta

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        at = self.anchor + self.delay
        return at if at > after else None

    def explain(self, fire: datetime, zone: ZoneInfo) -> Nominal:
        return Nominal(fire.astimezone(zone).replace(tzinfo=None, fold=0))

    def describe(self, zone: ZoneInfo) -> str:
        return f"Once, {span(self.delay)} after {moment_words(self.anchor, _UTC)}"


def delay_timing(seconds: int | None, anchor: datetime | None) -> DelayTiming:
    """The timing of a delay; raise ``InvalidRule`` naming each field that is wrong."""
    errors: list[FieldError] = []
    what = "a delay needs the seconds from its creation to its only fire, for example 600"
    delay = collect(errors, lambda: span_of(seconds, field="delay_seconds", missing=what))
    start = collect(errors, lambda: anchor_of(anchor, kind="a delay"))
    if delay is None or start is None:
        raise InvalidRule(errors)
    return DelayTiming(start, delay)

"""Intervals: elapsed time from a fixed anchor."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.schedules.elapsed import anchor_of, span_of
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.nominal import Nominal
from jobs.schedules.spec import RuleSpec
from jobs.schedules.words import every

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def interval_timing(spec: RuleSpec) -> IntervalTiming:
    """The timing of an interval; raise ``InvalidRule`` naming each field that is wrong.

    It counts from the anchor, or with ``align`` epoch from the start of 1970 in UTC.
    """
    errors: list[FieldError] = []
    what = "an interval needs the seconds between two fires, for example 600"
    step = collect(
        errors, lambda: span_of(spec.interval_seconds, field="interval_seconds", missing=what)
    )
    start = collect(errors, lambda: _start(spec))
    if spec.repeat_every is not None:
        detail = "counts days, weeks or months; give interval_unit too, or leave it out"
        errors.append(FieldError("repeat_every", "conflict", detail))
    if errors or step is None or start is None:
        raise InvalidRule(errors)
    return IntervalTiming(start, step)


def _start(spec: RuleSpec) -> datetime:
    match spec.align:
        case None:
            return anchor_of(spec.anchor, kind="an interval")
        case "epoch":
            return EPOCH
    detail = f"{spec.align!r} is not known; use anchor or epoch"
    raise InvalidRule.single("align", "unknown_choice", detail)

"""One time: a single instant, written as such or as wall-clock time in the rule's zone."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from jobs.schedules.bounds import EARLIEST, LATEST
from jobs.schedules.errors import InvalidRule
from jobs.schedules.local_time import (
    FIXED_TIME,
    ClockPolicy,
    OnGap,
    OnRepeat,
    explain_resolved,
    resolve,
)
from jobs.schedules.nominal import Nominal
from jobs.schedules.words import moment_words

_EXAMPLE = "for example 2026-12-01T06:00:00Z, or without Z in the schedule's timezone"


@dataclass(frozen=True, slots=True)
class OneTimeTiming:
    """The instant, and the wall-clock time where it was written as one.

    There are two instants where the clock shows that time twice and ``policy`` counts both.
    """

    instants: list[datetime]
    wall: datetime | None
    policy: ClockPolicy

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        return next((at for at in self.instants if at > after), None)

    def explain(self, fire: datetime, zone: ZoneInfo) -> Nominal:
        if self.wall is not None:
            return explain_resolved(self.wall, zone, fire, self.policy)
        return Nominal(fire.astimezone(zone).replace(tzinfo=None, fold=0))

    def describe(self, zone: ZoneInfo) -> str:
        first, *again = [moment_words(at, zone) for at in self.instants]
        return f"Once at {first}" + "; it comes twice, and both count" * bool(again)


def one_time_timing(
    moment: datetime | None,
    zone: ZoneInfo,
    dst_gap: OnGap | None = None,
    dst_repeat: OnRepeat | None = None,
) -> OneTimeTiming:
    """The timing of one instant; raise ``InvalidRule`` when it is missing or does not exist.

    A moment without offset is wall-clock time in ``zone``, by the rule of all fixed times: unless
    told otherwise, one that does not exist counts at the end of its gap, one that
    happens twice the first time. A fraction of a second is dropped.
    """
    policy = ClockPolicy(dst_gap or FIXED_TIME.gap, dst_repeat or FIXED_TIME.repeat)
    if moment is None:
        detail = f"a one-time rule needs its instant, {_EXAMPLE}"
        raise InvalidRule.single("one_time_at", "required", detail)
    is_wall = moment.utcoffset() is None
    if not EARLIEST < (moment.replace(tzinfo=UTC) if is_wall else moment) < LATEST:
        detail = f"{moment.isoformat()} is out of range; use a year up to {LATEST.year - 1}"
        raise InvalidRule.single("one_time_at", "out_of_range", detail)
    moment = moment.replace(microsecond=0)
    if not is_wall:
        return OneTimeTiming([moment.astimezone(UTC)], None, policy)
    instants = resolve(moment, zone, policy)
    if not instants:
        detail = f"{moment.isoformat()} does not exist in {zone.key}: the clock leaves it out there"
        raise InvalidRule.single("one_time_at", "no_such_time", f"{detail}; use another")
    return OneTimeTiming(instants, moment, policy)

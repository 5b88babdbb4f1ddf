"""The one place where wall-clock times become instants, with the rules for changes of the clock.

A pattern names wall-clock times. Where the clock jumps forward some do not exist (a *gap*); where
it is set back some happen twice (a *repeat*). A ``ClockPolicy`` says what fires then; unless a
schedule has its own, it follows from the sort of the rule:

* fixed-time ("at 02:30"): each named time fires once, when the clock first reaches it. A time in
  a gap is reached at the gap's end.
* interval-like ("every 30 minutes"): every instant at which the clock shows a named time fires:
  none in a gap, both of a repeat.

After a gap longer than ``LONGEST_GAP`` (a day left out of the calendar) the missed times never
fire. Instants are aware and in UTC, wall-clock times naive; all in whole seconds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from jobs.schedules.clock_changes import (
    SECOND,
    Repeat,
    gap_between,
    in_utc,
    offset_at,
    offsets,
    repeat_around,
    without_zone,
)
from jobs.schedules.nominal import Nominal
from jobs.schedules.wall import WallPattern
from jobs.schedules.words import clock, listed

LONGEST_GAP = timedelta(hours=3)
MOST_TIMES_NAMED = 3


OnGap = Literal["run_after", "skip"]
OnRepeat = Literal["first", "second", "both"]


@dataclass(frozen=True, slots=True)
class ClockPolicy:
    """What fires of a time that the clock leaves out, and of one that it shows twice."""

    gap: OnGap
    repeat: OnRepeat


FIXED_TIME = ClockPolicy("run_after", "first")
INTERVAL_LIKE = ClockPolicy("skip", "both")

WHICH_COUNTS = {"first": "the first counts", "second": "the second counts", "both": "both count"}


def next_instant(
    pattern: WallPattern, zone: ZoneInfo, after: datetime, policy: ClockPolicy
) -> datetime | None:
    """The first instant later than ``after`` at which a named time fires."""
    local = after.astimezone(zone)
    wall = without_zone(local) + SECOND
    # Only in a repeat that ``after`` itself stands in can the clock show again a named time that
    # a search forward from ``wall`` would miss.
    repeat = repeat_around(zone, local)
    if repeat is not None:
        if fire := _next_in_repeat(pattern, repeat, wall, policy, is_first_pass=not local.fold):
            return fire
        wall = repeat.end
    return _first_reached(pattern, zone, wall, policy)


def explain_instant(
    pattern: WallPattern, zone: ZoneInfo, fire: datetime, policy: ClockPolicy
) -> Nominal:
    """What a fire of ``next_instant`` stands for; of several times in one gap, the first."""
    local = fire.astimezone(zone)
    wall = local.replace(tzinfo=None, fold=0)
    if policy.gap == "run_after" and (missing := _missing_before(pattern, zone, fire)):
        return Nominal(missing[0], (_moved(missing, wall),))
    return Nominal(wall, _twice(zone, local, policy))


def resolve(wall: datetime, zone: ZoneInfo, policy: ClockPolicy) -> list[datetime]:
    """The instants of one wall-clock time; none where the clock leaves it out for good."""
    first, second = offsets(zone, wall)
    if first < second:
        gap = gap_between(zone, wall, first, second)
        runs = policy.gap == "run_after" and gap.length <= LONGEST_GAP
        return [in_utc(gap.end)] if runs else []
    both = [in_utc(wall - first), in_utc(wall - second)]
    return {"first": both[:1], "second": both[1:], "both": both[: 2 if first > second else 1]}[
        policy.repeat
    ]


def explain_resolved(
    wall: datetime, zone: ZoneInfo, fire: datetime, policy: ClockPolicy
) -> Nominal:
    """What an instant that ``resolve`` gave stands for."""
    local = fire.astimezone(zone)
    reached = local.replace(tzinfo=None, fold=0)
    if reached != wall:
        return Nominal(wall, (_moved([wall], reached),))
    return Nominal(wall, _twice(zone, local, policy))


def _next_in_repeat(
    pattern: WallPattern,
    repeat: Repeat,
    wall: datetime,
    policy: ClockPolicy,
    *,
    is_first_pass: bool,
) -> datetime | None:
    """The next fire within a repeat in which the clock is about to show ``wall``."""
    if is_first_pass:
        if policy.repeat != "second" and (match := _match_between(pattern, wall, repeat.end)):
            return in_utc(match - repeat.first_offset)
        wall = repeat.start
    if policy.repeat != "first" and (match := _match_between(pattern, wall, repeat.end)):
        return in_utc(match - repeat.second_offset)
    return None


def _first_reached(
    pattern: WallPattern, zone: ZoneInfo, wall: datetime, policy: ClockPolicy
) -> datetime | None:
    """When the first named time from ``wall`` on fires, seen from before any repeat of it."""
    while (match := pattern.at_or_after(wall)) is not None:
        first, second = offsets(zone, match)
        if first >= second:
            offset = second if policy.repeat == "second" else first
            return in_utc(match - offset)
        gap = gap_between(zone, match, first, second)
        if policy.gap == "run_after" and gap.length <= LONGEST_GAP:
            return in_utc(gap.end)
        wall = gap.wall_end
    return None


def _match_between(pattern: WallPattern, start: datetime, end: datetime) -> datetime | None:
    match = pattern.at_or_after(start)
    return match if match is not None and match < end else None


def _missing_before(pattern: WallPattern, zone: ZoneInfo, fire: datetime) -> list[datetime]:
    """The first few named times in the gap that ends with ``fire``, if there is one."""
    utc = without_zone(fire)
    before, after = offset_at(zone, utc - SECOND), offset_at(zone, utc)
    if before >= after or after - before > LONGEST_GAP:
        return []
    wall, end = utc + before, utc + after
    found: list[datetime] = []
    while len(found) <= MOST_TIMES_NAMED and (match := _match_between(pattern, wall, end)):
        found.append(match)
        wall = match + SECOND
    return found


def _moved(missing: list[datetime], wall: datetime) -> str:
    """ "02:30 does not exist that day; moved to 03:00"."""
    names = [clock(moment.time()) for moment in missing[:MOST_TIMES_NAMED]]
    if len(missing) > MOST_TIMES_NAMED:
        names.append("later ones")
    verb = "does" if len(names) == 1 else "do"
    day = " of the next day" if wall.date() != missing[0].date() else ""
    return f"{listed(names)} {verb} not exist that day; moved to {clock(wall.time())}{day}"


def _twice(zone: ZoneInfo, local: datetime, policy: ClockPolicy) -> tuple[str, ...]:
    first, second = offsets(zone, local)
    if first <= second:
        return ()
    return (f"{clock(local.time())} happens twice that day; {WHICH_COUNTS[policy.repeat]}",)

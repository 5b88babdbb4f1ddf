"""The one place where wall-clock times become instants, with the rules for changes of the clock.

A pattern names wall-clock times. Where the clock jumps forward some do not exist (a *gap*); where
it is set back some happen twice (a *repeat*). What fires then depends on the sort of the rule:

* fixed-time ("at 02:30"): each named time fires once, when the clock first reaches it. A time in
  a gap is reached at the gap's end. After a gap longer than ``LONGEST_GAP`` (a day left out of
  the calendar) the missed times do not fire.
* interval-like ("every 30 minutes"): every instant at which the clock shows a named time fires:
  none in a gap, both of a repeat.

Instants are aware and in UTC, wall-clock times naive; all in whole seconds.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.schedules.nominal import Nominal
from jobs.schedules.wall import WallPattern
from jobs.schedules.words import clock, listed

LONGEST_GAP = timedelta(hours=3)

_SECOND = timedelta(seconds=1)
_NOTHING = timedelta(0)
_MOST_TIMES_NAMED = 3


def next_fixed_time(pattern: WallPattern, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The next instant after ``after`` at which the clock reaches a named time it had not yet."""
    local = after.astimezone(zone)
    wall = local.replace(tzinfo=None) + _SECOND
    if local.fold and (repeat := _repeat_around(zone, local)):
        wall = repeat.end
    return _first_reached(pattern, zone, wall, longest_gap=LONGEST_GAP)


def next_interval_like(pattern: WallPattern, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The next instant after ``after`` at which the clock shows a named time."""
    local = after.astimezone(zone)
    wall = local.replace(tzinfo=None) + _SECOND
    # Only in a repeat that ``after`` itself stands in can the clock show again a named time that
    # a search forward from ``wall`` would miss.
    repeat = _repeat_around(zone, local)
    if repeat is not None:
        if not local.fold:
            if match := _match_between(pattern, wall, repeat.end):
                return (match - repeat.first_offset).replace(tzinfo=UTC)
            wall = repeat.start
        if match := _match_between(pattern, wall, repeat.end):
            return (match - repeat.second_offset).replace(tzinfo=UTC)
        wall = repeat.end
    return _first_reached(pattern, zone, wall, longest_gap=_NOTHING)


def explain_fixed_time(pattern: WallPattern, zone: ZoneInfo, fire: datetime) -> Nominal:
    """What a fire of ``next_fixed_time`` stands for; of several times in one gap, the first."""
    local = fire.astimezone(zone)
    wall = local.replace(tzinfo=None, fold=0)
    if missing := _missing_before(pattern, zone, fire):
        return Nominal(missing[0], (_moved(missing, wall),))
    return Nominal(wall, _twice(zone, local, "the first counts"))


def resolve(wall: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant of one wall-clock time as a fixed time; None in a day left out of the calendar.

    Of a time that happens twice it is the first; of one that does not exist, the gap's end.
    """
    gap = _gap_around(zone, wall)
    if gap is None:
        return _first_instant(zone, wall)
    return gap.end.replace(tzinfo=UTC) if gap.length <= LONGEST_GAP else None


def explain_resolved(wall: datetime, zone: ZoneInfo, fire: datetime) -> Nominal:
    """What the instant that ``resolve`` gave stands for."""
    local = fire.astimezone(zone)
    reached = local.replace(tzinfo=None, fold=0)
    if reached != wall:
        return Nominal(wall, (_moved([wall], reached),))
    return Nominal(wall, _twice(zone, local, "the first counts"))


def explain_interval_like(zone: ZoneInfo, fire: datetime) -> Nominal:
    """What a fire of ``next_interval_like`` stands for: the time that the clock shows."""
    local = fire.astimezone(zone)
    return Nominal(local.replace(tzinfo=None, fold=0), _twice(zone, local, "both count"))


def _missing_before(pattern: WallPattern, zone: ZoneInfo, fire: datetime) -> list[datetime]:
    """The first few named times in the gap that ends with ``fire``, if there is one."""
    before = _offset_at(zone, fire.replace(tzinfo=None) - _SECOND) or _NOTHING
    after = _offset_at(zone, fire.replace(tzinfo=None)) or _NOTHING
    if not _NOTHING < after - before <= LONGEST_GAP:
        return []
    wall, end = fire.replace(tzinfo=None) + before, fire.replace(tzinfo=None) + after
    found: list[datetime] = []
    while len(found) <= _MOST_TIMES_NAMED and (match := _match_between(pattern, wall, end)):
        found.append(match)
        wall = match + _SECOND
    return found


def _moved(missing: list[datetime], wall: datetime) -> str:
    """ "02:30 does not exist that day; moved to 03:00"."""
    names = [clock(moment.time()) for moment in missing[:_MOST_TIMES_NAMED]]
    if len(missing) > _MOST_TIMES_NAMED:
        names.append("later ones")
    verb = "does" if len(names) == 1 else "do"
    day = " of the next day" if wall.date() != missing[0].date() else ""
    return f"{listed(names)} {verb} not exist that day; moved to {clock(wall.time())}{day}"


def _twice(zone: ZoneInfo, local: datetime, which: str) -> tuple[str, ...]:
    first, second = _offsets(zone, local)
    if first <= second:
        return ()
    return (f"{clock(local.time())} happens twice that day; {which}",)


def _first_reached(
    pattern: WallPattern, zone: ZoneInfo, wall: datetime, *, longest_gap: timedelta
) -> datetime | None:
    """When the clock first reaches the first named time from ``wall`` on.

    A time in a gap is reached at the gap's end if the gap is no longer than ``longest_gap``;
    otherwise the search goes on from there.
    """
    while (match := pattern.at_or_after(wall)) is not None:
        gap = _gap_around(zone, match)
        if gap is None:
            return _first_instant(zone, match)
        if gap.length <= longest_gap:
            return gap.end.replace(tzinfo=UTC)
        wall = gap.wall_end
    return None


def _first_instant(zone: ZoneInfo, wall: datetime) -> datetime:
    """When the clock first shows a wall-clock time that is in no gap."""
    first, _ = _offsets(zone, wall)
    return (wall - first).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Gap:
    """Wall-clock times left out: the clock jumps over ``length`` to ``wall_end`` at ``end``."""

    end: datetime  # naive, in UTC
    wall_end: datetime
    length: timedelta


def _gap_around(zone: ZoneInfo, wall: datetime) -> _Gap | None:
    """The gap that a wall-clock time is in, if it is in one."""
    # In a gap the first offset is the one before it, the second the one after (PEP 495).
    first, second = _offsets(zone, wall)
    if first >= second:  # an ordinary time (equal) or a repeat
        return None
    end = _change_between(zone, wall - second, wall - first)
    return _Gap(end, end + second, second - first)


@dataclass(frozen=True, slots=True)
class _Repeat:
    """The wall-clock times from ``start`` until before ``end`` happen twice, offset by offset."""

    start: datetime
    end: datetime
    first_offset: timedelta
    second_offset: timedelta


def _repeat_around(zone: ZoneInfo, local: datetime) -> _Repeat | None:
    """The repeat that the wall-clock time of a real instant belongs to, if it happens twice."""
    first, second = _offsets(zone, local)
    if first == second:
        return None
    wall = local.replace(tzinfo=None)
    change = _change_between(zone, wall - first, wall - second)
    return _Repeat(change + second, change + first, first, second)


def _match_between(pattern: WallPattern, start: datetime, end: datetime) -> datetime | None:
    match = pattern.at_or_after(start)
    return match if match is not None and match < end else None


def _offsets(zone: ZoneInfo, wall: datetime) -> tuple[timedelta, timedelta]:
    """The offsets from UTC that PEP 495 gives a wall-clock time for fold 0 and fold 1."""
    first = zone.utcoffset(wall.replace(fold=0))
    second = zone.utcoffset(wall.replace(fold=1))
    return first or _NOTHING, second or _NOTHING


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second at which the offset is no longer that of ``before``; naive, in UTC."""
    old = _offset_at(zone, before)
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if _offset_at(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset_at(zone: ZoneInfo, utc: datetime) -> timedelta | None:
    return utc.replace(tzinfo=UTC).astimezone(zone).utcoffset()

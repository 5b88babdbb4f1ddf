"""Where a zone's clock jumps: the gaps it leaves out and the times that it shows twice.

Aware instants are in UTC; wall-clock times, and instants named so, are naive; all in whole seconds.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)
NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Gap:
    """Wall-clock times left out: the clock jumps over ``length`` to ``wall_end`` at ``end``."""

    end: datetime  # naive, in UTC
    wall_end: datetime
    length: timedelta


@dataclass(frozen=True, slots=True)
class Repeat:
    """The wall-clock times from ``start`` until before ``end`` happen twice, offset by offset."""

    start: datetime
    end: datetime
    first_offset: timedelta
    second_offset: timedelta


def in_utc(moment: datetime) -> datetime:
    """The instant of a naive time in UTC."""
    # Much faster than ``replace``, as ``without_zone`` is.
    return datetime.combine(moment, moment.time(), UTC)


def without_zone(local: datetime) -> datetime:
    """What the clock shows, naive; its fold is kept."""
    return datetime.combine(local, local.time())


def offsets(zone: ZoneInfo, wall: datetime) -> tuple[timedelta, timedelta]:
    """The offsets from UTC that PEP 495 gives a wall-clock time for fold 0 and fold 1.

    They are equal for an ordinary time. In a gap the first is the one before it and the smaller;
    in a repeat the first is the larger.
    """
    first = zone.utcoffset(wall.replace(fold=0) if wall.fold else wall)
    parts = wall.year, wall.month, wall.day, wall.hour, wall.minute, wall.second
    second = zone.utcoffset(datetime(*parts, fold=1))  # noqa: DTZ001 (a wall-clock time)
    return first or NOTHING, second or NOTHING


def gap_between(zone: ZoneInfo, wall: datetime, first: timedelta, second: timedelta) -> Gap:
    """The gap around a wall-clock time whose offsets are known to be these."""
    end = change_between(zone, wall - second, wall - first)
    return Gap(end, end + second, second - first)


def repeat_around(zone: ZoneInfo, local: datetime) -> Repeat | None:
    """The repeat that the wall-clock time of a real instant belongs to, if it happens twice."""
    first, second = offsets(zone, local)
    if first == second:
        return None
    wall = without_zone(local)
    change = change_between(zone, wall - first, wall - second)
    return Repeat(change + second, change + first, first, second)


def change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second at which the offset is no longer that of ``before``; naive, in UTC."""
    old = offset_at(zone, before)
    while after - before > SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if offset_at(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def offset_at(zone: ZoneInfo, utc: datetime) -> timedelta:
    """The offset in force at an instant (naive, in UTC)."""
    return in_utc(utc).astimezone(zone).utcoffset() or NOTHING


def stretch_around(
    instant: datetime, zone: ZoneInfo, *, start: datetime, end: datetime
) -> tuple[datetime, datetime] | None:
    """The unbroken time around an instant in which the clock shows ``start`` to before ``end``.

    None when the clock shows another time at that instant. A change of the clock may break what
    reads as one window into two, or shorten it. ``end`` is exclusive.
    """

    def is_inside(at: datetime) -> bool:
        return start <= without_zone(at.astimezone(zone)) < end

    if not is_inside(instant):
        return None
    # The clock can enter or leave only where it shows an edge, or jumps over one.
    starts, ends = _crossings(zone, start), _crossings(zone, end)
    if len(starts) == len(ends) == 1:
        return starts.pop(), ends.pop()
    crossings = starts | ends
    entries = (at for at in crossings if at <= instant and is_inside(at))
    exits = (at for at in crossings if at > instant and not is_inside(at))
    return max(at for at in entries if not is_inside(at - SECOND)), min(exits)


def _crossings(zone: ZoneInfo, wall: datetime) -> set[datetime]:
    first, second = offsets(zone, wall)
    found = {wall - first, wall - second}
    if first != second:
        found.add(change_between(zone, min(found), max(found)))
    return {in_utc(at) for at in found}

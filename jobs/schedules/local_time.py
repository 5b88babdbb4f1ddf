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

from jobs.schedules.wall import WallPattern

LONGEST_GAP = timedelta(hours=3)

_SECOND = timedelta(seconds=1)
_NOTHING = timedelta(0)


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


def _first_reached(
    pattern: WallPattern, zone: ZoneInfo, wall: datetime, *, longest_gap: timedelta
) -> datetime | None:
    """When the clock first reaches the first named time from ``wall`` on.

    A time in a gap is reached at the gap's end if the gap is no longer than ``longest_gap``;
    otherwise the search goes on from there.
    """
    while (match := pattern.at_or_after(wall)) is not None:
        first, second = _offsets(zone, match)
        if first >= second:  # an ordinary time (equal) or a repeat
            return (match - first).replace(tzinfo=UTC)
        # In a gap the first offset is the one before it, the second the one after (PEP 495).
        gap_end = _change_between(zone, match - second, match - first)
        if second - first <= longest_gap:
            return gap_end.replace(tzinfo=UTC)
        wall = gap_end + second
    return None


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

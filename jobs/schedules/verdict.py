"""What exclusions say about the slots of a rule.

A slot within any exclusion that skips does not run. One that is only within exclusions that defer
waits for the end of theirs, and is looked at again there, until none defers it any more; it runs
then, unless that is within one that skips. So all slots of a stretch that defers share one fate.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.schedules.bounds import EARLIEST
from jobs.schedules.excluded_time import Effort, ExcludedTime
from jobs.schedules.exclusions import Exclusion

LONGEST_EXCLUDED = timedelta(days=5 * 366)
MOST_EXCLUDED = 10_000
"""What is excluded for longer, or so many times on end, is taken to be excluded for ever."""

MOST_EFFORT = 40_000
"""Windows that follow on each other for more than this are taken to go on for ever.

A single exclusion reaches over five years of days so, a hundred over some months of hours.
"""

MOST_EFFORT_TO_NEXT = 5 * MOST_EFFORT
"""Slots that are excluded on end for more than this are taken to be excluded for ever."""

_SECOND = timedelta(seconds=1)

NextSlot = Callable[[datetime], datetime | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The exclusion that a slot falls into, and until when it waits; None: it is skipped."""

    exclusion: Exclusion
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Fate:
    """When a slot runs, None if never, and what excludes it, if anything does.

    No slot before ``shared_until`` fares better.
    """

    at: datetime | None
    exclusion: Exclusion | None
    shared_until: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time that defers without a break, from ``start`` until ``end``, where it ends if ``ends``."""

    start: datetime
    end: datetime
    ends: bool


class Judge:
    """The exclusions of one rule, read in one zone. Nothing runs later than ``last``.

    Threads may share it.
    """

    __slots__ = ("_deferring", "_known", "_last", "_skipping")

    def __init__(self, exclusions: Sequence[Exclusion], zone: ZoneInfo, last: datetime) -> None:
        skipping = [one for one in exclusions if one.on_excluded != "defer"]
        deferring = [one for one in exclusions if one.on_excluded == "defer"]
        self._skipping = ExcludedTime(skipping, zone)
        self._deferring = ExcludedTime(deferring, zone)
        self._last = last
        # The stretch worked out last: the slots in it are asked about one after the other.
        self._known: Stretch | None = None

    def judge(self, slot: datetime) -> Verdict | None:
        """What becomes of a slot; None when nothing excludes it."""
        fate = self.follow(slot)
        return Verdict(fate.exclusion, fate.at) if fate.exclusion else None

    def next_run(
        self, next_slot: NextSlot, after: datetime, effort: Effort | None = None
    ) -> datetime | None:
        """The first instant later than ``after`` at which a slot runs.

        None also when all is excluded for as long as is worth looking. What it took is added to
        ``effort``.
        """
        effort = effort or Effort()
        # A later slot never runs earlier, so the first that runs after ``after`` is the next.
        cursor = self.stretch_start(after, effort)
        first_excluded, most = None, effort.spent + MOST_EFFORT_TO_NEXT
        for _ in range(MOST_EXCLUDED):
            slot = next_slot(cursor)
            if slot is None:
                return None
            fate = self.follow(slot, effort)
            if fate.at is not None and fate.at > after:
                return fate.at
            first_excluded = first_excluded or slot
            if slot - first_excluded > LONGEST_EXCLUDED or effort.spent > most:
                return None
            cursor = max(slot, fate.shared_until - _SECOND)
        return None

    def follow(self, slot: datetime, effort: Effort | None = None) -> Fate:
        """What becomes of a slot in the end."""
        effort = effort or Effort()
        if skipping := self._skipping.last_window(slot, effort):
            return Fate(None, skipping.exclusion, skipping.end)
        waiting = self._deferring.last_window(slot, effort)
        if waiting is None:
            return Fate(slot if slot <= self._last else None, None, slot)
        stretch = self._stretch(slot, waiting.end, effort)
        if not stretch.ends:
            return Fate(None, waiting.exclusion, stretch.end)
        at = stretch.end
        if skipping := self._skipping.last_window(at, effort):
            return Fate(None, skipping.exclusion, at)
        return Fate(at if at <= self._last else None, waiting.exclusion, at)

    def stretch_start(self, instant: datetime, effort: Effort | None = None) -> datetime:
        """The instant before all slots that may wait for a time later than ``instant``.

        It is the instant itself unless that lies in time that defers.
        """
        effort = effort or Effort()
        start, known, most = instant, self._known, effort.spent + MOST_EFFORT
        while start > EARLIEST and effort.spent < most:
            if known and known.start <= start < known.end:
                start = known.start - _SECOND
                continue
            windows = self._deferring.windows_around(start, effort)
            if not windows:
                break
            start = min(window.start for window in windows) - _SECOND
        return start

    def _stretch(self, slot: datetime, at: datetime, effort: Effort) -> Stretch:
        """The stretch from a slot on, of which all is known to defer until ``at``."""
        known, ends, most = self._known, False, effort.spent + MOST_EFFORT
        if known and known.start <= slot < known.end:
            return known
        while effort.spent < most:
            if known and known.start <= at <= known.end:
                at, ends = known.end, known.ends
                break
            waiting = self._deferring.last_window(at, effort)
            if waiting is None:
                ends = True
                break
            at = waiting.end
        # One assignment, so that another thread sees either the old one or all of this.
        self._known = found = Stretch(slot, at, ends)
        return found

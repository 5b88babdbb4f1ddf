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
from jobs.schedules.exclusions import Exclusion

LONGEST_EXCLUDED = timedelta(days=5 * 366)
MOST_EXCLUDED = 10_000
"""What is excluded for longer, or so many times on end, is taken to be excluded for ever."""

MOST_WINDOWS = 2_000
"""So many windows that follow on each other, or five years of days, are taken to go on for ever."""

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


class Judge:
    """The exclusions of one rule, read in one zone. Nothing runs later than ``last``."""

    __slots__ = ("_deferring", "_last", "_skipping", "_zone")

    def __init__(self, exclusions: Sequence[Exclusion], zone: ZoneInfo, last: datetime) -> None:
        self._skipping = [one for one in exclusions if one.on_excluded != "defer"]
        self._deferring = [one for one in exclusions if one.on_excluded == "defer"]
        self._zone = zone
        self._last = last

    def judge(self, slot: datetime) -> Verdict | None:
        """What becomes of a slot; None when nothing excludes it."""
        fate = self.follow(slot)
        return Verdict(fate.exclusion, fate.at) if fate.exclusion else None

    def next_run(self, next_slot: NextSlot, after: datetime) -> datetime | None:
        """The first instant later than ``after`` at which a slot runs.

        None also when all is excluded for as long as is worth looking.
        """
        first_excluded = None
        # A later slot never runs earlier, so the first that runs after ``after`` is the next.
        cursor = self.stretch_start(after)
        for _ in range(MOST_EXCLUDED):
            slot = next_slot(cursor)
            if slot is None:
                return None
            fate = self.follow(slot)
            if fate.at is not None and fate.at > after:
                return fate.at
            first_excluded = first_excluded or slot
            if slot - first_excluded > LONGEST_EXCLUDED:
                return None
            cursor = max(slot, fate.shared_until - _SECOND)
        return None

    def follow(self, slot: datetime) -> Fate:
        """What becomes of a slot in the end."""
        if skipping := self._latest(self._skipping, slot):
            return Fate(None, *skipping)
        exclusion, at = None, slot
        for _ in range(MOST_WINDOWS):
            waiting = self._latest(self._deferring, at)
            if waiting is None:
                break
            exclusion, at = exclusion or waiting[0], waiting[1]
        else:
            return Fate(None, exclusion, at)
        if exclusion and (skipping := self._latest(self._skipping, at)):
            return Fate(None, skipping[0], at)
        return Fate(at if at <= self._last else None, exclusion, at)

    def stretch_start(self, instant: datetime) -> datetime:
        """The instant before all slots that may wait for a time later than ``instant``.

        It is the instant itself unless that lies in time that defers.
        """
        start = instant
        for _ in range(MOST_WINDOWS):
            if start <= EARLIEST:
                break
            windows = [one.window_around(start, self._zone) for one in self._deferring]
            found = [window[0] for window in windows if window]
            if not found:
                break
            start = min(found) - _SECOND
        return start

    def _latest(
        self, exclusions: list[Exclusion], at: datetime
    ) -> tuple[Exclusion, datetime] | None:
        """The exclusion around an instant that ends last, and its end."""
        found = None
        for exclusion in exclusions:
            window = exclusion.window_around(at, self._zone)
            if window and (found is None or window[1] > found[1]):
                found = exclusion, window[1]
        return found

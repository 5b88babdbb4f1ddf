"""What exclusions say about the slots of a rule.

A slot within any exclusion that skips does not run. One that is only within exclusions that defer
waits for the end of theirs, and is looked at again there, until it is within none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.schedules.bounds import EARLIEST
from jobs.schedules.exclusions import Exclusion

LONGEST_EXCLUDED = timedelta(days=5 * 366)
MOST_EXCLUDED = 10_000
"""What is excluded for longer, or so many times on end, is taken to be excluded for ever."""

_NEVER = datetime.max.replace(tzinfo=UTC)
_SECOND = timedelta(seconds=1)

NextSlot = Callable[[datetime], datetime | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The exclusion that a slot falls into, and until when it waits; None: it is skipped."""

    exclusion: Exclusion
    until: datetime | None


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
        exclusion, at = self._follow(slot)
        if exclusion is None:
            return None
        return Verdict(exclusion, None if at is _NEVER else at)

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
            _, at = self._follow(slot)
            if at is not None and at > after:
                return at if at is not _NEVER else None
            first_excluded = first_excluded or slot
            if slot - first_excluded > LONGEST_EXCLUDED:
                return None
            skipping = self._latest(self._skipping, slot)
            cursor = skipping[1] - _SECOND if skipping else slot
        return None

    def _follow(self, slot: datetime) -> tuple[Exclusion | None, datetime | None]:
        """What excludes a slot, if anything does, and when it runs: None if it is skipped.

        ``_NEVER`` if it waits for longer than is worth looking, as then all later slots do.
        """
        exclusion, at = None, slot
        while True:
            if skipping := self._latest(self._skipping, at):
                return skipping[0], None
            waiting = self._latest(self._deferring, at)
            if waiting is None:
                return exclusion, at
            exclusion, at = exclusion or waiting[0], waiting[1]
            if at > self._last or at - slot > LONGEST_EXCLUDED:
                return exclusion, _NEVER

    def stretch_start(self, instant: datetime) -> datetime:
        """The instant before all slots that may wait for a time later than ``instant``.

        It is the instant itself unless that lies in time that defers.
        """
        start = instant
        while start > EARLIEST and instant - start <= LONGEST_EXCLUDED:
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

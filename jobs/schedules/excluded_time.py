"""Several exclusions asked at once, so that an instant costs little however many there are."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from zoneinfo import ZoneInfo

from jobs.schedules.clock_changes import stretch_around, without_zone
from jobs.schedules.exclusions import Exclusion
from jobs.schedules.zone import load_zone

_COST_OF_WINDOW = 20
"""To find the edges of a window takes about as long as to ask so many exclusions."""


@dataclass(slots=True)
class Effort:
    """How many exclusions were asked to answer one question."""

    spent: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of excluded time, in UTC; ``end`` is exclusive."""

    exclusion: Exclusion
    start: datetime
    end: datetime


class ExcludedTime:
    """The time that any of some exclusions excludes, read in one zone. Immutable."""

    __slots__ = ("_fixed", "_latest_ends", "_local", "_local_count", "_starts")

    def __init__(self, exclusions: Sequence[Exclusion], zone: ZoneInfo) -> None:
        self._fixed = sorted(_fixed_windows(exclusions), key=lambda window: window.start)
        self._starts = [window.start for window in self._fixed]
        self._latest_ends = list(accumulate((window.end for window in self._fixed), max))
        self._local: dict[ZoneInfo, list[Exclusion]] = {}
        for one in exclusions:
            if one.starts_at is None:
                own_zone = load_zone(one.timezone) if one.timezone else zone
                self._local.setdefault(own_zone, []).append(one)
        self._local_count = sum(map(len, self._local.values()))

    def windows_around(self, instant: datetime, effort: Effort) -> list[Window]:
        """Every window that an instant is in; what it took is added to ``effort``."""
        found = self._fixed_around(instant)
        for zone, exclusions in self._local.items():
            wall = without_zone(instant.astimezone(zone))
            for exclusion in exclusions:
                span = exclusion.span_around(wall)
                edges = span and stretch_around(instant, zone, start=span[0], end=span[1])
                if edges:
                    found.append(Window(exclusion, *edges))
        effort.spent += 1 + self._local_count + _COST_OF_WINDOW * len(found)
        return found

    def last_window(self, instant: datetime, effort: Effort) -> Window | None:
        """Of the windows that an instant is in, the one that ends last."""
        found = self.windows_around(instant, effort)
        return max(found, key=lambda window: window.end) if found else None

    def _fixed_around(self, instant: datetime) -> list[Window]:
        found = []
        index = bisect_right(self._starts, instant)
        # None of those before ends later than this.
        while index and self._latest_ends[index - 1] > instant:
            index -= 1
            if self._fixed[index].end > instant:
                found.append(self._fixed[index])
        return found


def _fixed_windows(exclusions: Sequence[Exclusion]) -> list[Window]:
    return [
        Window(one, one.starts_at.astimezone(UTC), one.ends_at.astimezone(UTC))
        for one in exclusions
        if one.starts_at and one.ends_at
    ]

"""The slots that an exclusion made wait, as seen from the fire at which they run."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from jobs.schedules.local_time import MOST_TIMES_NAMED
from jobs.schedules.verdict import Judge, NextSlot
from jobs.schedules.words import clock, listed

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Slots that run at ``fire`` only: the first few, in order, and what excludes them."""

    fire: datetime
    slots: list[datetime]
    names: list[str]

    def describe(self, zone: ZoneInfo) -> str:
        """ "11:00, 12:00 and 13:00 are excluded by Lunch freeze; run once at 13:30"."""
        end = self.fire.astimezone(zone)
        shown = [_shown(slot.astimezone(zone), end) for slot in self.slots[:MOST_TIMES_NAMED]]
        if len(self.slots) > MOST_TIMES_NAMED:
            shown.append("later ones")
        excluded, at = f"excluded by {listed(self.names)}", clock(end.time())
        if len(shown) == 1:
            return f"{shown[0]} is {excluded}; runs at {at}"
        return f"{listed(shown)} are {excluded}; run once at {at}"


def find_waiting(judge: Judge, next_slot: NextSlot, fire: datetime) -> Waiting | None:
    """The slots that wait for a fire; None when none does."""
    if judge.judge(fire) is not None:
        return None
    found = list(islice(_waiting(judge, next_slot, fire), MOST_TIMES_NAMED + 1))
    if not found:
        return None
    slots = [slot for slot, _ in found]
    return Waiting(fire, slots, list(dict.fromkeys(name for _, name in found)))


def _waiting(judge: Judge, next_slot: NextSlot, fire: datetime) -> Iterator[tuple[datetime, str]]:
    """Each slot that waits for a fire, and the name of its exclusion."""
    slot = next_slot(judge.stretch_start(fire - _SECOND))
    while slot is not None and slot < fire:
        fate = judge.follow(slot)
        if fate.at == fire and fate.exclusion:
            yield slot, fate.exclusion.name
        slot = next_slot(slot if fate.at else max(slot, fate.shared_until - _SECOND))


def _shown(slot: datetime, end: datetime) -> str:
    """The time of a slot, with its date unless that is also the date of the end."""
    date = "" if slot.date() == end.date() else f"{slot:%Y-%m-%d} "
    return date + clock(slot.time())

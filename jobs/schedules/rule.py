"""A rule as it is asked when something fires."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.schedules.bounds import EARLIEST, LATEST
from jobs.schedules.business import CalendarOutOfDate
from jobs.schedules.business_dates import BusinessDates, business_dates_around
from jobs.schedules.excluded_time import Effort
from jobs.schedules.nominal import Nominal
from jobs.schedules.spec import RuleSpec
from jobs.schedules.timing import Timing
from jobs.schedules.verdict import Judge, Verdict
from jobs.schedules.waiting import Waiting, find_waiting


class Rule:
    """When a schedule fires. Immutable, so threads may share it.

    Its *slots* are the instants that the rule names; what an exclusion does to them is applied
    after that, so that a slot stays the same slot whatever is excluded.
    """

    __slots__ = ("_calendar", "_ceiling", "_floor", "_judge", "_timing", "_zone")

    def __init__(self, spec: RuleSpec, timing: Timing, zone: ZoneInfo) -> None:
        self._timing = timing
        self._zone = zone
        self._calendar = spec.calendar
        start = max(spec.start_at or EARLIEST, EARLIEST).astimezone(UTC)
        # ``next`` excludes the instant it is given, but the start is included.
        self._floor = start - timedelta(microseconds=1)
        self._ceiling = min(spec.end_at or LATEST, LATEST).astimezone(UTC)
        self._judge = Judge(spec.exclusions, zone, self._ceiling) if spec.exclusions else None

    def next_slot(self, after: datetime) -> datetime | None:
        """The first slot later than ``after``, excluded or not; in UTC, None when there is none.

        Slots are whole seconds, and ``after`` is cut to the second first. Raises ``ValueError``
        when ``after`` is naive, ``CalendarOutOfDate`` when the search runs beyond the calendar.
        """
        if after.utcoffset() is None:
            raise ValueError(f"{after.isoformat()} has no UTC offset; pass an aware datetime")
        after = max(after, self._floor)
        if after >= self._ceiling:
            return None
        after = after.astimezone(UTC)
        if after.microsecond:
            after = after.replace(microsecond=0)
        try:
            slot = self._timing.next(after, self._zone)
        except CalendarOutOfDate as out_of_date:
            if self._ceiling.astimezone(self._zone).date() < out_of_date.undecided_from:
                return None
            raise
        return slot if slot is not None and slot <= self._ceiling else None

    def next(self, after: datetime, *, effort: Effort | None = None) -> datetime | None:
        """The first instant later than ``after`` at which something runs; else as ``next_slot``.

        Slots that wait for the end of the same exclusion run once, at that end, even if they are
        earlier than ``after``. None also when all is excluded for the next five years. What the
        exclusions took is added to ``effort``.
        """
        if self._judge is None or after.utcoffset() is None:
            return self.next_slot(after)
        if after >= self._ceiling:
            return None
        after = max(after, self._floor).astimezone(UTC).replace(microsecond=0)
        return self._judge.next_run(self.next_slot, after, effort)

    def judge(self, slot: datetime) -> Verdict | None:
        """What becomes of a slot; None when no exclusion holds."""
        return self._judge.judge(slot) if self._judge else None

    def explain(self, fire: datetime) -> Nominal:
        """What a fire that ``next`` or ``next_slot`` gave stands for.

        Of several slots that waited for it, the first: that is the one that runs.
        """
        waiting = self.find_waiting(fire)
        if waiting is None:
            return self._timing.explain(fire, self._zone)
        nominal = self._timing.explain(waiting.slots[0], self._zone)
        return replace(nominal, notes=(*nominal.notes, waiting.describe(self._zone)))

    def find_waiting(self, fire: datetime) -> Waiting | None:
        """The slots that an exclusion made wait for a fire; None when there are none."""
        return find_waiting(self._judge, self.next_slot, fire) if self._judge else None

    def business_dates(self, slot: datetime) -> BusinessDates:
        """The day that a slot is for, and the business days around it by the rule's calendar."""
        day = self._timing.explain(slot, self._zone).business_date
        return business_dates_around(day, self._calendar)

    def describe(self) -> str:
        """The rule in plain words, without its start and end."""
        words = self._timing.describe(self._zone)
        if self._calendar is None or getattr(self._timing, "holidays", None):
            return words
        return f"{words}; {self._calendar.name} gives business dates and excludes no day"

"""Dates that move to a business day, as a calendar has them."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta

from jobs.schedules.bits import lowest
from jobs.schedules.business import BusinessCalendar, CalendarOutOfDate, business_day_beyond
from jobs.schedules.date_words import date_words, weekday_words
from jobs.schedules.dates import HORIZON_YEARS, Dates, Origin
from jobs.schedules.rolls import ROLL_WORDS, roll, shift

_MOST_MONTHS_KEPT = 60
# Months that are known already answer fast; few rules have longer breaks.
_MONTHS_TRIED = 3
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RolledDates:
    """Each of the ``nominal`` dates, rolled, and then moved by ``offset`` business days.

    Dates that land on one day are one. ``on_or_after`` raises ``CalendarOutOfDate`` when no date
    that the calendar's years decide comes before one that they do not; dates before its first
    year are passed over. ``in_month`` gives those that are decided.
    """

    nominal: Dates
    how: str  # one of ``rolls.ROLLS``
    offset: int
    calendar: BusinessCalendar
    _months: dict[tuple[int, int], int] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def in_month(self, year: int, month: int) -> int:
        """The dates within one month as a bitset."""
        days = self._months.get((year, month))
        if days is None:
            if len(self._months) >= _MOST_MONTHS_KEPT:
                self._months.clear()
            days = self._months[year, month] = self._landing_in(year, month)
        return days

    def on_or_after(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        """The first date from (year, month, day) on; ``day`` may be one past the month's end."""
        if days := self.in_month(year, month) >> day:
            return year, month, day + lowest(days)
        start = date(year, month, 1) + (day - 1) * _DAY
        for _ in range(_MONTHS_TRIED):
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
            if days := self.in_month(year, month):
                return year, month, lowest(days)
        for _, landed in self._landings(start):
            return landed.year, landed.month, landed.day
        return None

    def origin_of(self, day: date) -> Origin:
        """The nominal date that landed on a day, the nearest of several, and why they moved."""
        named = list(self._landed_on(day))
        if not named:
            return Origin(day)
        nearest = min(named, key=lambda one: abs(one - day))
        notes = [note for one in named for note in self._notes(one, day)]
        return Origin(nearest, tuple(notes))

    def describe(self) -> str:
        """The dates in words: "on day 25 of the month or the next business day"."""
        words = self.nominal.describe() + ROLL_WORDS[self.how]
        if not self.offset:
            return words
        return f"{words}, then {_count(self.offset)} {'later' if self.offset > 0 else 'earlier'}"

    def _landing_in(self, year: int, month: int) -> int:
        days = 0
        with suppress(CalendarOutOfDate):
            for _, landed in self._landings(date(year, month, 1)):
                if (landed.year, landed.month) != (year, month):
                    break
                days |= 1 << landed.day
        return days

    def _landed_on(self, day: date) -> Iterator[date]:
        with suppress(CalendarOutOfDate):
            for named, landed in self._landings(day):
                if landed != day:
                    break
                yield named

    def _landings(self, start: date) -> Iterator[tuple[date, date]]:
        """The nominal dates that land on ``start`` or later, with where they land, in order."""
        reached = start
        try:
            cursor = self._first_nominal(start)
            last_year = max(start.year, cursor.year) + HORIZON_YEARS
            while found := self.nominal.on_or_after(cursor.year, cursor.month, cursor.day):
                reached = date(*found)
                if reached.year > last_year:
                    break
                landed = self._land(reached)
                if landed is not None and landed >= start:
                    yield reached, landed
                cursor = reached + _DAY
        except CalendarOutOfDate as out_of_date:
            only_later = self.how in ("following", "skip") and self.offset >= 0
            out_of_date.undecided_from = max(start, reached) if only_later else start
            raise

    def _first_nominal(self, start: date) -> date:
        """A date before which none lands on ``start`` or later."""
        known_from = date(self.calendar.first_year, 1, 1)
        start = max(start, known_from)
        self.calendar.is_business_day(start)  # raises beyond the last year
        # No date up to a business day rolls to a later one, and the offset keeps the order.
        before = self._if_known(lambda: business_day_beyond(self.calendar, start, -1))
        if before is not None and self.offset:
            unmoved = before
            before = self._if_known(lambda: shift(unmoved, -self.offset, self.calendar))
        return before + _DAY if before else known_from

    def _land(self, named: date) -> date | None:
        """Where a date lands; None if nowhere, or if that is before all known years."""
        rolled = self._if_known(lambda: roll(named, self.how, self.calendar))
        if rolled is None or not self.offset:
            return rolled
        return self._if_known(lambda: shift(rolled, self.offset, self.calendar))

    def _if_known(self, ask: Callable[[], date | None]) -> date | None:
        """The answer; None when a year before the calendar's first would have a say in it."""
        try:
            return ask()
        except CalendarOutOfDate as out_of_date:
            if out_of_date.year < self.calendar.first_year:
                return None
            raise

    def _notes(self, named: date, landed: date) -> Iterator[str]:
        yield from self.nominal.origin_of(named).notes
        rolled = roll(named, self.how, self.calendar)
        if rolled is not None and rolled != named:
            reason = self.calendar.holidays.get(named) or weekday_words(named)
            back = "back " if rolled < named else ""
            moved = date_words(rolled, beside=named)
            yield f"{date_words(named)} is {reason}; moved {back}to {moved}"
        if rolled is not None and self.offset:
            side = "after" if self.offset > 0 else "before"
            yield f"{_count(self.offset)} {side} {date_words(rolled, beside=landed)}"


def _count(offset: int) -> str:
    """ "2 business days"."""
    return f"{abs(offset)} business day{'s' * (abs(offset) > 1)}"

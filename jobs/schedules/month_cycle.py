"""Every n-th month, and dates that are kept to such months."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from jobs.schedules.business import CalendarOutOfDate
from jobs.schedules.dates import HORIZON_YEARS, Dates, Origin
from jobs.schedules.errors import InvalidRule
from jobs.schedules.words import MONTHS, ordinal


def _number(year: int, month: int) -> int:
    return year * 12 + month - 1


def _month(number: int) -> tuple[int, int]:
    year, month = divmod(number, 12)
    return year, month + 1


@dataclass(frozen=True, slots=True)
class MonthCycle:
    """Every ``count``-th month, from the first on and before it. Months are counted from year 0."""

    first: int
    count: int

    def has(self, year: int, month: int) -> bool:
        """Whether a month is one of them."""
        return not (_number(year, month) - self.first) % self.count

    def following(self, year: int, month: int) -> tuple[int, int]:
        """The first of them after a month."""
        passed = (_number(year, month) - self.first) % self.count
        return _month(_number(year, month) + self.count - passed)

    def say(self, days: str, *, remark: str = "", every_month: str = "the month") -> str:
        """Days of these months: "on day 1 of every 3rd month (counted from March 2026)".

        ``every_month`` is what the months are called when none is left out. ``remark`` comes last,
        in brackets.
        """
        remarks = [remark] * bool(remark)
        if self.count > 1:
            year, month = _month(self.first)
            every_month = f"every {ordinal(self.count)} month"
            remarks.insert(0, f"counted from {MONTHS[month - 1]} {year}")
        return f"{days} of {every_month}" + (f" ({'; '.join(remarks)})" if remarks else "")


@dataclass(frozen=True, slots=True)
class DatesOfMonths:
    """Those of the ``nominal`` dates that are in some months; ``words`` is how they are said."""

    nominal: Dates
    months: MonthCycle
    words: str

    def in_month(self, year: int, month: int) -> int:
        """The dates within one month as a bitset."""
        return self.nominal.in_month(year, month) if self.months.has(year, month) else 0

    def on_or_after(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        """The first date from (year, month, day) on; ``day`` may be one past the month's end."""
        last_year = None
        if not self.months.has(year, month):
            (year, month), day = self.months.following(year, month), 1
        while found := self.nominal.on_or_after(year, month, day):
            if self.months.has(*found[:2]):
                return found
            # Dates by a calendar begin with its first year, however early they are asked for.
            last_year = last_year or found[0] + HORIZON_YEARS
            (year, month), day = self.months.following(*found[:2]), 1
            if year > last_year:
                break
        return None

    def origin_of(self, day: date) -> Origin:
        """What one of the dates stands for."""
        return self.nominal.origin_of(day)

    def describe(self) -> str:
        """The dates in words: "on the last Friday of every 3rd month (counted from March 2026)"."""
        return self.words


EVERY_MONTH = MonthCycle(_number(1, 1), 1)


def every_nth_month(start: date, count: int) -> MonthCycle:
    """The month of a date, and every ``count``-th from it."""
    return MonthCycle(_number(start.year, start.month), count)


def keep_to(months: MonthCycle, dates: Dates, words: str) -> Dates:
    """The dates of these months, said in ``words``; raise ``InvalidRule`` when they have none."""
    if months == EVERY_MONTH and words == dates.describe():
        return dates
    kept = DatesOfMonths(dates, months, words)
    # Years to come may have what those that the calendar knows have not.
    with suppress(CalendarOutOfDate):
        if kept.on_or_after(*_month(months.first), 1) is None:
            detail = "none of the months that are counted has such a day; use another number, "
            raise InvalidRule.single("repeat_every", "never_fires", f"{detail}start or day")
    return kept

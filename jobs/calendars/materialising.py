"""Working out the days of a calendar, so that they can be kept as they are."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from jobs.calendars.library import Days, find_days
from jobs.calendars.sources import Source, read_sources
from jobs.models import Combine, HalfDay, HolidayCalendar

Row = dict[str, Any]

EXTRA = "extra"
"""The source of the days that people add."""

_MADE_UP, _PLAIN, _HALF, _CLOSED = range(4)
_KINDS = {_MADE_UP: "workday", _HALF: "early_close", _CLOSED: "holiday"}


def materialise(calendar: HolidayCalendar) -> list[Row]:
    """The days of a calendar that has been checked, in order of date.

    What counts for more comes later: its sources, its extra holidays, its extra workdays.
    """
    sources, _ = read_sources(calendar.sources)
    rows = _combined(calendar, sources)
    for day in calendar.extra_holidays:
        rows[day["date"]] = _row(day["date"], "holiday", day["name"], EXTRA)
    for day in calendar.extra_workdays:
        rows[day["date"]] = _row(day["date"], "workday", day["name"], EXTRA)
    return [rows[day] for day in sorted(rows)]


def _combined(calendar: HolidayCalendar, sources: Sequence[Source]) -> dict[str, Row]:
    """What the sources say together: the strictest of them, or the one that closes least."""
    years = range(calendar.first_year, calendar.last_year + 1)
    found = [(source.label, _ranks(_days(source, years), calendar.half_days)) for source in sources]
    choose = max if calendar.combine == Combine.UNION else min
    rows = {}
    for day in sorted({day for _, ranks in found for day in ranks}):
        said = [(*ranks.get(day, (_PLAIN, "")), label) for label, ranks in found]
        rank = choose(one[0] for one in said)
        is_weekend = bool(calendar.weekend >> day.isoweekday() % 7 & 1)
        # What is as its weekday says has no row; but holidays on weekends do, for their names.
        if rank == _PLAIN or rank == (_HALF if is_weekend else _MADE_UP):
            continue
        agreed = [(name, label) for own, name, label in said if own == rank]
        names, labels = (_joined(one[place] for one in agreed) for place in (0, 1))
        rows[day.isoformat()] = _row(day.isoformat(), _KINDS[rank], names, labels)
    return rows


def _days(source: Source, years: Iterable[int]) -> Days:
    return find_days(
        source.entity,
        subdivision=source.subdivision,
        categories=source.all_categories,
        years=years,
    )


def _ranks(days: Days, half_days: str) -> dict[date, tuple[int, str]]:
    """How much each day of one source is closed, and its name."""
    ranks: dict[date, tuple[int, str]] = {}
    if half_days != HalfDay.BUSINESS:
        half = _CLOSED if half_days == HalfDay.HOLIDAY else _HALF
        ranks |= {day: (half, name) for day, name in days.half.items()}
    ranks |= {day: (_CLOSED, name) for day, name in days.closed.items()}
    # Where a weekend day is worked in make-up, that says more than a holiday which falls on it.
    return ranks | dict.fromkeys(days.made_up, (_MADE_UP, "Make-up working day"))


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(parts))


def _row(day: str, kind: str, name: str, source: str) -> Row:
    return {"date": day, "kind": kind, "name": name, "source": source}

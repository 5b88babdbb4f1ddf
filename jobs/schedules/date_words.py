"""Dates in plain words."""

from datetime import date

from jobs.schedules.words import MONTHS, WEEKDAYS


def date_words(day: date, *, beside: date | None = None) -> str:
    """ "25 December 2026"; without the year when that is the one of the date it stands beside."""
    words = f"{day.day} {MONTHS[day.month - 1]}"
    return words if beside and beside.year == day.year else f"{words} {day.year}"


def weekday_words(day: date) -> str:
    """ "a Saturday"."""
    return f"a {WEEKDAYS[day.isoweekday() % 7]}"

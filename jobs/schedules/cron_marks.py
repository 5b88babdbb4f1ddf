"""The list items of cron's two day fields that are no plain values: ``L``, ``W`` and ``#``."""

import re
from collections.abc import Callable

from jobs.schedules.cron_errors import BadField
from jobs.schedules.marks import LastDay, Mark, NearestWeekday, NearestWeekdayToLast, NthWeekday

_LAST = re.compile(r"L(?:-(\d+))?(W)?")
_NEAREST = re.compile(r"(\d+)W")
_LAST_WEEKDAY = re.compile(r"(\d+|[A-Z]{3})L")
_TURNED_ROUND = {"day of month": re.compile(r"(W)(\d+)"), "day of week": re.compile(r"(L)(\d+)")}
_MOST_DAYS_BEFORE = 30
_MOST_WEEKS = 5


def day_mark(item: str, read: Callable[[str], int]) -> Mark | None:
    """``L``, ``L-3``, ``15W``, ``LW`` or ``L-3W``; None if it is none of them.

    ``read`` gives the value of a plain part of the item, or raises ``BadField``.
    """
    if last := _LAST.fullmatch(item):
        before = int(last[1] or 0)
        if before > _MOST_DAYS_BEFORE:
            raise BadField(
                f"day of month: {last[1]!r} in {item!r} is out of range; "
                f"use L-1 to L-{_MOST_DAYS_BEFORE}"
            )
        return NearestWeekdayToLast(before) if last[2] else LastDay(before)
    if nearest := _NEAREST.fullmatch(item):
        return NearestWeekday(read(nearest[1]))
    if item.endswith("W"):
        raise BadField(f"day of month: {item!r}: W follows one day; use 15W, LW or L-3W")
    _refuse_turned_round("day of month", item)
    return None


def weekday_mark(item: str, read: Callable[[str], int]) -> Mark | None:
    """``5#3``, ``FRI#3``, ``5L`` or ``FRIL``; None if it is none of them."""
    if last := _LAST_WEEKDAY.fullmatch(item):
        return NthWeekday(read(last[1]) % 7, -1)
    day, hash_sign, week = item.partition("#")
    if hash_sign:
        weekday = read(day)
        if not (week.isdigit() and 1 <= int(week) <= _MOST_WEEKS):
            raise BadField(
                f"day of week: the week {week!r} in {item!r} is out of range; "
                f"use 1-{_MOST_WEEKS}, or {day}L for the last"
            )
        return NthWeekday(weekday % 7, int(week))
    if item == "L":
        raise BadField("day of week: 'L' says no weekday; use 5L or FRIL for the last Friday")
    _refuse_turned_round("day of week", item)
    return None


def _refuse_turned_round(title: str, item: str) -> None:
    if turned := _TURNED_ROUND[title].fullmatch(item):
        raise BadField(f"{title}: {item!r} is not a value; write {turned[2]}{turned[1]}")

"""The days that people add to a calendar, as they write them."""

from datetime import date
from typing import Any

from core.errors import FieldProblem

MOST_DAYS = 2_000
_LONGEST_NAME = 200
_FORM = '{"date": "2026-12-24", "name": "Christmas Eve"}'
_SHOWN = 60  # characters of foreign text


def with_plain_dates(written: Any) -> Any:
    """The same days with their dates as text, which is how a calendar keeps them."""
    if not isinstance(written, list):
        return written
    return [
        {**day, "date": day["date"].isoformat()}
        if isinstance(day, dict) and isinstance(day.get("date"), date)
        else day
        for day in written
    ]


def read_days(
    name: str, written: Any, years: range | None
) -> tuple[list[dict[str, str]], list[FieldProblem]]:
    """The extra days in order of date, and what is wrong with them, each by its index."""
    if not isinstance(written, list):
        return [], [FieldProblem(name, "not_a_list", f"Send a list, such as [{_FORM}].")]
    if len(written) > MOST_DAYS:
        detail = f"{len(written)} days are too many; give at most {MOST_DAYS}."
        return [], [FieldProblem(name, "too_many", detail)]
    days: dict[str, dict[str, str]] = {}
    problems = []
    for index, one in enumerate(written):
        try:
            day = _read_day(one, years)
            if day["date"] in days:
                raise _NoDay("repeated", f"{day['date']} is there already; leave one out.")
            days[day["date"]] = day
        except _NoDay as error:
            problems.append(FieldProblem(name, error.code, f"[{index}]: {error}"))
    return [days[day] for day in sorted(days)], problems


class _NoDay(ValueError):
    """What is wrong with one extra day: a stable code, and a sentence."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def _read_day(written: Any, years: range | None) -> dict[str, str]:
    if not isinstance(written, dict) or set(written) - {"date", "name"} or "date" not in written:
        raise _NoDay("not_an_object", f"Send an object with a date and a name, such as {_FORM}.")
    day, name = _date(written["date"]), written.get("name", "")
    if not isinstance(name, str) or not name.strip() or "\x00" in name:
        raise _NoDay("required", f"Say what {day} is: it needs a name, such as Christmas Eve.")
    if len(name) > _LONGEST_NAME:
        raise _NoDay("max_length", f"The name of {day} is too long; use {_LONGEST_NAME} letters.")
    if years is not None and day.year not in years:
        known = f"{years[0]} to {years[-1]}"
        raise _NoDay("not_covered", f"{day} is not within the calendar's years, {known}.")
    return {"date": day.isoformat(), "name": name.strip()}


def _date(given: Any) -> date:
    try:
        day = date.fromisoformat(given)
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != given:
        shown = repr(given)[:_SHOWN]
        raise _NoDay("invalid_date", f"{shown} is no date; write it such as 2026-12-24.")
    return day


def days_in_both(
    holidays: list[dict[str, str]], workdays: list[dict[str, str]]
) -> list[FieldProblem]:
    """A day cannot be added as a holiday and as a workday."""
    closed = {day["date"] for day in holidays}
    both = [day["date"] for day in workdays if day["date"] in closed]
    detail = "is among the extra holidays; leave one of the two out."
    return [FieldProblem("extra_workdays", "repeated", f"{day} {detail}") for day in both]

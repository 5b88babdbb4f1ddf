"""Cron as Quartz writes it: weekdays are numbered from 1, Sunday, and one day field is ``?``."""

import re

from jobs.schedules.errors import InvalidRule
from jobs.schedules.fields import WEEKDAY_NAMES

_NUMBER = re.compile(r"\d+")
_WEEK_OR_STEP = re.compile("[#/]")
_DAY, _WEEKDAY = 3, 5


def quartz_to_standard(expression: str) -> str:
    """The same expression in the standard dialect: weekdays by name, ``/5`` as ``*/5``.

    Raises ``InvalidRule`` for what is wrong by Quartz's own rules; the rest is left to
    ``cron_timing``. Macros such as ``@daily`` stay as they are.
    """
    if expression.strip().startswith("@"):
        return expression.strip()
    texts = expression.upper().split()
    if len(texts) not in (6, 7):
        raise _refusal(
            f"{len(texts)} fields; the Quartz dialect has six, seconds first, or seven with a year"
        )
    if (texts[_DAY] == "?") == (texts[_WEEKDAY] == "?"):
        raise _refusal(
            "one of day of month and day of week, and not both, must be ? in the Quartz dialect"
        )
    texts = [",".join(_with_star(item) for item in text.split(",")) for text in texts]
    texts[_WEEKDAY] = ",".join(_with_names(item) for item in texts[_WEEKDAY].split(","))
    return " ".join(texts)


def _with_star(item: str) -> str:
    return f"*{item}" if item.startswith("/") else item


def _with_names(item: str) -> str:
    """A weekday item, its numbers as names; those after ``#`` and ``/`` number no weekdays."""
    if item == "L":
        return "SAT"
    sign = _WEEK_OR_STEP.search(item)
    end = sign.start() if sign else len(item)
    return _NUMBER.sub(lambda number: _name(number[0], item), item[:end]) + item[end:]


def _name(number: str, item: str) -> str:
    if not 1 <= int(number) <= len(WEEKDAY_NAMES):
        where = f"{number!r}" + (f" in {item!r}" if number != item else "")
        raise _refusal(
            f"day of week: {where} is out of range; "
            "use 1-7 (1 is Sunday in the Quartz dialect) or SUN-SAT"
        )
    return WEEKDAY_NAMES[int(number) - 1]


def _refusal(detail: str) -> InvalidRule:
    return InvalidRule.single("cron_expression", "invalid_cron", detail)

"""The fields of a cron expression: what each may hold, and its text as a bitset."""

import re
from dataclasses import dataclass

from jobs.schedules.bits import bitset

_LATER = (
    (re.compile(r"H(\(.*\))?(/.*)?"), "H (a value chosen by hash)"),
    (re.compile(r".*#.*"), "# (n-th weekday of the month)"),
    (re.compile(r"L?W|L-\d+W|\d+W|W\d+"), "W (nearest weekday)"),
    (re.compile(r"L|L-\d+|\d+L|L\d+|[A-Z]{3}L"), "L (last)"),
)


class BadField(ValueError):
    """One field's text is refused; the message names the token, the allowed range and the fix."""

    def __init__(self, detail: str, code: str = "invalid_cron") -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True)
class CronField:
    """One field: ``size`` values from ``low`` on, which wrap around.

    ``high`` is the largest number that may be written: in the weekday field 7 is another 0.
    ``names`` are other spellings of ``low``, ``low + 1`` and so on.
    """

    title: str
    low: int
    high: int
    size: int
    names: tuple[str, ...] = ()
    takes_question_mark: bool = False

    def parse(self, text: str) -> int:
        """The values a field's text (in capitals) names, as a bitset; raise ``BadField``."""
        bits = 0
        for item in text.split(","):
            bits |= bitset(self._values(item))
        return bits

    def remarks(self, text: str) -> list[str]:
        """What a text that ``parse`` took may not mean as it looks: a step beyond its range."""
        found = []
        for item in text.split(","):
            _, slash, step = item.partition("/")
            values = self._values(item)
            if slash and int(step) > 1 and len(values) == 1:
                found.append(f"{self.title} {item!r} means {values[0]} only, its step is too large")
        return found

    def _values(self, item: str) -> list[int]:
        """The values of one list item: ``*``, ``a``, ``a-b``, and each with ``/step``."""
        self._refuse_what_comes_later(item)
        base, slash, step = item.partition("/")
        if slash and (not _is_number(step) or int(step) == 0):
            raise BadField(f"{self.title}: the step in {item!r} must be a whole number from 1")
        first, last = self._span(base, item, is_open=bool(slash))
        if last < first:
            last += self.size
        return [
            (value - self.low) % self.size + self.low
            for value in range(first, last + 1, int(step) if slash else 1)
        ]

    def _span(self, base: str, item: str, *, is_open: bool) -> tuple[int, int]:
        """First and last value of an item without its step; ``a/n`` runs to the field's end."""
        end = self.low + self.size - 1
        if base == "*" or (base == "?" and self.takes_question_mark):
            return self.low, end
        first_text, dash, last_text = base.partition("-")
        first = self._value(first_text, item)
        if dash:
            return first, self._value(last_text, item)
        return first, end if is_open else first

    def _value(self, text: str, item: str) -> int:
        where = f"{self.title}: {text!r}" + (f" in {item!r}" if text != item else "")
        if _is_number(text):
            if self.low <= int(text) <= self.high:
                return int(text)
            raise BadField(f"{where} is out of range; use {self.allowed}")
        if text in self.names:
            return self.low + self.names.index(text)
        raise BadField(f"{where} is not a value; use {self.allowed}")

    def _refuse_what_comes_later(self, item: str) -> None:
        for shape, meaning in _LATER:
            if shape.fullmatch(item):
                raise BadField(
                    f"{self.title}: {item!r}: {meaning} is not supported; use {self.allowed}",
                    "not_supported",
                )

    @property
    def allowed(self) -> str:
        """The range in words, for messages."""
        names = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        return f"{self.low}-{self.high}{names}"


def _is_number(text: str) -> bool:
    # str.isdigit alone also accepts digits of other scripts and superscripts.
    return text.isascii() and text.isdigit()


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

SECOND = CronField("second", 0, 59, 60)
MINUTE = CronField("minute", 0, 59, 60)
HOUR = CronField("hour", 0, 23, 24)
DAY = CronField("day of month", 1, 31, 31, takes_question_mark=True)
MONTH = CronField("month", 1, 12, 12, names=_MONTHS)
WEEKDAY = CronField("day of week", 0, 7, 7, names=_WEEKDAYS, takes_question_mark=True)

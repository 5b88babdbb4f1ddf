"""The fields of a cron expression: what each may hold, and its text as values."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from jobs.schedules.bits import bitset
from jobs.schedules.cron_errors import BadField
from jobs.schedules.cron_marks import day_mark, weekday_mark
from jobs.schedules.hashing import pick
from jobs.schedules.marks import Mark

_HASHED = re.compile(r"H(?:\((.*)\))?")


@dataclass(frozen=True, slots=True)
class FieldValues:
    """What a field's text means: a bitset, days that move, and remarks on how it was read."""

    bits: int
    marks: tuple[Mark, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class CronField:
    """One field: ``size`` values from ``low`` on.

    ``high`` is the largest number that may be written: in the weekday field 7 is another 0.
    ``highest_hashed`` is the largest that ``H`` gives; None where there is no ``H``. ``names`` are
    other spellings of ``low``, ``low + 1`` and so on. ``mark`` reads list items that are no plain
    values; ``examples`` of them are for messages.
    """

    title: str
    low: int
    high: int
    size: int
    highest_hashed: int | None
    names: tuple[str, ...] = ()
    takes_question_mark: bool = False
    wraps: bool = True
    mark: Callable[[str, Callable[[str], int]], Mark | None] | None = None
    examples: str = ""

    def parse(self, text: str, *, hash_key: str = "") -> FieldValues:
        """What a field's text (in capitals) means; raise ``BadField``.

        A step so large that only one value is left is remarked on.
        """
        bits = 0
        marks: list[Mark] = []
        remarks: list[str] = []
        for item in text.split(","):
            if mark := self._mark(item):
                marks.append(mark)
                continue
            values = self._values(item, hash_key)
            bits |= bitset(values)
            _, slash, step = item.partition("/")
            if slash and int(step) > 1 and len(values) == 1:
                remarks.append(
                    f"{self.title} {item!r} means {values[0]} only, its step is too large"
                )
        return FieldValues(bits, tuple(marks), tuple(remarks))

    def _mark(self, item: str) -> Mark | None:
        return self.mark(item, lambda part: self._value(part, item)) if self.mark else None

    def _values(self, item: str, hash_key: str) -> list[int]:
        """The values of one list item: ``*``, ``a``, ``a-b``, ``H``, and each with ``/step``."""
        base, slash, step_text = item.partition("/")
        if slash and (not step_text.isdigit() or int(step_text) == 0):
            raise BadField(f"{self.title}: the step in {item!r} must be a whole number from 1")
        step = int(step_text) if slash else None
        if self.highest_hashed is not None and (hashed := _HASHED.fullmatch(base)):
            choices = self._hashed_range(hashed[1], item, self.highest_hashed)
            return pick(hash_key, self.title, choices, step)
        first, last = self._span(base, item, is_open=bool(slash))
        return self._between(first, last, item)[:: step or 1]

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

    def _between(self, first: int, last: int, item: str) -> list[int]:
        """All values from first to last, around the field's end where last is the smaller."""
        if last < first:
            if not self.wraps:
                raise BadField(f"{self.title}: {item!r} runs backwards; write {last}-{first}")
            last += self.size
        return [(value - self.low) % self.size + self.low for value in range(first, last + 1)]

    def _hashed_range(self, text: str | None, item: str, highest: int) -> list[int]:
        """What ``H`` may pick from: the whole field, or the range in its brackets."""
        if text is None:
            return list(range(self.low, highest + 1))
        first, dash, last = text.partition("-")
        if not dash:
            raise BadField(f"{self.title}: {item!r} names no range; write it as H(1-5)")
        values = self._between(self._value(first, item), self._value(last, item), item)
        if max(values) > highest:
            raise BadField(
                f"{self.title}: {max(values)} in {item!r} is out of range; "
                f"H gives {self.low}-{highest}, which every month has"
            )
        return values

    def _value(self, text: str, item: str) -> int:
        where = f"{self.title}: {text!r}" + (f" in {item!r}" if text != item else "")
        if text.isdigit():
            if self.low <= int(text) <= self.high:
                return int(text)
            raise BadField(f"{where} is out of range; use {self.allowed}")
        if text in self.names:
            return self.low + self.names.index(text)
        raise BadField(f"{where} is not a value; use {self.allowed}{self.examples}")

    @property
    def allowed(self) -> str:
        """The range in words, for messages."""
        names = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        return f"{self.low}-{self.high}{names}"


MONTH_NAMES = (
    *("JAN", "FEB", "MAR", "APR", "MAY", "JUN"),
    *("JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
)
WEEKDAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

SECOND = CronField("second", 0, 59, 60, 59)
MINUTE = CronField("minute", 0, 59, 60, 59)
HOUR = CronField("hour", 0, 23, 24, 23)
DAY = CronField(
    *("day of month", 1, 31, 31, 28),
    takes_question_mark=True,
    mark=day_mark,
    examples=", or a day such as L, L-3, 15W, LW, L-3W",
)
MONTH = CronField("month", 1, 12, 12, 12, names=MONTH_NAMES)
WEEKDAY = CronField(
    *("day of week", 0, 7, 7, 6),
    names=WEEKDAY_NAMES,
    takes_question_mark=True,
    mark=weekday_mark,
    examples=", or a day such as FRI#3, FRIL",
)
YEAR = CronField("year", 1970, 2099, 130, None, wraps=False)

"""Random cron expressions, each written together with the values that it means."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

RANGES = [("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23)]
DATE_RANGES = [("day", 1, 31), ("month", 1, 12), ("weekday", 0, 6)]
STAR = ("*", None)


def seeded(seed: int | str) -> Random:
    """The same random numbers in every run."""
    return Random(seed)  # noqa: S311 (nothing secret)


@dataclass
class Written:
    """Six texts, seconds first, and what they mean; None stands for ``*``."""

    texts: list[str]
    meaning: list[set[int] | None]

    @property
    def expression(self) -> str:
        return " ".join(self.texts)

    @property
    def is_fixed_time(self) -> bool:
        return not any("*" in text or "/" in text for text in self.texts[:3])

    def matches(self, wall: datetime) -> bool:
        """Whether the expression names this wall-clock second, said as plainly as can be."""
        shown = [wall.second, wall.minute, wall.hour, wall.day, wall.month, wall.isoweekday() % 7]
        hits = [
            values is None or value in values
            for value, values in zip(shown, self.meaning, strict=True)
        ]
        day, weekday = hits[3], hits[5]
        both_restricted = self.meaning[3] is not None and self.meaning[5] is not None
        date = (day or weekday) if both_restricted else (day and weekday)
        return all(hits[:3]) and hits[4] and date


def write(random: Random, *, seconds: bool = False, fixed_time: bool = False) -> Written:
    """A random expression; its second is 0 unless ``seconds``."""
    forms = (
        [_number, _listed, _spanned]
        if fixed_time
        else [_star, _stepped, _number, _listed, _spanned, _open]
    )
    fields = [random.choice(forms)(random, low, high) for _, low, high in RANGES]
    if not seconds:
        fields[0] = ("0", {0})
    for _, low, high in DATE_RANGES:
        # Mostly unrestricted, or hardly anything would ever fire.
        form = random.choice([_star, _star, _stepped, _number, _listed, _spanned])
        fields.append(form(random, low, high))
    return Written([text for text, _ in fields], [values for _, values in fields])


def _star(random, low, high):
    return STAR


def _number(random, low, high):
    number = random.randint(low, high)
    return str(number), {number}


def _listed(random, low, high):
    numbers = [random.randint(low, high) for _ in range(random.randint(2, 4))]
    return ",".join(map(str, numbers)), set(numbers)


def _spanned(random, low, high):
    """A range, which may run backwards, around the end of the field."""
    first, last = random.randint(low, high), random.randint(low, high)
    inside = range(low, high + 1)
    if first <= last:
        values = {value for value in inside if first <= value <= last}
    else:
        values = {value for value in inside if value >= first or value <= last}
    return f"{first}-{last}", values


def _stepped(random, low, high):
    step = random.randint(2, high + 5)
    return f"*/{step}", set(range(low, high + 1, step))


def _open(random, low, high):
    first, step = random.randint(low, high), random.randint(1, 20)
    return f"{first}/{step}", set(range(first, high + 1, step))

"""Random cron expressions that croniter 7.0.0 or cronsim 2.8 means as we do.

What they mean differently is left out, each with its reason.

Both:

* steps beyond a field's range: croniter refuses them, and with cronsim ``a/n`` may end at 7;
* ``a-a/n``: the whole field to croniter, ``a/n`` to cronsim.

croniter:

* ``a-a`` is the whole field;
* a step in a range that wraps starts anew after the wrap;
* with ``#``, ``L5`` or ``W`` in one day field, the other is lost instead of OR;
* a day field that comes to all days, such as ``*/2,2/2``, counts as ``*`` instead of OR;
* ``31W`` fires on the last weekday of shorter months, and W stands in no list;
* no ``LW``, ``L-3``; the last Friday is ``L5``;
* changes of the clock fire twice in a repeat, so all is asked in UTC.

cronsim:

* no wrapping ranges, no ``W`` but ``LW``, no ``L-3``, ``?`` or years;
* a day field that begins with ``*`` means AND, so that is asked of us as AND;
* ``a/n`` of weekdays runs to 7 and so comes to Sunday.
"""

from random import Random

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


def write_for_croniter(random: Random) -> tuple[str, str]:
    """The expression as we write it and as croniter does."""
    fields = _times(random, wraps=True)
    months = _any_of(random, 1, 12, names=MONTHS, wraps=True)
    days, weekdays = "*", "*"
    ours = theirs = None
    match random.randrange(6):
        case 0:
            days = random.choice(["L", "1,L", "10-12,L", f"{random.randint(1, 28)}W"])
        case 1:
            weekdays = f"{random.randint(0, 6)}#{random.randint(1, 5)}"
        case 2:
            last = random.randint(0, 6)
            ours, theirs = f"{last}L", f"L{last}"
        case 3:
            days = _any_of(random, 1, 31, wraps=True)
        case 4:
            weekdays = _any_of(random, 0, 6, names=WEEKDAYS, wraps=True)
        case _:
            # From the second value on: no text comes to all of its field.
            days = _item(random, 2, 31, wraps=False)
            weekdays = _item(random, 1, 6, names=WEEKDAYS[1:], wraps=False)
    before = [*fields, days, months]
    after = []
    if len(fields) == 3 and random.random() < 0.4:
        first = random.randint(2015, 2050)
        after = [random.choice([str(first), f"{first}-{first + 5}", f"{first},{first + 9}"])]
    return (
        " ".join([*before, ours or weekdays, *after]),
        " ".join([*before, theirs or weekdays, *after]),
    )


def write_for_cronsim(random: Random) -> tuple[str, bool]:
    """An expression, and whether its two day fields mean AND to cronsim."""
    fields = _times(random, wraps=False)
    months = _any_of(random, 1, 12, names=MONTHS, wraps=False)
    days = _moving(random, ["L", "LW"], 1, 31)
    weekday, nth = random.randint(0, 7), random.randint(1, 5)
    weekdays = _moving(random, [f"{weekday}#{nth}", f"{weekday}L"], 0, 6, names=WEEKDAYS)
    while "/" in weekdays.replace("*/", ""):
        weekdays = _any_of(random, 0, 6, names=WEEKDAYS, wraps=False)
    needs_both = days.startswith("*") or weekdays.startswith("*")
    return " ".join([*fields, days, months, weekdays]), needs_both


def _times(random: Random, *, wraps: bool) -> list[str]:
    fields = [_any_of(random, 0, high, wraps=wraps) for high in (59, 59, 23)]
    return fields if random.random() < 0.3 else fields[1:]


def _moving(random: Random, marks: list[str], low: int, high: int, names=()) -> str:
    """A day field, which may be a mark or a list with one."""
    plain = _any_of(random, low, high, names=names, wraps=False)
    match random.randrange(5):
        case 0:
            return random.choice(marks)
        case 1 if not plain.startswith("*"):
            return f"{plain},{random.choice(marks)}"
    return plain


def _any_of(random: Random, low: int, high: int, *, wraps: bool, names=()) -> str:
    match random.randrange(4):
        case 0:
            return "*"
        case 1:
            return ",".join(
                _item(random, low, high, names=names, wraps=wraps)
                for _ in range(random.randint(2, 4))
            )
    return _item(random, low, high, names=names, wraps=wraps)


def _item(random: Random, low: int, high: int, *, names=(), wraps: bool) -> str:
    """A number, a name, a range or a step, of more than one value where it is no single one."""
    first, last = sorted(random.sample(range(low, high + 1), 2))
    match random.randrange(6):
        case 0:
            return f"*/{random.randint(2, high - low)}"
        case 1:
            return f"{first}/{random.randint(1, high - first)}"
        case 2:
            return f"{first}-{last}/{random.randint(1, last - first)}"
        case 3:
            ends = [_named(random, first, low, names), _named(random, last, low, names)]
            return "-".join(reversed(ends) if wraps and random.random() < 0.4 else ends)
    return _named(random, first, low, names)


def _named(random: Random, value: int, low: int, names) -> str:
    return random.choice([str(value), names[value - low]]) if names else str(value)


def write_for_cronsim_in_a_zone(random: Random) -> str:
    """Five fields, dates unrestricted, that are fixed-time or interval-like to both.

    To cronsim a minute or hour that begins with ``*`` is interval-like, to us one that holds
    ``*`` or ``/``.
    """
    while True:
        minutes = _any_of(random, 0, 59, wraps=False)
        hours = _any_of(random, 0, 4 if random.random() < 0.6 else 23, wraps=False)
        starts = any(text.startswith("*") for text in (minutes, hours))
        if starts == any(sign in minutes + hours for sign in "*/"):
            return f"{minutes} {hours} * * *"

"""A walk over every second or minute, which takes the definitions of the rules literally."""

from datetime import timedelta
from itertools import pairwise

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)

# A zone, and an instant within a day of a change of its clock.
CHANGES = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("America/Nuuk", "2024-03-31"),
    ("America/Nuuk", "2024-10-27"),
    ("America/Havana", "2025-03-09"),
    ("America/Havana", "2025-11-02"),
    ("America/Santiago", "2026-04-05"),
    ("America/Santiago", "2025-09-07"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/Sao_Paulo", "2018-02-18"),
    ("Antarctica/Troll", "2026-03-29"),
    ("Antarctica/Troll", "2026-10-25"),
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Kwajalein", "1993-08-21"),
    ("Asia/Pyongyang", "2018-05-04"),
    ("America/Caracas", "2007-12-09"),
    ("Asia/Kathmandu", "1985-12-31"),
]


def show_clock(zone, start, stop, step):
    """What the clock shows at each instant in [start, stop): pairs of instant and wall time."""
    count = (stop - start) // step
    instants = (start + n * step for n in range(count))
    return [(at, at.astimezone(zone).replace(tzinfo=None, fold=0)) for at in instants]


def scan(written, zone, start, stop, step, *, gap=None, repeat=None):
    """Every fire in [start, stop): the sort of rule decides what counts, as ``local_time`` says.

    ``gap`` and ``repeat`` are a schedule's own choice.
    """
    gap = gap or ("run_after" if written.is_fixed_time else "skip")
    repeat = repeat or ("first" if written.is_fixed_time else "both")
    shown = show_clock(zone, start - step, stop, step)
    return [at for at in pick(shown, written.matches, step, gap, repeat) if at >= start]


def pick(shown, matches, step, gap, repeat):
    """Of the instants at which a clock shows something, those that fire.

    A wall time that is shown twice counts the first time, the second or both times. Those that the
    clock jumps over, if they are at most three hours, may fire together where it goes on.
    """
    times_of = {}
    for at, wall in shown:
        times_of.setdefault(wall, []).append(at)
    counting = {"first": slice(1), "second": slice(-1, None), "both": slice(None)}[repeat]
    fires = {at for wall, times in times_of.items() if matches(wall) for at in times[counting]}
    if gap == "run_after":
        for (_, before), (at, wall) in pairwise(shown):
            missing = [before + n * step for n in range(1, (wall - before) // step)]
            if len(missing) * step <= timedelta(hours=3) and any(map(matches, missing)):
                fires.add(at)
    return sorted(fires)


def ask(rule, start, stop):
    fires, fire = [], rule.next(start - SECOND)
    while fire is not None and fire < stop:
        fires.append(fire)
        fire = rule.next(fire)
    return fires

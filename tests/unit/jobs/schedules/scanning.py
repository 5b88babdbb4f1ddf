"""A walk over every second or minute, which takes the definitions of the rules literally."""

from datetime import timedelta

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


def scan(written, zone, start, stop, step):
    """Every fire in [start, stop): the sort of rule decides what counts, as ``local_time`` says."""
    fires = []
    reached = (start - step).astimezone(zone).replace(tzinfo=None, fold=0)
    moment = start
    while moment < stop:
        wall = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        if not written.is_fixed_time:
            if written.matches(wall):
                fires.append(moment)
        elif wall > reached:
            passed = int((wall - reached) / step)
            counts = passed if wall - reached - step <= timedelta(hours=3) else 1
            if any(written.matches(wall - n * step) for n in range(counts)):
                fires.append(moment)
        reached = max(reached, wall)
        moment += step
    return fires


def ask(rule, start, stop):
    fires, fire = [], rule.next(start - SECOND)
    while fire is not None and fire < stop:
        fires.append(fire)
        fire = rule.next(fire)
    return fires

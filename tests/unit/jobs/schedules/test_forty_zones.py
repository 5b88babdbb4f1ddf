"""Forty zones, at every change of their clocks from 2005 to 2040, under every pair of policies."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.scanning import MINUTE, SECOND, ask, pick, show_clock
from tests.unit.jobs.schedules.writing import seeded

ZONES = [
    *("Africa/Cairo", "Africa/Casablanca", "Africa/Juba", "Africa/Tripoli", "Africa/Windhoek"),
    *("America/Asuncion", "America/Caracas", "America/Halifax", "America/Havana"),
    *("America/Mexico_City", "America/Montevideo", "America/New_York", "America/Nuuk"),
    *("America/Port-au-Prince", "America/Santiago", "America/Sao_Paulo", "America/St_Johns"),
    *("Antarctica/Casey", "Antarctica/Troll", "Asia/Amman", "Asia/Beirut", "Asia/Dhaka"),
    *("Asia/Gaza", "Asia/Jerusalem", "Asia/Kolkata", "Asia/Pyongyang", "Asia/Tehran"),
    *("Atlantic/Azores", "Australia/Lord_Howe", "Australia/Sydney", "Europe/Berlin"),
    *("Europe/Dublin", "Europe/Istanbul", "Europe/London", "Europe/Moscow", "Europe/Volgograd"),
    *("Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Norfolk"),
]
# Each with the minutes and hours that it names.
EXPRESSIONS = {
    "*/20 * * * *": (range(0, 60, 20), range(24)),
    "7 * * * *": ([7], range(24)),
    "30 0-3,22,23 * * *": ([30], [0, 1, 2, 3, 22, 23]),
    "0,15,45 0,1,2,23 * * *": ([0, 15, 45], [0, 1, 2, 23]),
}
PAIRS = [*product(["run_after", "skip"], ["first", "second", "both"])]
AROUND = timedelta(hours=4)


def changes(zone):
    """Every instant from 2005 to 2040 at which the offset of a zone changes."""
    found, day, end = [], datetime(2005, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
    offset = day.astimezone(zone).utcoffset()
    while day < end:
        following = day + timedelta(days=1)
        if following.astimezone(zone).utcoffset() != offset:
            hours = (day + timedelta(minutes=n) for n in range(24 * 60 + 1))
            found.append(next(at for at in hours if at.astimezone(zone).utcoffset() != offset))
            offset = following.astimezone(zone).utcoffset()
        day = following
    return found


@cache
def compiled(expression, zone, gap, repeat):
    return compile_rule(
        RuleSpec(
            kind="cron",
            cron_expression=expression,
            timezone=zone,
            dst_gap=gap,
            dst_repeat=repeat,
        )
    )


def test_there_are_forty_zones():
    assert len(set(ZONES)) == 40


@pytest.mark.parametrize("name", ZONES)
def test_every_change_of_the_clock_equals_a_walk_over_every_minute(name):
    random = seeded(name)
    zone = ZoneInfo(name)
    for change in changes(zone):
        start, stop = change - AROUND, change + AROUND
        shown = show_clock(zone, start - MINUTE, stop, MINUTE)
        expression, (minutes, hours) = random.choice(list(EXPRESSIONS.items()))

        def matches(wall, minutes=minutes, hours=hours):
            return wall.minute in minutes and wall.hour in hours

        for gap, repeat in PAIRS:
            picked = pick(shown, matches, MINUTE, gap, repeat)
            expected = [at for at in picked if at >= start]
            rule = compiled(expression, name, gap, repeat)
            assert ask(rule, start, stop) == expected, (expression, change, gap, repeat)
            after = start + random.randint(0, 8 * 3600) * SECOND
            later = [fire for fire in expected if fire > after]
            assert not later or rule.next(after) == later[0], (expression, after, gap, repeat)

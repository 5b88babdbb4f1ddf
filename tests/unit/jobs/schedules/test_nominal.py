"""What each fire stands for, and what the clock and the calendar did to it."""

from datetime import datetime, time, timedelta

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import cron, utc
from tests.unit.jobs.schedules.scanning import CHANGES, ask
from tests.unit.jobs.schedules.writing import seeded, write

BERLIN, NEW_YORK, NUUK, LORD_HOWE = (
    "Europe/Berlin",
    "America/New_York",
    "America/Nuuk",
    "Australia/Lord_Howe",
)


def first(rule, after):
    fire = rule.next(utc(after))
    assert fire is not None
    return rule.explain(fire)


def explained(rule, after):
    nominal = first(rule, after)
    return nominal.wall.isoformat(timespec="minutes"), list(nominal.notes)


@pytest.mark.parametrize(
    ("expression", "zone", "after", "wall", "notes"),
    [
        ("30 2 * * *", BERLIN, "2026-03-27T12:00", "2026-03-28T02:30", []),
        (
            "30 2 * * *",
            BERLIN,
            "2026-03-28T12:00",
            "2026-03-29T02:30",
            ["02:30 does not exist that day; moved to 03:00"],
        ),
        (
            "0,30 2 * * *",
            BERLIN,
            "2026-03-28T12:00",
            "2026-03-29T02:00",
            ["02:00 and 02:30 do not exist that day; moved to 03:00"],
        ),
        (
            "0-59 2,3 * * *",
            BERLIN,
            "2026-03-28T12:00",
            "2026-03-29T02:00",
            ["02:00, 02:01, 02:02 and later ones do not exist that day; moved to 03:00"],
        ),
        (
            "15 30 2 * * *",
            BERLIN,
            "2026-03-28T12:00",
            "2026-03-29T02:30",
            ["02:30:15 does not exist that day; moved to 03:00"],
        ),
        ("0 3 * * *", BERLIN, "2026-03-28T12:00", "2026-03-29T03:00", []),
        (
            "30 23 * * SAT",
            NUUK,
            "2024-03-30T12:00",
            "2024-03-30T23:30",
            ["23:30 does not exist that day; moved to 00:00 of the next day"],
        ),
        (
            "15 2 * * *",
            LORD_HOWE,
            "2026-10-03T12:00",
            "2026-10-04T02:15",
            ["02:15 does not exist that day; moved to 02:30"],
        ),
        (
            "30 2 * * *",
            BERLIN,
            "2026-10-24T12:00",
            "2026-10-25T02:30",
            ["02:30 happens twice that day; the first counts"],
        ),
        ("0 3 * * *", BERLIN, "2026-10-24T12:00", "2026-10-25T03:00", []),
        (
            "30 * * * *",
            NEW_YORK,
            "2026-11-01T05:00",
            "2026-11-01T01:30",
            ["01:30 happens twice that day; both count"],
        ),
        (
            "30 * * * *",
            NEW_YORK,
            "2026-11-01T06:00",
            "2026-11-01T01:30",
            ["01:30 happens twice that day; both count"],
        ),
        # Interval-like, so what the gap leaves out is left out.
        ("*/30 * * * *", NEW_YORK, "2026-03-08T06:30", "2026-03-08T03:00", []),
        # A day left out of the calendar leaves its fires out.
        ("0 12 * * *", "Pacific/Apia", "2011-12-30T00:00", "2011-12-31T12:00", []),
        ("0 0 * * *", "Pacific/Apia", "2011-12-30T00:00", "2011-12-31T00:00", []),
    ],
)
def test_a_fire_stands_for_the_time_its_rule_names(expression, zone, after, wall, notes):
    assert explained(cron(expression, zone), after) == (wall, notes)


@pytest.mark.parametrize(
    ("day", "after", "wall", "notes"),
    [
        (31, "2026-01-01", "2026-01-31T06:00", []),
        (
            31,
            "2026-02-01",
            "2026-02-28T06:00",
            ["February 2026 has no day 31; its last day counts"],
        ),
        (
            30,
            "2028-02-01",
            "2028-02-29T06:00",
            ["February 2028 has no day 30; its last day counts"],
        ),
        (29, "2028-02-01", "2028-02-29T06:00", []),
        (28, "2026-02-01", "2026-02-28T06:00", []),
    ],
)
def test_a_stand_in_for_a_day_that_a_month_does_not_have_says_so(day, after, wall, notes):
    rule = compile_rule(RuleSpec(kind="monthly", day_of_month=day, time_of_day=time(6)))
    assert explained(rule, after) == (wall, notes)


def test_the_calendar_and_the_clock_may_both_have_a_say():
    spec = RuleSpec(
        kind="monthly", day_of_month=31, time_of_day=time(0, 30), timezone="Africa/Cairo"
    )
    assert explained(compile_rule(spec), "2010-04-28") == (
        "2010-04-30T00:30",
        [
            "April 2010 has no day 31; its last day counts",
            "00:30 does not exist that day; moved to 01:00",
        ],
    )


@pytest.mark.parametrize(
    ("text", "zone", "wall", "notes"),
    [
        ("2026-07-01T06:00", BERLIN, "2026-07-01T06:00", []),
        (
            "2026-03-29T02:30",
            BERLIN,
            "2026-03-29T02:30",
            ["02:30 does not exist that day; moved to 03:00"],
        ),
        (
            "2026-10-25T02:30",
            BERLIN,
            "2026-10-25T02:30",
            ["02:30 happens twice that day; the first counts"],
        ),
        ("2026-03-29T03:00", BERLIN, "2026-03-29T03:00", []),
    ],
)
def test_one_wall_clock_time_says_what_became_of_it(text, zone, wall, notes):
    moment = datetime.fromisoformat(text)
    rule = compile_rule(RuleSpec(kind="one_time", one_time_at=moment, timezone=zone))
    assert explained(rule, "2020-01-01") == (wall, notes)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "one_time", "one_time_at": utc("2026-10-25T01:30")},
        {"kind": "interval", "interval_seconds": 1800, "anchor": utc("2026-10-25T00:00")},
        {"kind": "delay", "delay_seconds": 1800, "anchor": utc("2026-10-25T01:00")},
    ],
)
def test_instants_stand_for_themselves_in_the_zone(fields):
    rule = compile_rule(RuleSpec(timezone=BERLIN, **fields))
    nominal = rule.explain(utc("2026-10-25T01:30"))
    assert (nominal.wall.isoformat(), nominal.notes) == ("2026-10-25T02:30:00", ())


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_what_a_fire_stands_for_is_always_named_by_its_rule(zone, day):
    random = seeded(f"nominal {zone} {day}")
    start, stop = utc(day) - timedelta(hours=22), utc(day) + timedelta(hours=34)
    for number in range(10):
        written = write(random, fixed_time=number % 2 == 0)
        written.texts[3:], written.meaning[3:] = ["*", "*", "*"], [None, None, None]
        rule = cron(written.expression, zone)
        for fire in ask(rule, start, stop):
            nominal = rule.explain(fire)
            assert written.matches(nominal.wall), (written.expression, fire)

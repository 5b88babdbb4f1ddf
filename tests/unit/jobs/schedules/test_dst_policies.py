"""What a schedule itself says about times that the clock leaves out or shows twice."""

from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import fires, refusal, shown, utc
from tests.unit.jobs.schedules.scanning import CHANGES, MINUTE, SECOND, ask, scan
from tests.unit.jobs.schedules.writing import seeded, write

BERLIN, NEW_YORK, SAMOA = "Europe/Berlin", "America/New_York", "Pacific/Apia"
PAIRS = list(product(["run_after", "skip"], ["first", "second", "both"]))


def rule(expression, zone=BERLIN, **policies):
    return compile_rule(
        RuleSpec(kind="cron", cron_expression=expression, timezone=zone, **policies)
    )


def one_time(wall, **policies):
    moment = datetime.fromisoformat(wall)
    return compile_rule(RuleSpec(kind="one_time", one_time_at=moment, timezone=BERLIN, **policies))


@pytest.mark.parametrize(
    ("expression", "gap", "expected"),
    [
        ("30 2 * * *", "run_after", ["03-29T01:00", "03-30T00:30"]),
        ("30 2 * * *", "skip", ["03-30T00:30", "03-31T00:30"]),
        ("0,30 2,3 * * *", "skip", ["03-29T01:00", "03-29T01:30"]),
        ("*/30 2 * * *", "run_after", ["03-29T01:00", "03-30T00:00"]),
        ("*/30 2 * * *", "skip", ["03-30T00:00", "03-30T00:30"]),
    ],
)
def test_a_time_that_the_clock_leaves_out(expression, gap, expected):
    full = [f"2026-{text}" for text in expected]
    assert fires(rule(expression, dst_gap=gap), "2026-03-29T00:59", 2) == full


@pytest.mark.parametrize(
    ("expression", "repeat", "expected"),
    [
        ("30 2 * * *", "first", ["10-25T00:30", "10-26T01:30"]),
        ("30 2 * * *", "second", ["10-25T01:30", "10-26T01:30"]),
        ("30 2 * * *", "both", ["10-25T00:30", "10-25T01:30", "10-26T01:30"]),
        ("0 1-3 * * *", "second", ["10-25T01:00", "10-25T02:00"]),
        ("0 1-3 * * *", "both", ["10-25T00:00", "10-25T01:00", "10-25T02:00"]),
        ("*/30 * * * *", "first", ["10-25T00:00", "10-25T00:30", "10-25T02:00"]),
        ("*/30 * * * *", "second", ["10-25T01:00", "10-25T01:30", "10-25T02:00"]),
        ("*/30 * * * *", "both", ["10-25T00:00", "10-25T00:30", "10-25T01:00"]),
    ],
)
def test_a_time_that_the_clock_shows_twice(expression, repeat, expected):
    full = [f"2026-{text}" for text in expected]
    assert fires(rule(expression, dst_repeat=repeat), "2026-10-24T23:59", len(full)) == full


@pytest.mark.parametrize(
    ("after", "first", "second", "both"),
    [
        ("2026-10-25T00:29:59", "10-25T00:30", "10-25T01:30", "10-25T00:30"),
        ("2026-10-25T00:30:00", "10-26T01:30", "10-25T01:30", "10-25T01:30"),
        ("2026-10-25T00:59:59", "10-26T01:30", "10-25T01:30", "10-25T01:30"),
        ("2026-10-25T01:00:00", "10-26T01:30", "10-25T01:30", "10-25T01:30"),
        ("2026-10-25T01:30:00", "10-26T01:30", "10-26T01:30", "10-26T01:30"),
        ("2026-10-25T02:00:00", "10-26T01:30", "10-26T01:30", "10-26T01:30"),
    ],
)
def test_just_before_at_and_after_each_of_the_two_times(after, first, second, both):
    for repeat, expected in (("first", first), ("second", second), ("both", both)):
        assert fires(rule("30 2 * * *", dst_repeat=repeat), after, 1) == [f"2026-{expected}"]


@pytest.mark.parametrize("gap", ["run_after", "skip"])
def test_after_a_gap_of_a_whole_day_nothing_fires(gap):
    expected = ["2011-12-29T22:00", "2011-12-30T22:00"]
    assert fires(rule("0 12 * * *", SAMOA, dst_gap=gap), "2011-12-29T00:00", 2) == expected
    assert fires(rule("0 */12 * * *", SAMOA, dst_gap=gap), "2011-12-29T21:00", 2) == [
        "2011-12-29T22:00",
        "2011-12-30T10:00",
    ]


@pytest.mark.parametrize(
    ("expression", "policies", "after", "wall", "notes"),
    [
        (
            "30 2 * * *",
            {"dst_gap": "run_after"},
            "2026-03-29T00:00",
            "2026-03-29T02:30",
            ["02:30 does not exist that day; moved to 03:00"],
        ),
        (
            "*/20 2 * * *",
            {"dst_gap": "run_after"},
            "2026-03-29T00:00",
            "2026-03-29T02:00",
            ["02:00, 02:20 and 02:40 do not exist that day; moved to 03:00"],
        ),
        ("0 2,3 * * *", {"dst_gap": "skip"}, "2026-03-29T00:00", "2026-03-29T03:00", []),
        (
            "30 2 * * *",
            {"dst_repeat": "first"},
            "2026-10-25T00:00",
            "2026-10-25T02:30",
            ["02:30 happens twice that day; the first counts"],
        ),
        (
            "30 2 * * *",
            {"dst_repeat": "second"},
            "2026-10-25T00:00",
            "2026-10-25T02:30",
            ["02:30 happens twice that day; the second counts"],
        ),
        (
            "30 2 * * *",
            {"dst_repeat": "both"},
            "2026-10-25T00:30",
            "2026-10-25T02:30",
            ["02:30 happens twice that day; both count"],
        ),
        (
            "30 * * * *",
            {"dst_repeat": "first"},
            "2026-10-25T00:00",
            "2026-10-25T02:30",
            ["02:30 happens twice that day; the first counts"],
        ),
    ],
)
def test_the_notes_say_what_the_schedule_chose(expression, policies, after, wall, notes):
    compiled = rule(expression, **policies)
    nominal = compiled.explain(compiled.next(utc(after)))
    assert nominal.wall == datetime.fromisoformat(wall)
    assert list(nominal.notes) == notes


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ({}, ["2026-10-25T00:30", None]),
        ({"dst_repeat": "first"}, ["2026-10-25T00:30", None]),
        ({"dst_repeat": "second"}, ["2026-10-25T01:30", None]),
        ({"dst_repeat": "both"}, ["2026-10-25T00:30", "2026-10-25T01:30", None]),
    ],
)
def test_one_time_that_comes_twice(policies, expected):
    once = one_time("2026-10-25T02:30", **policies)
    assert fires(once, "2026-10-01T00:00", len(expected)) == expected


def test_one_time_that_never_comes():
    assert fires(one_time("2026-03-29T02:30"), "2026-03-01T00:00", 1) == ["2026-03-29T01:00"]
    moment = datetime.fromisoformat("2026-03-29T02:30")
    [error] = refusal(kind="one_time", one_time_at=moment, timezone=BERLIN, dst_gap="skip").errors
    assert (error.field, error.code) == ("one_time_at", "no_such_time")
    assert "2026-03-29T02:30:00 does not exist in Europe/Berlin" in error.detail


def test_one_time_with_an_offset_is_an_instant_whatever_the_policy():
    spec = RuleSpec(
        kind="one_time",
        one_time_at=utc("2026-10-25T00:30"),
        timezone=BERLIN,
        dst_repeat="second",
    )
    assert fires(compile_rule(spec), "2026-10-01T00:00", 2) == ["2026-10-25T00:30", None]


def test_a_choice_is_said_in_words():
    assert rule("30 2 * * *", dst_gap="skip", dst_repeat="both").describe() == (
        "At 02:30 every day, Europe/Berlin time; times that the clock leaves out are skipped; "
        "of times that it shows twice both count"
    )
    assert rule("30 2 * * *").describe() == "At 02:30 every day, Europe/Berlin time"


@pytest.mark.parametrize(
    ("field", "fix"),
    [("dst_gap", "use run_after, skip"), ("dst_repeat", "use first, second, both")],
)
def test_an_unknown_choice_is_refused(field, fix):
    [error] = refusal(kind="cron", cron_expression="0 2 * * *", **{field: "third"}).errors
    assert (error.field, error.code) == (field, "unknown_choice")
    assert fix in error.detail


@pytest.mark.parametrize(("gap", "repeat"), PAIRS)
@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_every_pair_equals_a_walk_over_every_minute(zone, day, gap, repeat):
    random = seeded(f"{zone} {day} {gap} {repeat}")
    middle = datetime.fromisoformat(day).replace(tzinfo=UTC)
    start, stop = middle - timedelta(hours=22), middle + timedelta(hours=34)
    for fixed_time in (True, False):
        written = write(random, fixed_time=fixed_time)
        written.texts[3:], written.meaning[3:] = ["*", "*", "*"], [None, None, None]
        compiled = rule(written.expression, zone, dst_gap=gap, dst_repeat=repeat)
        expected = scan(written, ZoneInfo(zone), start, stop, MINUTE, gap=gap, repeat=repeat)
        assert ask(compiled, start, stop) == expected, written.expression
        for _ in range(10):
            after = start + timedelta(seconds=random.randint(0, 53 * 3600))
            later = [fire for fire in expected if fire > after]
            if later:
                assert compiled.next(after) == later[0], (written.expression, shown(after))


@pytest.mark.parametrize(("gap", "repeat"), PAIRS)
@pytest.mark.parametrize(
    ("zone", "change"),
    [
        (BERLIN, "2026-03-29T01:00"),
        (BERLIN, "2026-10-25T01:00"),
        ("Australia/Lord_Howe", "2026-04-04T15:00"),
        ("America/Havana", "2025-11-02T05:00"),
    ],
)
def test_every_pair_equals_a_walk_over_every_second(zone, change, gap, repeat):
    random = seeded(f"{zone} {change} {gap} {repeat}")
    start, stop = utc(change) - timedelta(minutes=70), utc(change) + timedelta(minutes=70)
    for fixed_time in (True, False):
        written = write(random, seconds=True, fixed_time=fixed_time)
        written.texts[2:], written.meaning[2:] = ["0-3", "*", "*", "*"], [{0, 1, 2, 3}, *[None] * 3]
        compiled = rule(written.expression, zone, dst_gap=gap, dst_repeat=repeat)
        expected = scan(written, ZoneInfo(zone), start, stop, SECOND, gap=gap, repeat=repeat)
        assert ask(compiled, start, stop) == expected, written.expression

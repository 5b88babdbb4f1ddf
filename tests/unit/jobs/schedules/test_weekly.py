from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import cron, fires, refusal, utc
from tests.unit.jobs.schedules.calendars import ENGLAND
from tests.unit.jobs.schedules.scanning import CHANGES, MINUTE, ask, scan
from tests.unit.jobs.schedules.writing import seeded

SUNDAY, MONDAY, WEDNESDAY, FRIDAY, SATURDAY = 1, 2, 8, 32, 64
NEW_YEAR = "2026-01-01T00:00:30"  # a Thursday


def weekly(days, at=time(6), zone="UTC", **fields):
    spec = RuleSpec(kind="weekly", days_of_week=days, time_of_day=at, timezone=zone, **fields)
    return compile_rule(spec)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (SUNDAY, ["01-04", "01-11", "01-18"]),
        (SATURDAY, ["01-03", "01-10", "01-17"]),
        (MONDAY | FRIDAY, ["01-02", "01-05", "01-09"]),
        (SATURDAY | SUNDAY, ["01-03", "01-04", "01-10"]),
        (127, ["01-01", "01-02", "01-03"]),
    ],
)
def test_weekly_fires_on_the_days_of_its_bits(days, expected):
    assert fires(weekly(days), NEW_YEAR, 3) == [f"2026-{day}T06:00" for day in expected]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-01-05T05:59:59", "2026-01-05T06:00"),
        ("2026-01-05T06:00:00", "2026-01-12T06:00"),
        ("2026-01-05T06:00:01", "2026-01-12T06:00"),
    ],
)
def test_weekly_fires_again_a_week_later(after, expected):
    assert fires(weekly(MONDAY), after, 1) == [expected]


def test_the_day_is_that_of_the_zone():
    assert fires(weekly(MONDAY, time(1), "Asia/Tokyo"), NEW_YEAR, 1) == ["2026-01-04T16:00"]


def test_weekly_follows_the_clock_through_its_changes():
    rule = weekly(SUNDAY, time(2, 30), "Europe/Berlin")
    assert fires(rule, "2026-03-23T00:00", 2) == ["2026-03-29T01:00", "2026-04-05T00:30"]
    assert fires(rule, "2026-10-19T00:00", 2) == ["2026-10-25T00:30", "2026-11-01T01:30"]


@pytest.mark.parametrize("days", range(1, 128))
def test_every_set_of_days_means_what_cron_means_by_their_numbers(days):
    numbers = ",".join(str(n) for n in range(7) if days >> n & 1)
    rule, same = weekly(days, time(6, 30)), cron(f"30 6 * * {numbers}")
    assert fires(rule, NEW_YEAR, 15) == fires(same, NEW_YEAR, 15)


class Named:
    """The walls that a weekly rule names, said as plainly as can be."""

    is_fixed_time = True

    def __init__(self, days, at):
        self.days, self.at = days, at

    def matches(self, wall):
        names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        return wall.time() == self.at and bool(self.days >> names.index(f"{wall:%a}") & 1)


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_every_minute_around_a_change_of_the_clock(zone, day):
    random = seeded(f"weekly {zone} {day}")
    start, stop = utc(day) - timedelta(hours=22), utc(day) + timedelta(hours=34)
    for _ in range(12):
        days = random.randint(1, 127)
        at = time(random.choice([0, 1, 2, 3, 12, 22, 23]), random.randint(0, 59))
        expected = scan(Named(days, at), ZoneInfo(zone), start, stop, MINUTE)
        assert ask(weekly(days, at, zone), start, stop) == expected, (days, at)


@pytest.mark.parametrize(
    ("days", "code"),
    [(None, "required"), (0, "out_of_range"), (128, "out_of_range"), (-1, "out_of_range")]
    + [(days, "out_of_range") for days in (True, 1.0, "2")],
)
def test_days_that_are_no_sum_of_bits_are_refused(days, code):
    [error] = refusal(kind="weekly", time_of_day=time(6, 7, 8), days_of_week=days).errors
    assert (error.field, error.code) == ("days_of_week", code)
    assert "1 Sunday, 2 Monday" in error.detail


def test_all_that_a_weekly_rule_lacks_is_named_at_once():
    errors = refusal(kind="weekly").errors
    assert [(error.field, error.code) for error in errors] == [
        ("time_of_day", "required"),
        ("days_of_week", "required"),
    ]
    assert errors[0].detail == "a weekly rule needs a time of day, for example 06:00:00"


@pytest.mark.parametrize(
    ("anchor", "days"),
    [
        ("2026-01-05", [5, 9, 11, 19, 23]),
        # Weeks begin on Monday, so this Sunday belongs to the same week.
        ("2026-01-11", [5, 9, 11, 19, 23]),
        ("2026-01-12", [4, 12, 16, 18, 26]),
    ],
)
def test_every_second_week_is_counted_from_the_week_of_the_anchor(anchor, days):
    rule = weekly(MONDAY | FRIDAY | SUNDAY, repeat_every=2, anchor=utc(f"{anchor}T12:00"))
    expected = [f"2026-01-{day:02}T06:00" for day in days]
    assert fires(rule, "2026-01-02T12:00", 5) == expected


def test_the_start_takes_the_place_of_the_anchor():
    fields = {"anchor": utc("2026-01-05"), "start_at": utc("2026-01-14")}
    rule = weekly(MONDAY | FRIDAY, repeat_every=3, **fields)
    expected = ["2026-01-16T06:00", "2026-02-02T06:00", "2026-02-06T06:00"]
    assert fires(rule, NEW_YEAR, 3) == expected


def test_the_week_that_is_counted_from_is_that_of_the_zone():
    sunday_in_utc = utc("2026-01-04T16:00")
    rule = weekly(MONDAY, time(12), "Asia/Tokyo", repeat_every=2, anchor=sunday_in_utc)
    assert fires(rule, NEW_YEAR, 2) == ["2026-01-05T03:00", "2026-01-19T03:00"]


@pytest.mark.parametrize("every", [1, 2, 3, 7, 52, 520])
def test_every_nth_week_against_a_walk_over_the_days(every):
    random = seeded(every)
    for _ in range(20):
        days = random.randint(1, 127)
        anchor = utc("2026-01-01") + timedelta(days=random.randint(0, 3000))
        rule = weekly(days, repeat_every=every, anchor=anchor)
        monday = anchor - timedelta(days=anchor.weekday())
        expected = []
        for number in range(every * 14):
            day = monday + timedelta(days=number)
            if number // 7 % every == 0 and days >> day.isoweekday() % 7 & 1:
                expected.append(f"{day:%Y-%m-%d}T06:00")
        assert fires(rule, f"{monday:%Y-%m-%d}", len(expected)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["12-25", "12-28"]),
        ({"roll": "following"}, ["12-29", "01-04"]),
        ({"roll": "preceding"}, ["12-24", "12-31"]),
        ({"roll": "skip"}, ["01-04", "01-08"]),
        ({"adjust_to_previous_business_day": True}, ["12-24", "12-31"]),
        ({"adjust_to_previous_business_day": False}, ["12-25", "12-28"]),
        ({"roll": "following", "offset_business_days": 1}, ["12-22", "12-30"]),
    ],
)
def test_days_of_the_week_may_roll(fields, expected):
    rule = weekly(MONDAY | FRIDAY, calendar=ENGLAND, **fields)
    years = ["2027" if day < "06" else "2026" for day in expected]
    full = [f"{year}-{day}T06:00" for year, day in zip(years, expected, strict=True)]
    assert fires(rule, "2026-12-21T12:00", 2) == full


def test_every_second_week_may_roll_too():
    rule = weekly(
        MONDAY, repeat_every=2, anchor=utc("2026-12-28"), roll="preceding", calendar=ENGLAND
    )
    assert fires(rule, "2026-12-20", 2) == ["2026-12-24T06:00", "2027-01-11T06:00"]
    words = "on Monday of every 2nd week (counted from that of 28 December 2026)"
    assert rule.describe() == (
        f"At 06:00 {words} or the business day before, UTC time, England holidays"
    )


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"repeat_every": 0}, [("repeat_every", "out_of_range")]),
        ({"repeat_every": 521}, [("repeat_every", "out_of_range")]),
        ({"repeat_every": 2}, [("anchor", "required")]),
        ({"roll": "back"}, [("roll", "unknown_choice")]),
        ({"offset_business_days": 2}, [("offset_business_days", "not_allowed")]),
        (
            {"roll": "skip", "offset_business_days": 99},
            [("offset_business_days", "out_of_range")],
        ),
        (
            {"roll": "following", "adjust_to_previous_business_day": True},
            [("adjust_to_previous_business_day", "conflict")],
        ),
        (
            {"repeat_every": 0, "roll": "back", "offset_business_days": "1"},
            [
                ("repeat_every", "out_of_range"),
                ("roll", "unknown_choice"),
                ("offset_business_days", "out_of_range"),
            ],
        ),
    ],
)
def test_fields_that_are_wrong_are_named(fields, problems):
    invalid = refusal(kind="weekly", time_of_day=time(6, 7, 8), days_of_week=MONDAY, **fields)
    assert [(error.field, error.code) for error in invalid.errors] == problems

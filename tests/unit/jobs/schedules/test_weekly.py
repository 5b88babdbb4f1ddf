from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import cron, fires, refusal, utc
from tests.unit.jobs.schedules.scanning import CHANGES, MINUTE, ask, scan
from tests.unit.jobs.schedules.writing import seeded

SUNDAY, MONDAY, WEDNESDAY, FRIDAY, SATURDAY = 1, 2, 8, 32, 64
NEW_YEAR = "2026-01-01T00:00:30"  # a Thursday


def weekly(days, at=time(6), zone="UTC"):
    spec = RuleSpec(kind="weekly", days_of_week=days, time_of_day=at, timezone=zone)
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

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import cron, fires, refusal, utc
from tests.unit.jobs.schedules.scanning import CHANGES, MINUTE, ask, scan
from tests.unit.jobs.schedules.writing import seeded


def monthly(day, at=time(6), zone="UTC"):
    spec = RuleSpec(kind="monthly", day_of_month=day, time_of_day=at, timezone=zone)
    return compile_rule(spec)


@pytest.mark.parametrize(
    ("day", "after", "expected"),
    [
        (31, "2026-01-01T00:00", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        (30, "2026-01-31T00:00", ["2026-02-28", "2026-03-30", "2026-04-30"]),
        (29, "2027-02-01T00:00", ["2027-02-28", "2027-03-29"]),
        (29, "2028-02-01T00:00", ["2028-02-29", "2028-03-29"]),
        (31, "2028-02-01T00:00", ["2028-02-29", "2028-03-31"]),
        (31, "2100-02-01T00:00", ["2100-02-28", "2100-03-31"]),
        (28, "2026-02-01T00:00", ["2026-02-28", "2026-03-28"]),
        (1, "2026-12-01T07:00", ["2027-01-01", "2027-02-01"]),
        (15, "2026-12-15T05:59:59", ["2026-12-15", "2027-01-15"]),
        (15, "2026-12-15T06:00:00", ["2027-01-15", "2027-02-15"]),
    ],
)
def test_monthly_fires_on_its_day_or_on_the_last_of_a_shorter_month(day, after, expected):
    full = [f"{text}T06:00" for text in expected]
    assert fires(monthly(day), after, len(full)) == full


@pytest.mark.parametrize("day", range(1, 32))
def test_every_month_of_five_years_has_one_fire_by_the_calendar(day):
    months = [(year, month) for year in range(2026, 2031) for month in range(1, 13)]
    expected = [date(y, m, min(day, monthrange(y, m)[1])) for y, m in months]
    found = fires(monthly(day), "2026-01-01T00:00", len(months))
    assert found == [f"{named}T06:00" for named in expected]


@pytest.mark.parametrize("day", range(1, 29))
def test_a_day_of_every_month_means_what_cron_means_by_it(day):
    same = cron(f"30 6 {day} * *", "America/New_York")
    rule = monthly(day, time(6, 30), "America/New_York")
    assert fires(rule, "2026-01-01T00:00", 30) == fires(same, "2026-01-01T00:00", 30)


class Named:
    """The walls that a monthly rule names, said as plainly as can be."""

    is_fixed_time = True

    def __init__(self, day, at):
        self.day, self.at = day, at

    def matches(self, wall):
        last = monthrange(wall.year, wall.month)[1]
        return wall.time() == self.at and wall.day == min(self.day, last)


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_every_minute_around_a_change_of_the_clock(zone, day):
    random = seeded(f"monthly {zone} {day}")
    start, stop = utc(day) - timedelta(hours=22), utc(day) + timedelta(hours=34)
    changed = datetime.fromisoformat(day)
    for _ in range(12):
        near = (changed + timedelta(days=random.randint(-1, 1))).day
        named = random.choice([near, near, 31, 30])
        at = time(random.choice([0, 1, 2, 3, 12, 22, 23]), random.randint(0, 59))
        expected = scan(Named(named, at), ZoneInfo(zone), start, stop, MINUTE)
        assert ask(monthly(named, at, zone), start, stop) == expected, (named, at)


@pytest.mark.parametrize("day", [0, 32, -32, True, 1.0, "1"])
def test_a_day_out_of_range_is_refused(day):
    [error] = refusal(kind="monthly", time_of_day=time(6, 7, 8), day_of_month=day).errors
    assert (error.field, error.code) == ("day_of_month", "out_of_range")
    assert error.detail == f"{day!r} is not 1 to 31, or -1 (the last) to -31"


def test_all_that_a_monthly_rule_lacks_is_named_at_once():
    errors = refusal(kind="monthly").errors
    assert [(error.field, error.code) for error in errors] == [
        ("time_of_day", "required"),
        ("day_of_month", "required"),
    ]

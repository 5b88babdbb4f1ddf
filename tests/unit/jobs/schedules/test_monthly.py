from calendar import monthrange
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import RuleSpec, compile_rule
from jobs.schedules.bits import bitset, members
from jobs.schedules.days import DayPattern
from tests.unit.jobs.schedules.asking import cron, fires, refusal, utc
from tests.unit.jobs.schedules.calendars import ENGLAND, dates
from tests.unit.jobs.schedules.scanning import CHANGES, MINUTE, ask, scan
from tests.unit.jobs.schedules.writing import seeded


def monthly(day, at=time(6), zone="UTC", **fields):
    spec = RuleSpec(kind="monthly", day_of_month=day, time_of_day=at, timezone=zone, **fields)
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


def test_days_that_collide_on_the_last_of_a_short_month_are_one_date():
    both = DayPattern(days=bitset([30, 31]), short_month="clamp")
    found = [members(both.in_month(2026, month)) for month in (1, 2, 3, 4)]
    assert found == [[30, 31], [28], [30, 31], [30]]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (-1, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        (-3, ["2026-01-29", "2026-02-26", "2026-03-29", "2026-04-28"]),
        (-28, ["2026-01-04", "2026-02-01", "2026-03-04", "2026-04-03"]),
        # Only January, March and May have a 31st day from the end.
        (-31, ["2026-01-01", "2026-03-01", "2026-05-01", "2026-07-01"]),
    ],
)
def test_days_from_the_end_skip_months_that_lack_them(day, expected):
    assert dates(monthly(day), "2026-01-01", 4) == expected


@pytest.mark.parametrize(
    ("day", "policy", "expected"),
    [
        (31, "clamp", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        (31, "skip", ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]),
        (31, "next", ["2026-01-31", "2026-03-01", "2026-03-31", "2026-05-01"]),
        (29, "next", ["2026-01-29", "2026-03-01", "2026-03-29", "2026-04-29"]),
        (15, "next", ["2026-01-15", "2026-02-15", "2026-03-15", "2026-04-15"]),
        (15, "skip", ["2026-01-15", "2026-02-15", "2026-03-15", "2026-04-15"]),
    ],
)
def test_what_a_short_month_does_is_a_choice(day, policy, expected):
    assert dates(monthly(day, short_month=policy), "2026-01-02", 4) == expected


def test_the_first_of_the_next_month_says_what_it_stands_for():
    rule = monthly(31, short_month="next")
    note = "February 2026 has no day 31; the first of the next month counts"
    assert rule.explain(utc("2026-03-01T06:00")).notes == (note,)
    assert rule.explain(utc("2026-03-31T06:00")).notes == ()
    words = "on day 31 of the month (after shorter months the first of the next)"
    assert rule.describe() == f"At 06:00 {words}, UTC time"


@pytest.mark.parametrize(
    ("nth", "weekdays", "expected"),
    [
        (1, 32, ["2026-01-02", "2026-02-06", "2026-03-06"]),
        (3, 8, ["2026-01-21", "2026-02-18", "2026-03-18"]),
        (5, 32, ["2026-01-30", "2026-05-29", "2026-07-31"]),
        (-1, 32, ["2026-01-30", "2026-02-27", "2026-03-27"]),
        (-2, 32, ["2026-01-23", "2026-02-20", "2026-03-20"]),
        (-5, 32, ["2026-01-02", "2026-05-01", "2026-07-03"]),
        # The n-th of each.
        (1, 2 | 4, ["2026-01-05", "2026-01-06", "2026-02-02"]),
    ],
)
def test_the_nth_weekday_skips_months_without_a_fifth(nth, weekdays, expected):
    rule = monthly(None, nth_weekday=nth, days_of_week=weekdays)
    assert dates(rule, "2026-01-01T12:00", 3) == expected


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5, -1])
def test_the_nth_weekday_means_what_cron_means_by_it(nth):
    mark = "L" if nth == -1 else f"#{nth}"
    same, rule = cron(f"0 6 * * 3{mark}"), monthly(None, nth_weekday=nth, days_of_week=8)
    assert fires(rule, "2026-01-01", 30) == fires(same, "2026-01-01", 30)


def test_days_of_the_month_may_roll():
    fields = {"calendar": ENGLAND, "zone": "Europe/London"}
    assert dates(monthly(25, **fields), "2026-12-01", 1) == ["2026-12-25"]
    assert dates(monthly(25, roll="following", **fields), "2026-12-01", 1) == ["2026-12-29"]
    back = monthly(25, adjust_to_previous_business_day=True, **fields)
    assert dates(back, "2026-12-01", 1) == ["2026-12-24"]
    assert back.describe() == (
        "At 06:00 on day 25 of the month or the business day before, "
        "Europe/London time, England holidays"
    )
    assert monthly(25, **fields).describe() == (
        "At 06:00 on day 25 of the month, Europe/London time; "
        "England gives business dates and excludes no day"
    )


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"day_of_month": 1, "nth_weekday": 1, "days_of_week": 2}, [("nth_weekday", "conflict")]),
        ({"day_of_month": 1, "days_of_week": 2}, [("days_of_week", "conflict")]),
        ({"days_of_week": 2}, [("day_of_month", "required")]),
        ({"nth_weekday": 1}, [("days_of_week", "required")]),
        ({"nth_weekday": 0, "days_of_week": 2}, [("nth_weekday", "out_of_range")]),
        ({"nth_weekday": 6, "days_of_week": 2}, [("nth_weekday", "out_of_range")]),
        ({"nth_weekday": -6, "days_of_week": 2}, [("nth_weekday", "out_of_range")]),
        ({"nth_weekday": True, "days_of_week": 2}, [("nth_weekday", "out_of_range")]),
        ({"nth_weekday": 1, "days_of_week": 0}, [("days_of_week", "out_of_range")]),
        ({"day_of_month": 1, "repeat_every": 0}, [("repeat_every", "out_of_range")]),
        ({"day_of_month": 1, "repeat_every": 121}, [("repeat_every", "out_of_range")]),
        ({"day_of_month": 1, "repeat_every": "3"}, [("repeat_every", "out_of_range")]),
        ({"day_of_month": 1, "repeat_every": 2}, [("anchor", "required")]),
        ({"repeat_every": 121}, [("repeat_every", "out_of_range"), ("day_of_month", "required")]),
        (
            {
                **{"day_of_month": 31, "short_month": "skip"},
                **{"repeat_every": 12, "anchor": utc("2026-02-01")},
            },
            [("repeat_every", "never_fires")],
        ),
        (
            {"nth_weekday": 5, "days_of_week": 2, "short_month": "clamp"},
            [("short_month", "not_allowed")],
        ),
        ({"day_of_month": -30, "short_month": "clamp"}, [("short_month", "not_allowed")]),
        ({"day_of_month": -30, "short_month": "next"}, [("short_month", "not_allowed")]),
        ({"day_of_month": -1, "short_month": "last"}, [("short_month", "unknown_choice")]),
        ({"day_of_month": 31, "short_month": "last"}, [("short_month", "unknown_choice")]),
        (
            {"day_of_month": 31, "offset_business_days": 1},
            [("offset_business_days", "not_allowed")],
        ),
    ],
)
def test_fields_that_are_wrong_or_contradict_each_other_are_named(fields, problems):
    invalid = refusal(kind="monthly", time_of_day=time(6, 7, 8), **fields)
    assert [(error.field, error.code) for error in invalid.errors] == problems


@pytest.mark.parametrize("fields", [{"day_of_month": -30}, {"nth_weekday": 5, "days_of_week": 2}])
def test_to_skip_what_a_month_lacks_may_be_said_in_so_many_words(fields):
    spec = RuleSpec(kind="monthly", time_of_day=time(6), short_month="skip", **fields)
    assert compile_rule(spec).next(utc("2026-01-01"))


def test_a_refusal_says_what_to_write():
    def detail(**fields):
        [error] = refusal(kind="monthly", time_of_day=time(6, 7, 8), **fields).errors
        return error.detail

    assert detail(day_of_month=-30, short_month="clamp") == (
        "day_of_month -30 skips a month that lacks it; leave short_month out or use skip"
    )
    assert detail(day_of_month=31, short_month="last") == (
        "'last' is not known; use skip, clamp, next"
    )
    assert detail(day_of_month=1, nth_weekday=1, days_of_week=2) == (
        "nth_weekday and day_of_month name different days; leave one of them out"
    )

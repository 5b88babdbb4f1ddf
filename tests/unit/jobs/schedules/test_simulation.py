"""Many months of fires, with what touches them."""

from datetime import date, time

import pytest

from jobs.schedules import BusinessCalendar, Exclusion, RuleSpec, compile_rule
from jobs.schedules.simulation import simulate
from tests.unit.jobs.schedules.asking import shown, utc

BERLIN = "Europe/Berlin"
LUNCH = Exclusion("Lunch", on_excluded="defer", from_time=time(11), until_time=time(13, 30))
SUNDAYS = Exclusion("Sundays", days_of_week=1, from_time=time(0), until_time=time(0))


def simulated(start, *, months=1, most=5_000, kind="cron", **fields):
    spec = RuleSpec(kind=kind, **fields)
    return simulate(compile_rule(spec), spec, start=utc(start), months=months, most=most)


def marked(start, **fields):
    """The fires that are no plain ones."""
    found = simulated(start, **fields)
    return [(shown(fire.at), fire.mark) for fire in found.fires if fire.mark != "none"]


def test_two_years_show_each_change_of_the_clock():
    assert marked("2026-01-01T00:00", months=24, cron_expression="30 2 * * *", timezone=BERLIN) == [
        ("2026-03-29T01:00", "gap"),
        ("2026-10-25T00:30", "repeat"),
        ("2027-03-28T01:00", "gap"),
        ("2027-10-31T00:30", "repeat"),
    ]


def test_both_of_a_repeat_are_marked_and_what_is_skipped_in_a_gap_is_not_there():
    found = marked(
        "2026-01-01T00:00",
        months=12,
        cron_expression="30 2 * * *",
        timezone=BERLIN,
        dst_gap="skip",
        dst_repeat="both",
    )
    assert found == [("2026-10-25T00:30", "repeat"), ("2026-10-25T01:30", "repeat")]


def test_what_waits_is_told_once_and_what_is_skipped_is_told_too():
    found = simulated(
        "2026-05-02T10:00", cron_expression="30 11,12,14 * * *", exclusions=(LUNCH, SUNDAYS)
    )
    assert [(shown(fire.at), fire.mark) for fire in found.fires[:6]] == [
        ("2026-05-02T13:30", "deferred"),
        ("2026-05-02T14:30", "none"),
        ("2026-05-03T11:30", "skipped"),
        ("2026-05-03T12:30", "skipped"),
        ("2026-05-03T14:30", "skipped"),
        ("2026-05-04T13:30", "deferred"),
    ]
    assert found.fires[0].notes == ("11:30 and 12:30 are excluded by Lunch; run once at 13:30",)
    assert found.fires[2].notes == ("skipped: excluded by Sundays",)
    assert not found.is_cut


def test_what_waited_before_the_start_is_told():
    found = simulated("2026-05-04T13:00", cron_expression="0 12 * * *", exclusions=(LUNCH,))
    assert (shown(found.fires[0].at), found.fires[0].mark) == ("2026-05-04T13:30", "deferred")


def test_a_slot_at_the_end_of_its_exclusion_is_told_once():
    found = simulated("2026-05-04T12:00", cron_expression="0,30 * * * *", exclusions=(LUNCH,))
    assert [(shown(fire.at), fire.mark) for fire in found.fires[:2]] == [
        ("2026-05-04T13:30", "deferred"),
        ("2026-05-04T14:00", "none"),
    ]


def test_a_shorter_month_is_a_shift():
    found = simulated(
        "2026-01-01T00:00", months=3, kind="monthly", time_of_day=time(6), day_of_month=31
    )
    assert [(shown(fire.at), fire.mark) for fire in found.fires] == [
        ("2026-01-31T06:00", "none"),
        ("2026-02-28T06:00", "shifted"),
        ("2026-03-31T06:00", "none"),
    ]


def test_a_roll_is_a_shift_and_keeps_its_business_date():
    found = simulated(
        "2026-12-01T00:00",
        kind="monthly",
        time_of_day=time(7),
        day_of_month=26,
        roll="following",
        calendar=BusinessCalendar(),
    )
    [fire] = found.fires
    assert (shown(fire.at), fire.mark) == ("2026-12-28T07:00", "shifted")
    assert fire.business_date == date(2026, 12, 26)


@pytest.mark.parametrize(
    ("start", "first", "last"),
    [
        ("2026-01-31T06:00", "2026-01-31T06:00", "2026-02-28T06:00"),
        ("2026-01-31T06:00:01", "2026-02-01T06:00", "2026-02-28T06:00"),
        ("2026-12-15T06:00", "2026-12-15T06:00", "2027-01-15T06:00"),
    ],
)
def test_it_starts_with_its_start_and_ends_so_many_months_later(start, first, last):
    found = simulated(start, kind="daily", time_of_day=time(6))
    assert (shown(found.fires[0].at), shown(found.fires[-1].at)) == (first, last)


def test_a_long_one_is_cut():
    found = simulated("2026-01-01T00:00", cron_expression="* * * * *", most=100)
    assert (len(found.fires), found.is_cut) == (100, True)


def test_one_that_just_fits_is_not_cut():
    fields = {"kind": "daily", "time_of_day": time(6)}
    assert not simulated("2026-01-01T00:00", most=31, **fields).is_cut
    assert simulated("2026-01-01T00:00", most=30, **fields).is_cut


def test_a_calendar_that_ends_cuts_it():
    calendar = BusinessCalendar("UK", first_year=2020, last_year=2026)
    weekends = Exclusion("Weekends", calendar=calendar)
    found = simulated("2026-12-30T00:00", kind="daily", time_of_day=time(6), exclusions=(weekends,))
    assert ([shown(fire.at) for fire in found.fires], found.is_cut) == (
        ["2026-12-30T06:00", "2026-12-31T06:00"],
        True,
    )

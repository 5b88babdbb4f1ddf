"""Blackouts: what they skip, what they defer, and where their edges are."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import (
    BusinessCalendar,
    CalendarOutOfDate,
    Exclusion,
    InvalidRule,
    RuleSpec,
    compile_rule,
)
from jobs.schedules.exclusion_errors import exclusion_errors
from tests.unit.jobs.schedules.asking import fires, refusal, shown, utc
from tests.unit.jobs.schedules.scanning import CHANGES, MINUTE, SECOND, ask, show_clock
from tests.unit.jobs.schedules.writing import seeded

BERLIN = "Europe/Berlin"
MONDAY, SATURDAY = 2, 64


def excluding(*exclusions, expression="0 * * * *", timezone="UTC", **fields):
    return compile_rule(
        RuleSpec(
            kind="cron",
            cron_expression=expression,
            timezone=timezone,
            exclusions=exclusions,
            **fields,
        )
    )


def daily(first, last, **fields):
    return Exclusion(
        fields.pop("name", "Lunch freeze"),
        from_time=time.fromisoformat(first),
        until_time=time.fromisoformat(last),
        **fields,
    )


def between(first, last, **fields):
    return Exclusion("Migration", starts_at=utc(first), ends_at=utc(last), **fields)


MAY_DAY = BusinessCalendar("May", holidays={date(2026, 5, 4): "May Day"})
LUNCH = daily("11:00", "13:30", on_excluded="defer")


def test_slots_of_one_deferring_window_become_one_run_at_its_end():
    rule = excluding(LUNCH)
    assert fires(rule, "2026-05-04T10:00", 3) == [
        "2026-05-04T13:30",
        "2026-05-04T14:00",
        "2026-05-04T15:00",
    ]
    assert rule.explain(utc("2026-05-04T13:30")).notes == (
        "11:00, 12:00 and 13:00 are excluded by Lunch freeze; run once at 13:30",
    )


def test_skipped_slots_never_run():
    assert fires(excluding(daily("11:00", "13:30")), "2026-05-04T09:30", 3) == [
        "2026-05-04T10:00",
        "2026-05-04T14:00",
        "2026-05-04T15:00",
    ]


def test_slots_stay_what_they_are_whatever_is_excluded():
    rule = excluding(LUNCH)
    assert rule.next_slot(utc("2026-05-04T11:00")) == utc("2026-05-04T12:00")
    assert rule.judge(utc("2026-05-04T10:00")) is None
    verdict = rule.judge(utc("2026-05-04T12:00"))
    assert (verdict.exclusion, verdict.until) == (LUNCH, utc("2026-05-04T13:30"))
    assert rule.explain(utc("2026-05-04T12:00")).notes == ()


def test_a_skipped_slot_waits_for_nothing():
    skipping = daily("11:00", "13:30")
    verdict = excluding(skipping).judge(utc("2026-05-04T12:00"))
    assert (verdict.exclusion, verdict.until) == (skipping, None)


@pytest.mark.parametrize(
    ("slot", "is_excluded"),
    [("10:59", False), ("11:00", True), ("13:29", True), ("13:30", False)],
)
def test_a_window_begins_with_its_first_instant_and_ends_before_its_last(slot, is_excluded):
    rule = excluding(daily("11:00", "13:30"), expression="* * * * *")
    assert (rule.judge(utc(f"2026-05-04T{slot}")) is not None) == is_excluded


@pytest.mark.parametrize("after", ["10:00", "10:59:59", "11:00", "12:34:56", "13:29:59"])
def test_a_deferred_run_is_found_from_anywhere_inside_its_window(after):
    assert fires(excluding(LUNCH), f"2026-05-04T{after}", 1) == ["2026-05-04T13:30"]


def test_nothing_runs_at_the_end_of_a_window_that_no_slot_waits_in():
    rule = excluding(LUNCH, expression="0 15 * * *")
    assert fires(rule, "2026-05-04T12:00", 1) == ["2026-05-04T15:00"]


def test_a_slot_at_the_end_of_the_window_runs_once_for_itself_and_those_that_waited():
    rule = excluding(daily("11:00", "13:00", on_excluded="defer"))
    assert fires(rule, "2026-05-04T10:00", 2) == ["2026-05-04T13:00", "2026-05-04T14:00"]
    nominal = rule.explain(utc("2026-05-04T13:00"))
    assert nominal.wall == datetime.fromisoformat("2026-05-04T11:00")
    assert nominal.notes == ("11:00 and 12:00 are excluded by Lunch freeze; run once at 13:00",)


def test_of_many_that_wait_a_few_are_named_and_the_first_is_the_one_that_runs():
    rule = excluding(daily("22:00", "04:00", on_excluded="defer"), expression="*/7 * * * *")
    assert fires(rule, "2026-05-04T21:56", 2) == ["2026-05-05T04:00", "2026-05-05T04:07"]
    night = excluding(daily("22:00", "04:10", on_excluded="defer"), expression="*/7 * * * *")
    nominal = night.explain(utc("2026-05-05T04:10"))
    assert nominal.wall == datetime.fromisoformat("2026-05-04T22:00")
    assert nominal.business_date == date(2026, 5, 4)
    assert nominal.notes == (
        "2026-05-04 22:00, 2026-05-04 22:07, 2026-05-04 22:14 and later ones are excluded by "
        "Lunch freeze; run once at 04:10",
    )


def test_one_that_waits_alone():
    nominal = excluding(LUNCH, expression="0 12 * * *").explain(utc("2026-05-04T13:30"))
    assert nominal.notes == ("12:00 is excluded by Lunch freeze; runs at 13:30",)


@pytest.mark.parametrize(
    ("exclusion", "expected"),
    [
        (between("2026-05-04T11:00", "2026-05-05T09:30"), "2026-05-05T10:00"),
        (
            between("2026-05-04T11:00", "2026-05-05T09:30", on_excluded="defer"),
            "2026-05-05T09:30",
        ),
        (Exclusion("x", first_date=date(2026, 5, 4), last_date=date(2026, 5, 4)), "05-05T00:00"),
        (Exclusion("x", first_date=date(2026, 5, 1), last_date=date(2026, 5, 9)), "05-10T00:00"),
        (daily("00:00", "00:00", days_of_week=MONDAY), "05-05T00:00"),
        (daily("22:00", "06:00", days_of_week=MONDAY), "05-04T11:00"),
        (daily("10:00", "09:00", days_of_week=MONDAY), "05-05T09:00"),
        (daily("10:00", "10:00", days_of_week=MONDAY), "05-05T10:00"),
        (
            Exclusion("x", calendar=BusinessCalendar(holidays={date(2026, 5, 4): "x"})),
            "05-05T00:00",
        ),
    ],
)
def test_each_form_of_exclusion(exclusion, expected):
    full = expected if expected.startswith("2026") else f"2026-{expected}"
    assert fires(excluding(exclusion), "2026-05-04T10:30", 1) == [full]


def test_a_window_past_midnight_belongs_to_the_day_it_begins():
    rule = excluding(daily("22:00", "06:00", days_of_week=SATURDAY), expression="0 5,23 * * *")
    assert fires(rule, "2026-05-08T00:00", 5) == [  # a Friday
        "2026-05-08T05:00",
        "2026-05-08T23:00",
        "2026-05-09T05:00",
        "2026-05-10T23:00",
        "2026-05-11T05:00",
    ]


def test_weekends_of_a_calendar_defer_to_monday():
    weekends = Exclusion("Weekends", on_excluded="defer", calendar=BusinessCalendar())
    rule = excluding(weekends, expression="0 12 * * *", timezone=BERLIN)
    assert fires(rule, "2026-05-08T12:00", 2) == ["2026-05-10T22:00", "2026-05-11T10:00"]
    assert rule.explain(utc("2026-05-10T22:00")).notes == (
        "2026-05-09 12:00 and 2026-05-10 12:00 are excluded by Weekends; run once at 00:00",
    )


def test_local_windows_are_in_the_schedules_zone_or_in_their_own():
    own = excluding(daily("11:00", "13:30"), expression="0 9,11 * * *", timezone=BERLIN)
    assert fires(own, "2026-05-04T00:00", 2) == ["2026-05-04T07:00", "2026-05-05T07:00"]
    utc_window = daily("11:00", "13:30", timezone="UTC")
    other = excluding(utc_window, expression="0 11,14 * * *", timezone=BERLIN)
    assert fires(other, "2026-05-04T00:00", 2) == ["2026-05-04T09:00", "2026-05-05T09:00"]


def test_skip_wins_over_defer():
    rule = excluding(LUNCH, daily("12:00", "14:30", name="Backup"))
    # 11:00 is deferred to 13:30, which is within the backup.
    assert fires(rule, "2026-05-04T09:30", 2) == ["2026-05-04T10:00", "2026-05-04T15:00"]
    assert [rule.judge(utc(f"2026-05-04T{hour}:00")).until for hour in (11, 12, 14)] == [None] * 3


def test_a_deferred_slot_may_land_in_another_window_that_defers():
    rule = excluding(LUNCH, between("2026-05-04T13:00", "2026-05-04T16:15", on_excluded="defer"))
    assert fires(rule, "2026-05-04T10:00", 2) == ["2026-05-04T16:15", "2026-05-04T17:00"]
    assert rule.next(utc("2026-05-04T16:00")) == utc("2026-05-04T16:15")
    assert (
        rule.explain(utc("2026-05-04T16:15"))
        .notes[0]
        .endswith("are excluded by Lunch freeze and Migration; run once at 16:15")
    )


def test_slots_that_wait_for_one_another_share_one_fate():
    until_two = between("2026-05-04T13:00", "2026-05-04T14:00", on_excluded="defer")
    backup = daily("13:20", "13:40", name="Backup")
    rule = excluding(LUNCH, until_two, backup)
    # At 13:30, where lunch ends, they still wait; at 14:00 the backup is over.
    assert fires(rule, "2026-05-04T10:00", 2) == ["2026-05-04T14:00", "2026-05-04T15:00"]


def test_a_second_by_second_rule_passes_days_in_a_few_steps():
    week = between("2026-05-04T00:00", "2026-05-11T00:00", on_excluded="defer")
    backup = between("2026-05-11T00:00", "2026-05-18T00:00")
    rule = excluding(week, backup, expression="* * * * * *")
    assert fires(rule, "2026-05-03T23:59:59", 1) == ["2026-05-18T00:00"]
    assert rule.judge(utc("2026-05-05T00:00")).exclusion is backup


def test_what_would_run_after_the_end_of_the_schedule_does_not():
    rule = excluding(LUNCH, end_at=utc("2026-05-04T13:00"))
    assert fires(rule, "2026-05-04T09:00", 2) == ["2026-05-04T10:00", None]
    assert rule.judge(utc("2026-05-04T12:00")).until is None


def test_slots_before_the_start_do_not_wait():
    rule = excluding(LUNCH, start_at=utc("2026-05-04T13:10"))
    assert fires(rule, "2026-05-04T00:00", 1) == ["2026-05-04T14:00"]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        # 02:30 of 29 March runs at 03:00, and that is what is excluded or not.
        (daily("02:00", "03:00"), "2026-03-29T01:00"),
        (daily("03:00", "04:00"), "2026-03-30T00:30"),
    ],
)
def test_what_the_clock_moved_is_judged_where_it_went(window, expected):
    rule = excluding(window, expression="30 2 * * *", timezone=BERLIN)
    assert fires(rule, "2026-03-29T00:00", 1) == [expected]


@pytest.mark.parametrize(
    ("window", "instant", "expected"),
    [
        # 02:00 to 03:00 happens twice in Berlin on 25 October.
        (daily("01:30", "03:30"), "10-25T00:30", ("10-24T23:30", "10-25T02:30")),
        (daily("02:15", "02:45"), "10-25T00:20", ("10-25T00:15", "10-25T00:45")),
        (daily("02:15", "02:45"), "10-25T01:20", ("10-25T01:15", "10-25T01:45")),
        (daily("02:00", "03:00"), "10-25T01:20", ("10-25T00:00", "10-25T02:00")),
        (daily("00:00", "02:30"), "10-25T01:20", ("10-25T01:00", "10-25T01:30")),
        # And does not on 29 March.
        (daily("01:30", "02:30"), "03-29T00:45", ("03-29T00:30", "03-29T01:00")),
        (daily("02:30", "03:30"), "03-29T01:15", ("03-29T01:00", "03-29T01:30")),
        (daily("02:15", "02:45"), "03-29T01:00", None),
        (
            Exclusion("x", first_date=date(2026, 3, 29), last_date=date(2026, 3, 29)),
            "03-29T01:00",
            ("03-28T23:00", "03-29T22:00"),
        ),
    ],
)
def test_local_windows_where_the_clock_jumps(window, instant, expected):
    found = window.window_around(utc(f"2026-{instant}"), ZoneInfo(BERLIN))
    shown_window = found and tuple(shown(edge).removeprefix("2026-") for edge in found)
    assert shown_window == expected


def shows(exclusion, wall):
    """Whether a clock that shows this time is within a window, said as plainly as can be."""
    if exclusion.first_date:
        return exclusion.first_date <= wall.date() <= exclusion.last_date
    first, last = exclusion.from_time, exclusion.until_time
    begins_today, began_yesterday = (
        bool(exclusion.days_of_week >> day.isoweekday() % 7 & 1)
        for day in (wall, wall - timedelta(days=1))
    )
    if first < last:
        return begins_today and first <= wall.time() < last
    return (begins_today and wall.time() >= first) or (began_yesterday and wall.time() < last)


def random_exclusion(random, day):
    on_excluded = random.choice(["skip", "defer"])
    if random.random() < 0.2:
        return Exclusion("A day", on_excluded, first_date=day, last_date=day)
    first, last = random.sample(range(0, 24 * 4), 2)
    first, last = (time(quarter // 4, quarter % 4 * 15) for quarter in (first, last))
    days_of_week = random.choice([127, 127, random.randint(1, 127)])
    return Exclusion(
        "A window", on_excluded, days_of_week=days_of_week, from_time=first, until_time=last
    )


# Where a whole day is left out, the windows of two days may meet.
LESS_THAN_A_DAY = [one for one in CHANGES if one[0] not in ("Pacific/Apia", "Pacific/Kwajalein")]


@pytest.mark.parametrize(("zone", "day"), LESS_THAN_A_DAY)
def test_excluded_is_when_the_clock_shows_such_a_time(zone, day):
    random = seeded(f"windows {zone} {day}")
    middle, days = datetime.fromisoformat(day).replace(tzinfo=UTC), timedelta(days=1)
    clock = dict(show_clock(ZoneInfo(zone), middle - 3 * days, middle + 4 * days, MINUTE))
    for _ in range(6):
        window = random_exclusion(random, middle.date())
        for _ in range(20):
            at = middle - days + random.randint(0, 3 * 24 * 60) * MINUTE
            found = window.window_around(at, ZoneInfo(zone))
            assert (found is not None) == shows(window, clock[at]), (window, at)
            if found:
                start, end = found
                assert start <= at < end
                minutes = (start + n * MINUTE for n in range((end - start) // MINUTE))
                assert all(shows(window, clock[minute]) for minute in minutes), (window, at)
                assert not shows(window, clock[start - MINUTE]), (window, at)
                assert not shows(window, clock[end]), (window, at)


def ends(exclusion, clock):
    """For each instant within a window, the first one after it that is not."""
    found, end = {}, None
    for at, wall in reversed(clock.items()):
        if shows(exclusion, wall):
            found[at] = end
        else:
            end = at
    return found


def walk(slots, exclusions, clock):
    """The runs of these slots: each waits until no window defers it, and then none may skip it."""
    deferring = [ends(one, clock) for one in exclusions if one.on_excluded == "defer"]
    skipping = [ends(one, clock) for one in exclusions if one.on_excluded == "skip"]
    runs = set()
    for slot in slots:
        at = slot
        while waits := [window[at] for window in deferring if at in window]:
            if None in waits:  # for longer than is looked at
                break
            at = max(waits)
        else:
            if not any(moment in window for window in skipping for moment in (slot, at)):
                runs.add(at)
    return sorted(runs)


@pytest.mark.parametrize("expression", ["*/40 * * * *", "30 2,11 * * *"])
@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_runs_equal_those_of_a_walk_over_every_minute(zone, day, expression):
    random = seeded(f"runs {zone} {day} {expression}")
    middle, days = datetime.fromisoformat(day).replace(tzinfo=UTC), timedelta(days=1)
    clock = dict(show_clock(ZoneInfo(zone), middle - 5 * days, middle + 6 * days, MINUTE))
    start, stop = middle - days, middle + 2 * days
    plain = excluding(expression=expression, timezone=zone)
    slots = ask(plain, start - 3 * days, stop)
    for _ in range(3):
        exclusions = [random_exclusion(random, middle.date()) for _ in range(random.randint(1, 3))]
        expected = [at for at in walk(slots, exclusions, clock) if start <= at < stop]
        try:
            rule = excluding(*exclusions, expression=expression, timezone=zone)
        except InvalidRule:
            assert expected == []
            continue
        assert ask(rule, start, stop) == expected, exclusions
        for _ in range(20):
            after = start + random.randint(0, 3 * 24 * 3600 - 1) * SECOND
            later = [at for at in expected if at > after]
            assert not later or rule.next(after) == later[0], (exclusions, after)


@pytest.mark.parametrize(
    "exclusions",
    [
        [daily("00:00", "00:00")],
        [daily("00:00", "12:00"), daily("12:00", "00:00")],
        [daily("00:00", "12:00", on_excluded="defer"), daily("12:00", "00:00")],
        [daily("00:00", "00:00", on_excluded="defer")],
    ],
)
def test_what_is_excluded_for_ever_is_refused(exclusions):
    [error] = refusal(kind="cron", cron_expression="* * * * *", exclusions=tuple(exclusions)).errors
    assert (error.field, error.code) == ("exclusions", "excluded_for_ever")
    assert error.detail.startswith("every fire is excluded by Lunch freeze")


def test_a_schedule_that_only_ever_falls_on_closed_days_is_refused():
    weekends = Exclusion(
        "Weekends", calendar=BusinessCalendar("UK", first_year=2020, last_year=2032)
    )
    [error] = refusal(kind="cron", cron_expression="0 6 * * SUN", exclusions=(weekends,)).errors
    assert (error.field, error.code) == ("exclusions", "excluded_for_ever")


def test_a_year_that_the_calendar_does_not_know_is_an_error_and_not_a_year_without_holidays():
    weekends = Exclusion(
        "Weekends", calendar=BusinessCalendar("UK", first_year=2020, last_year=2026)
    )
    rule = excluding(weekends, expression="0 6 * * *")
    assert fires(rule, "2026-12-30T12:00", 1) == ["2026-12-31T06:00"]
    with pytest.raises(CalendarOutOfDate, match="calendar 'UK' has dates up to 2026, not for 2027"):
        rule.next(utc("2026-12-31T12:00"))


def test_a_long_blackout_is_passed_in_one_step():
    rule = excluding(between("2026-01-01T00:00", "2036-01-01T00:00"), expression="* * * * *")
    assert fires(rule, "2026-01-01T00:00", 1) == ["2036-01-01T00:00"]


def test_asking_at_the_ends_of_time_is_no_error():
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"):
        rule = excluding(daily("22:00", "21:00", on_excluded="defer"), timezone=zone)
        first = datetime.min.replace(tzinfo=ZoneInfo(zone))
        assert rule.next(first) is not None
        assert rule.next(datetime.max.replace(tzinfo=ZoneInfo(zone))) is None


NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("fields", "field", "code", "words"),
    [
        ({}, "starts_at", "required", "nothing is excluded; give one of these: two instants, or"),
        (
            {"first_date": date(2026, 1, 1), "from_time": time(6)},
            "from_time",
            "conflict",
            "a first and a last date and two times of day, on some days of the week or on all do"
            " not go together",
        ),
        ({"starts_at": utc("2026-01-01")}, "ends_at", "required", "the other end of starts_at"),
        ({"ends_at": utc("2026-01-01")}, "starts_at", "required", "the other end of ends_at"),
        (
            {"starts_at": utc("2026-01-01"), "ends_at": utc("2026-01-01")},
            "ends_at",
            "end_before_start",
            "is not after the start, 2026-01-01",
        ),
        (
            {"starts_at": NAIVE, "ends_at": utc("2026-01-01")},
            "starts_at",
            "naive_datetime",
            "has no UTC offset",
        ),
        (
            {"starts_at": utc("2026-01-01"), "ends_at": utc("9999-01-01")},
            "ends_at",
            "out_of_range",
            "use a year up to 9899",
        ),
        (
            {"starts_at": utc("2026-01-01T00:00:00.5"), "ends_at": utc("2027-01-01")},
            "starts_at",
            "invalid_time",
            "use whole seconds",
        ),
        ({"first_date": date(2026, 1, 1)}, "last_date", "required", "the other end of first_date"),
        (
            {"first_date": date(2026, 1, 2), "last_date": date(2026, 1, 1)},
            "last_date",
            "end_before_start",
            "2026-01-01 is before the first, 2026-01-02",
        ),
        (
            {"first_date": date(2026, 1, 2), "last_date": date.max},
            "last_date",
            "out_of_range",
            "use a year up to 9899",
        ),
        ({"from_time": time(6)}, "until_time", "required", "the other end of from_time"),
        ({"days_of_week": 2}, "from_time", "required", "days of the week need the times of day"),
        (
            {"days_of_week": 128, "from_time": time(6), "until_time": time(7)},
            "days_of_week",
            "out_of_range",
            "128 is not a sum of the bits of weekdays",
        ),
        (
            {"from_time": time(6), "until_time": time(7, tzinfo=UTC)},
            "until_time",
            "invalid_time",
            "must not carry an offset",
        ),
        (
            {"from_time": time(6, 0, 0, 1), "until_time": time(7)},
            "from_time",
            "invalid_time",
            "use whole seconds",
        ),
        (
            {"calendar": BusinessCalendar(), "on_excluded": "later"},
            "on_excluded",
            "unknown_choice",
            "use skip or defer",
        ),
        (
            {"calendar": BusinessCalendar(), "timezone": "Europe/Londn"},
            "timezone",
            "unknown_timezone",
            "did you mean Europe/London?",
        ),
    ],
)
def test_a_bad_exclusion_names_the_field_and_the_fix(fields, field, code, words):
    exclusion = Exclusion("Freeze", **fields)
    [error] = exclusion_errors(exclusion)
    assert (error.field, error.code) == (field, code)
    assert words in error.detail
    [of_rule] = refusal(kind="cron", cron_expression="* * * * *", exclusions=(exclusion,)).errors
    assert of_rule.field == "exclusions"
    assert of_rule.detail == f"Freeze: {field}: {error.detail}"


def test_a_sound_exclusion_has_no_errors():
    assert exclusion_errors(LUNCH) == []
    assert exclusion_errors(between("2026-01-01T00:00", "2026-01-02T00:00")) == []

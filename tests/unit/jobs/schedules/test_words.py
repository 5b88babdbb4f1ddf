from datetime import datetime, time

import pytest

from jobs.schedules import RuleSpec, compile_rule
from jobs.schedules.words import ordinal
from tests.unit.jobs.schedules.asking import cron, utc


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 6 * * *", "At 06:00 every day"),
        ("0 6,18 * * *", "At 06:00 and 18:00 every day"),
        ("30 0 6 * * *", "At 06:00:30 every day"),
        ("0 9 * * 1-5", "At 09:00 on Monday-Friday"),
        ("0 9 * * SAT,SUN", "At 09:00 on Saturday and Sunday"),
        ("0 9 * * FRI-MON", "At 09:00 on Monday and Friday-Sunday"),
        ("0 0 1,15 * *", "At 00:00 on days 1 and 15 of the month"),
        ("0 0 29 2 *", "At 00:00 on day 29 of the month, in February only"),
        ("0 0 * 6-8 *", "At 00:00 every day, in June-August only"),
        ("0 0 13 * FRI", "At 00:00 on day 13 of the month OR on Friday"),
        ("0 0 */1 * FRI", "At 00:00 every day OR on Friday"),
        (
            "0 0 13 1,3 FRI",
            "At 00:00 on day 13 of the month OR on Friday, in January and March only",
        ),
        ("* * * * *", "Every minute"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("*/5 * * * MON", "Every 5 minutes on Monday"),
        ("*/15 9-17 * * 1-5", "Every 15 minutes in hours 9-17 on Monday-Friday"),
        ("*/45 * * * *", "At minutes 0 and 45 of every hour"),
        ("0 * * * *", "At minute 0 of every hour"),
        ("5/30 * * * *", "At minutes 5 and 35 of every hour"),
        ("0 */3 * * *", "At minute 0 in hours 0, 3, 6, 9, 12, 15, 18 and 21 every day"),
        ("* * * * * *", "Every second"),
        ("*/10 * * * * *", "Every 10 seconds"),
        ("30 * * * * *", "At second 30 of every minute"),
        ("*/10 5 * * * *", "Every 10 seconds of minute 5 of every hour"),
        (
            "*/10 5 9 * * *",
            "At 09:05:00, 09:05:10, 09:05:20, 09:05:30, 09:05:40 and 09:05:50 every day",
        ),
        ("*/5 0 9 * * *", "Every 5 seconds of minute 0 in hour 9 every day"),
    ],
)
def test_cron_in_plain_words(expression, words):
    assert cron(expression, "Europe/London").describe() == f"{words}, Europe/London time"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 0 L * *", "on the last day of the month"),
        ("0 0 L-3 * *", "on the 3rd day before the last day of the month"),
        ("0 0 15W * *", "on the weekday nearest to day 15 of the month"),
        ("0 0 LW * *", "on the last weekday of the month"),
        (
            "0 0 L-2W * *",
            "on the weekday nearest to the 2nd day before the last day of the month",
        ),
        ("0 0 1,15,L * *", "on day 1, day 15 and the last day of the month"),
        ("0 0 1-5,L * *", "on days 1-5 and the last day of the month"),
        ("0 0 * * FRI#3", "on the 3rd Friday of the month"),
        ("0 0 * * 5L", "on the last Friday of the month"),
        ("0 0 * * MON,WED,FRI#2", "on Monday, Wednesday and the 2nd Friday of the month"),
        ("0 0 1 * FRI#1", "on day 1 of the month OR on the 1st Friday of the month"),
        ("0 0 13 * +FRI", "on day 13 of the month AND on Friday (both must match)"),
        (
            "0 0 L 3 +SUN",
            "on the last day of the month AND on Sunday (both must match), in March only",
        ),
        ("0 0 */1 * +FRI", "on Friday"),
        ("0 0 0 1 * * 2027,2028", "on day 1 of the month, in 2027 and 2028 only"),
        ("0 0 0 1 1,3 * 2027", "on day 1 of the month, in January and March of 2027 only"),
        ("0 0 0 * * * 2027-2030,2035", "every day, in 2027-2030 and 2035 only"),
        ("0 0 0 * * * 2000/2", "every day, in every 2nd year from 2000 to 2098 only"),
        ("0 0 0 * * * 2091/2", "every day, in 2091, 2093, 2095, 2097 and 2099 only"),
    ],
)
def test_dates_of_cron_in_plain_words(expression, words):
    assert cron(expression).describe() == f"At 00:00 {words}, UTC time"


def test_a_hash_says_what_it_picked():
    assert cron("H 2 * * *", hash_key="").describe() == "At 02:55 every day, UTC time"


@pytest.mark.parametrize("number", range(1, 6))
def test_numbers_of_weekdays_are_ordinals(number):
    word = ["1st", "2nd", "3rd", "4th", "5th"][number - 1]
    assert cron(f"0 0 * * TUE#{number}").describe() == (
        f"At 00:00 on the {word} Tuesday of the month, UTC time"
    )


@pytest.mark.parametrize(
    ("number", "words"),
    [
        *((1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th")),
        *((13, "13th"), (21, "21st"), (22, "22nd"), (23, "23rd"), (111, "111th")),
    ],
)
def test_ordinals(number, words):
    assert ordinal(number) == words


@pytest.mark.parametrize(
    ("expression", "remarks"),
    [
        ("*/90 * * * *", ["minute '*/90' means 0 only, its step is too large"]),
        ("*/60 * * * *", ["minute '*/60' means 0 only, its step is too large"]),
        ("*/59 * * * *", []),
        ("0 9-17/12 * * *", ["hour '9-17/12' means 9 only, its step is too large"]),
        (
            "50/20 0 1,2/31 * *",
            [
                "minute '50/20' means 50 only, its step is too large",
                "day of month '2/31' means 2 only, its step is too large",
            ],
        ),
        ("59/1 0 * * *", []),
        ("@yearly", []),
    ],
)
def test_a_step_beyond_its_range_is_remarked_on(expression, remarks):
    _, *found = cron(expression).describe().split("; ")
    assert found == remarks


def test_daily_in_plain_words():
    spec = RuleSpec(kind="daily", time_of_day=time(6), timezone="Europe/London")
    assert compile_rule(spec).describe() == "At 06:00 every day, Europe/London time"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "Every second"),
        (10, "Every 10 seconds"),
        (60, "Every minute"),
        (90, "Every 1 minute 30 seconds"),
        (3600, "Every hour"),
        (5400, "Every 1 hour 30 minutes"),
        (86_400, "Every 24 hours"),
    ],
)
def test_intervals_in_plain_words(seconds, words):
    spec = RuleSpec(kind="interval", interval_seconds=seconds, anchor=utc("2026-01-01T00:00"))
    assert compile_rule(spec).describe() == words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (2 | 32, "At 06:00 on Monday and Friday"),
        (1, "At 06:00 on Sunday"),
        (62, "At 06:00 on Monday-Friday"),
        (127, "At 06:00 every day"),
    ],
)
def test_weekly_in_plain_words(days, words):
    spec = RuleSpec(kind="weekly", days_of_week=days, time_of_day=time(6), timezone="Europe/Berlin")
    assert compile_rule(spec).describe() == f"{words}, Europe/Berlin time"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (1, "At 06:00 on day 1 of the month"),
        (28, "At 06:00 on day 28 of the month"),
        (29, "At 06:00 on day 29 of the month (the last day of shorter months)"),
        (31, "At 06:00 on day 31 of the month (the last day of shorter months)"),
    ],
)
def test_monthly_in_plain_words(day, words):
    spec = RuleSpec(kind="monthly", day_of_month=day, time_of_day=time(6), timezone="Europe/Berlin")
    assert compile_rule(spec).describe() == f"{words}, Europe/Berlin time"


@pytest.mark.parametrize(
    ("moment", "zone", "words"),
    [
        (utc("2026-12-01T06:00"), "UTC", "Once at 2026-12-01 06:00 UTC"),
        (utc("2026-12-01T06:00:05"), "UTC", "Once at 2026-12-01 06:00:05 UTC"),
        (
            utc("2026-12-01T06:00"),
            "Europe/Berlin",
            "Once at 2026-12-01 07:00, Europe/Berlin time",
        ),
        (
            datetime.fromisoformat("2026-12-01T06:00"),
            "Europe/Berlin",
            "Once at 2026-12-01 06:00, Europe/Berlin time",
        ),
    ],
)
def test_one_time_in_plain_words(moment, zone, words):
    spec = RuleSpec(kind="one_time", one_time_at=moment, timezone=zone)
    assert compile_rule(spec).describe() == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (600, "10 minutes"), (3600, "1 hour"), (5400, "1 hour 30 minutes")],
)
def test_a_delay_in_plain_words(seconds, words):
    spec = RuleSpec(
        kind="delay",
        delay_seconds=seconds,
        anchor=utc("2026-01-01T00:00:07"),
        timezone="Asia/Tokyo",
    )
    assert compile_rule(spec).describe() == f"Once, {words} after 2026-01-01 00:00:07 UTC"

"""A conditional rule says when its condition is looked at; the condition is the platform's."""

from datetime import time

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import fires, refusal, utc

ANCHOR = utc("2026-01-01")


@pytest.mark.parametrize(
    ("base", "fields"),
    [
        ("cron", {"cron_expression": "0 9 13 * FRI", "day_match": "and"}),
        ("cron", {"cron_expression": "0 0 9 ? * 6", "cron_dialect": "quartz"}),
        ("cron", {"cron_expression": "H H * * *", "hash_key": "5c0f"}),
        ("daily", {"time_of_day": time(6)}),
        ("weekly", {"time_of_day": time(6), "days_of_week": 34}),
        ("interval", {"interval_seconds": 600, "anchor": utc("2026-01-01T00:07")}),
    ],
)
def test_it_fires_as_its_base_does(base, fields):
    rule = compile_rule(RuleSpec(kind="conditional", timezone="Europe/Berlin", **fields))
    same = compile_rule(RuleSpec(kind=base, timezone="Europe/Berlin", **fields))
    assert fires(rule, "2026-03-01", 20) == fires(same, "2026-03-01", 20)
    assert rule.describe() == same.describe()


def test_fields_of_other_kinds_are_ignored():
    spec = RuleSpec(
        kind="conditional",
        time_of_day=time(6),
        days_of_week=2,
        repeat_every=2,
        roll="nonsense",
        align="nonsense",
    )
    assert fires(compile_rule(spec), "2026-01-05T12:00", 1) == ["2026-01-12T06:00"]


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({}, [("cron_expression", "required")]),
        ({"days_of_week": 2}, [("cron_expression", "required")]),
        ({"cron_expression": "0 6 * * *", "time_of_day": time(6)}, [("time_of_day", "conflict")]),
        (
            {"cron_expression": "0 6 * * *", "time_of_day": time(6), "interval_seconds": 60},
            [("time_of_day", "conflict"), ("interval_seconds", "conflict")],
        ),
        ({"time_of_day": time(6), "interval_seconds": 60}, [("interval_seconds", "conflict")]),
        ({"cron_expression": "0 6 * * *", "days_of_week": 2}, [("days_of_week", "conflict")]),
        ({"interval_seconds": 60, "days_of_week": 2}, [("days_of_week", "conflict")]),
        ({"cron_expression": "60 6 * * *"}, [("cron_expression", "invalid_cron")]),
        ({"time_of_day": time(6, tzinfo=ANCHOR.tzinfo)}, [("time_of_day", "invalid_time")]),
        ({"time_of_day": time(6), "days_of_week": 0}, [("days_of_week", "out_of_range")]),
        ({"interval_seconds": 0}, [("interval_seconds", "out_of_range")]),
    ],
)
def test_it_needs_exactly_one_base(fields, problems):
    invalid = refusal(kind="conditional", anchor=ANCHOR, **fields)
    assert [(error.field, error.code) for error in invalid.errors] == problems


def test_a_refusal_says_what_to_write():
    [error] = refusal(kind="conditional").errors
    assert error.detail == (
        "a conditional rule needs when to look: "
        "one of cron_expression, time_of_day, interval_seconds"
    )

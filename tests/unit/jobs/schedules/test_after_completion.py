from datetime import datetime, timedelta

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import fires, refusal, utc

ANCHOR = utc("2026-03-07T15:00:00")


def after_completion(seconds, anchor=ANCHOR, **fields):
    spec = RuleSpec(kind="after_completion", delay_seconds=seconds, anchor=anchor, **fields)
    return compile_rule(spec)


def test_the_rule_itself_has_only_the_first_fire():
    assert fires(after_completion(300), "2026-01-01", 2) == ["2026-03-07T15:05", None]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-03-07T15:04:59", "2026-03-07T15:05"),
        ("2026-03-08T01:02:03", "2026-03-08T01:02:03"),
        ("2026-03-08T01:02:03.000001", "2026-03-08T01:02:04"),
    ],
)
def test_the_first_fire_is_not_before_the_start(start, expected):
    rule = after_completion(300, start_at=utc(start))
    assert fires(rule, "2026-01-01", 2) == [expected, None]


def test_it_stands_for_itself_and_says_what_comes_after():
    rule = after_completion(300, timezone="Asia/Tokyo")
    nominal = rule.explain(utc("2026-03-07T15:05"))
    assert (nominal.wall.isoformat(), nominal.notes) == ("2026-03-08T00:05:00", ())
    assert str(nominal.business_date) == "2026-03-08"
    assert rule.describe() == "5 minutes after the previous run has ended"


def test_an_end_before_the_first_fire_is_refused():
    invalid = refusal(
        kind="after_completion",
        delay_seconds=300,
        anchor=ANCHOR,
        end_at=ANCHOR + timedelta(seconds=299),
    )
    assert [(e.field, e.code) for e in invalid.errors] == [("end_at", "never_fires")]


@pytest.mark.parametrize("seconds", [0, -1, 316_224_001, 1.5, "60", True])
def test_a_delay_out_of_range_is_refused(seconds):
    anchor = utc("2026-02-03T04:05:06")
    [error] = refusal(kind="after_completion", delay_seconds=seconds, anchor=anchor).errors
    assert (error.field, error.code) == ("delay_seconds", "out_of_range")


def test_a_missing_delay_and_anchor_are_both_named():
    errors = refusal(kind="after_completion").errors
    assert [(error.field, error.code) for error in errors] == [
        ("delay_seconds", "required"),
        ("anchor", "required"),
    ]


def test_naive_instants_are_named():
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    [error] = refusal(kind="after_completion", delay_seconds=60, anchor=naive).errors
    assert (error.field, error.code) == ("anchor", "naive_datetime")
    fields = {"delay_seconds": 60, "anchor": ANCHOR, "start_at": naive}
    [error] = refusal(kind="after_completion", **fields).errors
    assert (error.field, error.code) == ("start_at", "naive_datetime")

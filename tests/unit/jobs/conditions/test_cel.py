"""Expressions: what they may name, how they are refused, and what they come to."""

from datetime import UTC, datetime
from typing import Any

import pytest

from jobs.conditions.cel import (
    VARIABLES,
    CelEvaluator,
    InvalidExpression,
    NotEvaluable,
    names_calendar,
)

CEL = CelEvaluator()
VALUES: dict[str, Any] = {
    "prev.exists": True,
    "prev.status": "succeeded",
    "prev.output": {"rows": 1_200, "ok": True, "none": None, "list": [1, {"x": 1.5}]},
    "prev.rows": 1_200,
    "prev.attempts": 2,
    "prev.endedAt": datetime(2026, 3, 2, 5, tzinfo=UTC),
    "prev.durationSeconds": 7.5,
    "run.scheduledFor": datetime(2026, 3, 2, 6, tzinfo=UTC),
    "run.businessDate": "2026-03-02",
    "run.isLate": False,
    "calendar.is_business_day": True,
    "calendar.is_holiday": False,
    "params": {"region": "EU", "big": 2**70},
    "now": datetime(2026, 3, 2, 6, 0, 1, tzinfo=UTC),
    "environment": "DEV",
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            'prev.status == "succeeded" && calendar.is_business_day && prev.output.rows > 1000',
            True,
        ),
        ('prev.status == "SUCCESS" && calendar.is_business_day && prev.rows > 1000', True),
        ('prev.status != "FAILED"', True),
        ("prev.status == 'Timed_Out'", False),
        ('prev.status in ["failed", "timed_out"]', False),
        ("prev.output.ok", True),
        ("has(prev.output.ok) && !has(prev.output.missing)", True),
        ("prev.output.none == null", True),
        ("prev.output.list[1].x > 1", True),
        ('now - prev.endedAt > duration("1h")', True),
        ('run.scheduledFor == timestamp("2026-03-02T06:00:00Z")', True),
        ('now.getHours("Europe/Berlin") == 7', True),
        ('params.region in ["EU", "US"] && environment == "DEV"', True),
        ("params.missing > 1 || true", True),
        ("params.big > 1.0", True),
        ("prev.durationSeconds < 7.5 || prev.attempts > 2 || run.isLate", False),
    ],
)
def test_an_expression_comes_to_true_or_false(source: str, expected: bool) -> None:
    CEL.check(source)
    assert CEL.evaluate(source, VALUES) is expected


def test_every_name_has_a_value_here() -> None:
    assert set(VALUES) == set(VARIABLES)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("prev.status ==", "Line 1, column 15: Syntax error"),
        ("prev.statuss == 'x'", "undeclared reference to 'prev.statuss'. Known names: prev.exists"),
        ("true &&\n nope", "Line 2, column 2: undeclared reference to 'nope'"),
        ("prev == 1", "undeclared reference to 'prev'"),
        ("prev.rows + ", "Syntax error"),
        ("prev.status", "It answers a string; compare it"),
        ("1 + 1", "It answers a int; compare it"),
        ("prev.attempts == 'two'", "no matching overload"),
        ('prev.status == "good"', "prev.status is never 'good'; it is one of succeeded, failed"),
        ("(" * 60 + "true" + ")" * 60, "recursion limit exceeded"),
        ("[1].map(x, x).filter(y, undefined)", "undeclared reference to 'undefined'"),
        ("x" * 2_049, "longer than 2,048 bytes"),
        ("é" * 1_025, "longer than 2,048 bytes"),
        ("\ud800", "not valid Unicode"),
    ],
)
def test_what_cannot_be_compiled_is_refused_with_its_place(source: str, said: str) -> None:
    with pytest.raises(InvalidExpression) as refused:
        CEL.check(source)

    assert said in str(refused.value)
    assert "[INVALID" not in str(refused.value)
    assert ".." not in str(refused.value).replace("...", "")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("prev.output.missing == 1", 'Key not found in map : "missing"'),
        ("prev.output.rows", "it answers a int; compare it"),
        ("prev.output.none > 1", "No matching overloads"),
        ("1 / 0 == 1", "divide by zero"),
    ],
)
def test_what_has_no_value_in_this_run_says_why(source: str, said: str) -> None:
    with pytest.raises(NotEvaluable) as refused:
        CEL.evaluate(source, VALUES)

    assert said in str(refused.value)


def test_a_name_without_a_value_is_an_error_only_where_it_is_needed() -> None:
    first = {"prev.exists": False, "prev.status": "none"}

    assert CEL.evaluate(
        'prev.status == "none" || prev.output.rows > 1', {**first, "prev.output": {}}
    )
    with pytest.raises(NotEvaluable, match=r'No value with name "prev\.output"'):
        CEL.evaluate("prev.output.rows > 1", first)


def test_iterations_are_bounded() -> None:
    source = "params.l.all(a, params.l.all(b, params.l.all(c, a + b + c >= 0)))"

    with pytest.raises(NotEvaluable, match="Iteration budget exceeded"):
        CEL.evaluate(source, {"params": {"l": [1] * 200}})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("calendar.is_business_day", True),
        ("!calendar . is_holiday", True),
        ("prev.exists", False),
        ("params.calendars == 1", False),
    ],
)
def test_an_expression_tells_whether_it_asks_the_calendar(source: str, expected: bool) -> None:
    assert names_calendar(source) is expected

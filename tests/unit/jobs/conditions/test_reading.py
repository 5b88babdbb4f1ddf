"""What a structured condition may say, and how everything else is refused."""

from typing import Any

import pytest

from jobs.conditions.reading import InvalidCondition, read_conditions, whole_condition
from jobs.conditions.terms import (
    AllOf,
    AnyOf,
    DayKind,
    Dependency,
    EnvironmentCheck,
    ExpressionCheck,
    FileCheck,
    HttpCheck,
    Not,
    ParameterCheck,
    PreviousOutcome,
    SqlCheck,
    checks_of,
)

HERE = {"environment": ["DEV"]}


@pytest.mark.parametrize(
    ("written", "check", "words"),
    [
        (
            {"previous": {"outcome": ["succeeded", "none"]}},
            PreviousOutcome("previous", ("succeeded", "none")),
            "the previous run is succeeded or none",
        ),
        (
            {"previous": {"outcome": ["Success", "TIMED_OUT", "TimedOut", "FAILURE"]}},
            PreviousOutcome("previous", ("succeeded", "timed_out", "timed_out", "failed")),
            "the previous run is succeeded, timed_out, timed_out or failed",
        ),
        (
            {"dependency": {"job": "A", "outcome": "succeeded", "withinSeconds": 3600}},
            Dependency("dependency", "A", ("succeeded",), 3600),
            "the latest run of job A is succeeded at most 3600 s ago",
        ),
        (
            {"calendar": {"calendar": "England", "is": "business_day"}},
            DayKind("calendar", "England", "business_day"),
            "the business date is a business day in calendar England",
        ),
        (
            {"calendar": {"is": "weekend"}},
            DayKind("calendar", None, "weekend"),
            "the business date is a weekend",
        ),
        (
            {"parameter": {"name": "region", "equals": "EU"}},
            ParameterCheck("parameter", "region", "equals", "EU"),
            "parameter region is 'EU'",
        ),
        (
            {"parameter": {"name": "region", "in": ["EU", 1]}},
            ParameterCheck("parameter", "region", "in", ["EU", 1]),
            "parameter region is one of ['EU', 1]",
        ),
        (
            {"parameter": {"name": "region", "exists": False}},
            ParameterCheck("parameter", "region", "exists", False),
            "parameter region is not given",
        ),
        (
            {"environment": ["dev", "HOM"]},
            EnvironmentCheck("environment", ("DEV", "HOM")),
            "the environment is DEV or HOM",
        ),
        (
            {"http": {"url": "https://example.com/ready"}},
            HttpCheck("http", "https://example.com/ready", (200,), 5),
            "https://example.com/ready answers 200",
        ),
        (
            {"http": {"url": "http://[::1]:80/", "status": [200, 204], "timeoutSeconds": 0.5}},
            HttpCheck("http", "http://[::1]:80/", (200, 204), 0.5),
            "http://[::1]:80/ answers 200 or 204",
        ),
        (
            {"sql": {"database": "sales", "query": "SELECT 1", "timeoutSeconds": 30}},
            SqlCheck("sql", "sales", "SELECT 1", 30),
            "the query on database sales answers true",
        ),
        (
            {"file": {"path": "/data/in/a.csv"}},
            FileCheck("file", "/data/in/a.csv"),
            "/data/in/a.csv exists",
        ),
    ],
)
def test_each_kind_of_check_is_read_and_says_itself(
    written: dict[str, Any], check: Any, words: str
) -> None:
    assert read_conditions(written) == check
    assert check.words() == words


def test_groups_nest_and_each_check_knows_its_place() -> None:
    term = read_conditions({"all": [HERE, {"any": [{"not": HERE}, HERE]}]})

    assert isinstance(term, AllOf)
    assert isinstance(term.terms[1], AnyOf)
    assert isinstance(term.terms[1].terms[0], Not)
    assert [check.path for check in checks_of(term)] == [
        "all[0].environment",
        "all[1].any[0].not.environment",
        "all[1].any[1].environment",
    ]


BAD = [
    ([], "", "invalid", "exactly one of all, any, not, previous"),
    ({}, "", "invalid", "exactly one of"),
    ("previous", "", "invalid", "exactly one of"),
    (None, "", "invalid", "exactly one of"),
    ({"all": [HERE], "any": [HERE]}, "", "invalid", "exactly one of"),
    ({"al": [HERE]}, "", "unknown_check", "There is no 'al'"),
    ({"all": [HERE, {"x" * 99: 1}]}, "all[1]", "unknown_check", f"There is no '{'x' * 60}'"),
    ({"all": []}, "all", "invalid", "at least one check"),
    ({"any": HERE}, "any", "invalid", "Write a list"),
    ({"not": [HERE]}, "not", "invalid", "exactly one of"),
    ({"http": "http://x"}, "http", "not_an_object", "an object of its fields"),
    ({"previous": {}}, "previous.outcome", "required", '["succeeded"]'),
    ({"previous": {"outcome": []}}, "previous.outcome", "unknown_choice", "succeeded, failed"),
    ({"previous": {"outcome": ["good"]}}, "previous.outcome", "unknown_choice", "none"),
    ({"previous": {"outcome": [3]}}, "previous.outcome", "unknown_choice", "succeeded"),
    (
        {"previous": {"outcome": ["failed"], "of": "job"}},
        "previous.of",
        "unknown_field",
        "only outcome",
    ),
    ({"dependency": {"outcome": ["failed"]}}, "dependency.job", "required", "Daily Sales"),
    ({"dependency": {"job": 3, "outcome": ["failed"]}}, "dependency.job", "invalid", "a text"),
    ({"dependency": {"job": " ", "outcome": ["failed"]}}, "dependency.job", "invalid", "a text"),
    (
        {"dependency": {"job": "A", "outcome": ["none"]}},
        "dependency.outcome",
        "unknown_choice",
        "succeeded, failed",
    ),
    *(
        (
            {"dependency": {"job": "A", "outcome": ["failed"], "withinSeconds": bad}},
            "dependency.withinSeconds",
            "out_of_range",
            "from 1 to 31,622,400",
        )
        for bad in (0, -1, "60", True, float("inf"), 10**9)
    ),
    ({"calendar": {"calendar": "E"}}, "calendar.is", "required", "business_day"),
    ({"calendar": {"is": "sunny"}}, "calendar.is", "unknown_choice", "business_day, non_"),
    ({"calendar": {"is": ["weekend"]}}, "calendar.is", "unknown_choice", "business_day"),
    ({"calendar": {"calendar": 1, "is": "weekend"}}, "calendar.calendar", "invalid", "a text"),
    ({"parameter": {"equals": 1}}, "parameter.name", "required", "region"),
    ({"parameter": {"name": "a"}}, "parameter.equals", "invalid", "one of equals, in or exists"),
    (
        {"parameter": {"name": "a", "equals": 1, "exists": True}},
        "parameter.exists",
        "invalid",
        "Give one of",
    ),
    ({"parameter": {"name": "a", "in": "EU"}}, "parameter.in", "invalid", '["EU", "US"]'),
    ({"parameter": {"name": "a", "in": []}}, "parameter.in", "invalid", "a list of values"),
    ({"parameter": {"name": "a", "exists": "yes"}}, "parameter.exists", "invalid", "true or false"),
    ({"environment": []}, "environment", "unknown_choice", "DEV, HOM, PROD"),
    ({"environment": ["TEST"]}, "environment", "unknown_choice", "DEV, HOM, PROD"),
    ({"environment": {"is": "DEV"}}, "environment", "unknown_choice", "DEV, HOM, PROD"),
    ({"http": {}}, "http.url", "required", "https://example.com/ready"),
    ({"http": {"url": "ftp://x/"}}, "http.url", "invalid_url", "http:// or https://"),
    ({"http": {"url": "example.com"}}, "http.url", "invalid_url", "http:// or https://"),
    ({"http": {"url": "http:///x"}}, "http.url", "invalid_url", "http:// or https://"),
    ({"http": {"url": "http://x:99999/"}}, "http.url", "invalid_url", "no address"),
    ({"http": {"url": "http://[::1/"}}, "http.url", "invalid_url", "no address"),
    ({"http": {"url": "http://a:b@x/"}}, "http.url", "invalid_url", "password"),
    ({"http": {"url": "http://x/a b"}}, "http.url", "invalid_url", "%20"),
    ({"http": {"url": "http://x/" + "a" * 2_000}}, "http.url", "invalid", "2000 characters"),
    ({"http": {"url": "http://x/", "status": [99]}}, "http.status", "invalid", "100 to 599"),
    ({"http": {"url": "http://x/", "status": []}}, "http.status", "invalid", "100 to 599"),
    ({"http": {"url": "http://x/", "status": ["200"]}}, "http.status", "invalid", "[200]"),
    (
        {"http": {"url": "http://x/", "timeoutSeconds": 31}},
        "http.timeoutSeconds",
        "out_of_range",
        "from 0.1 to 30",
    ),
    ({"http": {"url": "http://x/", "method": "POST"}}, "http.method", "unknown_field", "only url"),
    ({"sql": {"query": "SELECT 1"}}, "sql.database", "required", "sales"),
    ({"sql": {"database": "a"}}, "sql.query", "required", "SELECT"),
    ({"sql": {"database": "a", "query": "x" * 4_001}}, "sql.query", "invalid", "4000 characters"),
    ({"sql": {"database": "a", "query": "S\x00"}}, "sql.query", "invalid", "a text"),
    (
        {"sql": {"database": "a", "query": "S", "timeoutSeconds": 0}},
        "sql.timeoutSeconds",
        "out_of_range",
        "from 0.1",
    ),
    ({"file": {}}, "file.path", "required", "/data/in/orders.csv"),
    ({"file": {"path": "in/a"}}, "file.path", "invalid", "absolute path"),
    ({"file": {"path": "/in/../etc"}}, "file.path", "invalid", "'..'"),
    ({"file": {"path": "/in//a"}}, "file.path", "invalid", "'//'"),
]


@pytest.mark.parametrize(("written", "path", "code", "fix"), BAD)
def test_what_cannot_be_read_is_refused_by_place_and_with_the_fix(
    written: Any, path: str, code: str, fix: str
) -> None:
    with pytest.raises(InvalidCondition) as refused:
        read_conditions(written)

    (problem,) = refused.value.problems
    assert (problem.field, problem.code) == ("conditions", code)
    assert problem.detail.startswith(f"{path}: " if path else "")
    assert fix in problem.detail


def test_everything_wrong_is_named_at_once() -> None:
    with pytest.raises(InvalidCondition) as refused:
        read_conditions({"all": [{"http": {"url": 1, "x": 2}}, {"foo": 1}, {"environment": []}]})

    places = [problem.detail.partition(": ")[0] for problem in refused.value.problems]
    assert places == ["all[0].http.url", "all[0].http.x", "all[1]", "all[2].environment"]


def nested(depth: int) -> dict[str, Any]:
    return HERE if depth == 0 else {"not": nested(depth - 1)}


def test_groups_stand_five_deep_and_no_deeper() -> None:
    read_conditions(nested(5))
    with pytest.raises(InvalidCondition, match="at most 5 deep"):
        read_conditions(nested(6))


def test_depth_is_refused_before_it_can_hurt() -> None:
    with pytest.raises(InvalidCondition, match="at most 5 deep"):
        read_conditions(nested(500))


def test_fifty_checks_are_allowed_and_no_more() -> None:
    read_conditions({"any": [HERE] * 50})
    with pytest.raises(InvalidCondition, match="It has 51 checks; at most 50"):
        read_conditions({"any": [HERE] * 51})


FLAWED = {"previous": {"outcome": ["good"]}}


@pytest.mark.parametrize(
    ("written", "last"),
    [
        ({"all": [FLAWED] * 110_000}, "all[49].previous.outcome: Write a list of some of"),
        ({"all": [{}] * 110_000}, "all[49]: Write an object with exactly one of"),
        ({"all": [{"foo": 1}] * 110_000}, "all[49]: There is no 'foo'"),
        ({"sql": {f"x{n}": 1 for n in range(110_000)}}, "sql.x47: This check takes only"),
        ({"all": [HERE] * 110_000}, "It has over 300 checks and groups"),
        ({"all": [{"all": [{"not": HERE}]}] * 110_000}, "It has over 300 checks and groups"),
    ],
    ids=["flawed", "empty", "unknown", "fields", "checks", "groups"],
)
def test_of_a_huge_condition_no_more_is_read_and_said_than_somebody_reads(
    written: Any, last: str
) -> None:
    with pytest.raises(InvalidCondition) as refused:
        read_conditions(written)

    assert len(refused.value.problems) <= 50
    assert refused.value.problems[-1].detail.startswith(last)
    assert len(str(refused.value)) < 20_000


def test_as_many_groups_are_read_as_fifty_checks_need() -> None:
    read_conditions({"all": [{"not": {"all": [{"not": {"any": [HERE]}}]}}] * 49})


def test_both_forms_make_one_condition_the_checks_first() -> None:
    expression = ExpressionCheck("conditionalExpression", "1 < 2")

    assert whole_condition(None, "1 < 2") == expression
    assert whole_condition(HERE, "") == read_conditions(HERE)
    assert whole_condition(HERE, "1 < 2") == AllOf((read_conditions(HERE), expression))
    both = whole_condition({"all": [HERE, HERE]}, "1 < 2")
    assert isinstance(both, AllOf)
    assert len(both.terms) == 3
    either = whole_condition({"any": [HERE, HERE]}, "1 < 2")
    assert isinstance(either, AllOf)
    assert len(either.terms) == 2

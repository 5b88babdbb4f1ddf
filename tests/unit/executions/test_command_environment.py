"""What a command learns from its environment, and what it must not learn."""

import os
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from executions.handlers.out_of_process.environment import build_environment, name_parameters
from executions.handlers.out_of_process.workspace import Workspace
from tests.unit.executions.commands import Attempt


class Place(Workspace):
    """A folder that is only named."""

    def __init__(self) -> None:
        self.folder = "/place"
        self.parameters_file = f"{self.folder}/parameters.json"
        self.upstream_file = f"{self.folder}/upstream.json"
        self.output_file = f"{self.folder}/output.json"


def build(attempt: Attempt) -> dict[str, str]:
    environment = build_environment(attempt.claim, Place(), attempt.lines)
    return {name.decode(): value.decode() for name, value in environment.items()}


def test_the_worker_keeps_its_own_variables_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SECRET_KEY_FILE", "JOB_MODULES", "AWS_X")
    for name in secrets:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("LC_TIME", "de_DE.UTF-8")
    monkeypatch.setenv("TZ", "UTC")

    environment = build(Attempt("/bin/true"))

    assert "secret" not in environment.values()
    assert environment["LC_TIME"] == "de_DE.UTF-8"
    own = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR"}
    others = {name for name in environment if not name.startswith(("SCHEDULER_", "LC_"))}
    assert others <= own
    assert {"PATH", "LANG", "TMPDIR", "TZ"} <= others


def test_the_business_dates_are_told_where_there_are_any() -> None:
    attempt = Attempt("/bin/true")
    object.__setattr__(attempt.claim, "business_date", date(2026, 12, 25))
    object.__setattr__(attempt.claim, "next_business_date", date(2026, 12, 29))

    environment = build(attempt)

    assert environment["SCHEDULER_BUSINESS_DATE"] == "2026-12-25"
    assert environment["SCHEDULER_NEXT_BUSINESS_DATE"] == "2026-12-29"
    assert "SCHEDULER_PREVIOUS_BUSINESS_DATE" not in environment


def test_the_file_of_what_it_waited_for_is_named_only_where_there_is_one() -> None:
    attempt = Attempt("/bin/true")
    assert "SCHEDULER_UPSTREAM_FILE" not in build(attempt)

    object.__setattr__(attempt.claim, "has_upstream", True)
    assert build(attempt)["SCHEDULER_UPSTREAM_FILE"] == "/place/upstream.json"


def test_there_is_always_a_search_path_and_a_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PATH", "LANG"):
        monkeypatch.delenv(name, raising=False)

    environment = build(Attempt("/bin/true"))

    assert (environment["PATH"], environment["LANG"]) == (os.defpath, "C.UTF-8")


def test_the_attempt_is_told_in_full() -> None:
    told = {
        name: value
        for name, value in build(Attempt("/bin/true")).items()
        if name.startswith("SCHEDULER_")
    }

    assert told == {
        "SCHEDULER_EXECUTION_ID": "00000000-0000-0000-0000-000000000001",
        "SCHEDULER_ATTEMPT": "2",
        "SCHEDULER_SCHEDULED_FOR": "2026-01-01T12:00:00.000000Z",
        "SCHEDULER_DEADLINE": "2026-01-01T12:00:30.000000Z",
        "SCHEDULER_PARAMETERS_FILE": "/place/parameters.json",
        "SCHEDULER_OUTPUT_FILE": "/place/output.json",
    }


def test_times_are_utc_whatever_the_database_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = Attempt("/bin/true")
    berlin = datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1)))
    object.__setattr__(attempt.claim, "scheduled_for", berlin)

    assert berlin == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert build(attempt)["SCHEDULER_SCHEDULED_FOR"] == "2026-01-01T12:00:00.000000Z"


@pytest.mark.parametrize(
    ("parameters", "variables"),
    [
        ({}, {}),
        ({"region": "EU"}, {"PARAM_REGION": "EU"}),
        ({"sales_Region2": "a b\n'c'"}, {"PARAM_SALES_REGION2": "a b\n'c'"}),
        (
            {"n": 3, "x": -1.5, "big": 10**20},
            {"PARAM_N": "3", "PARAM_X": "-1.5", "PARAM_BIG": "1" + "0" * 20},
        ),
        ({"yes": True, "no": False}, {"PARAM_YES": "true", "PARAM_NO": "false"}),
        ({"empty": "", "nothing": None}, {"PARAM_EMPTY": ""}),
        ({"list": [1], "object": {"a": 1}}, {}),
        ({"größe": [1]}, {}),
        ({"LD_PRELOAD": "x", "PATH": "y"}, {"PARAM_LD_PRELOAD": "x", "PARAM_PATH": "y"}),
        ({"text": "größe 日本"}, {"PARAM_TEXT": "größe 日本"}),
        ({"long": "x" * 32_768}, {"PARAM_LONG": "x" * 32_768}),
    ],
)
def test_each_scalar_parameter_is_a_variable(
    parameters: dict[str, Any], variables: dict[str, str]
) -> None:
    assert name_parameters(parameters) == (variables, [])


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"a-b": 1}, ["'a-b' is only in the parameters file: only letters, digits and _ can"]),
        ({"": 1}, ["'' is only in the parameters file"]),
        ({"1a": 1}, ["'1a' is only in"]),
        ({"a=b": 1}, ["'a=b' is only in"]),
        ({"a\n": 1}, ["'a\\n' is only in"]),
        ({"größe": 1}, ["'größe' is only in"]),
        ({"x": 1, "X": 2}, ["'x' is only in the parameters file: another one differs", "'X' is"]),
        (
            {"long": "x" * 32_769},
            ["'long' is only in the parameters file: it has more than 32,768"],
        ),
        ({"long": "é" * 16_385}, ["more than 32,768 bytes"]),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_cannot_be_a_variable_is_left_to_the_file_and_said(
    parameters: dict[str, Any], says: list[str]
) -> None:
    variables, left_out = name_parameters({"fine": 1, **parameters})

    assert variables == {"PARAM_FINE": "1"}
    assert len(left_out) == len(says)
    assert all(text in line for text, line in zip(says, left_out, strict=True))


def test_what_is_left_out_is_logged_by_the_platform() -> None:
    attempt = Attempt("/bin/true", {"a-b": 1})

    build(attempt)

    (line,) = attempt.lines.take()
    assert (line.stream, line.level) == ("platform", "WARNING")
    assert line.message.startswith("The parameter 'a-b' is only in the parameters file")

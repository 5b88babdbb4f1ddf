import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

from executions.checks import (
    check_allowed_commands,
    check_condition_databases,
    check_condition_roots,
    check_containers,
    check_retention,
    check_times,
    is_plain_path,
)
from tests.platform import SHORT_TIMES

GOOD = {"LEASE": 60.0, "LEASE_MARGIN": 15.0, "RENEW": 10.0, "CANCEL_POLL": 1.5}


def problems(settings: Settings, **times: float) -> list[str]:
    for name, seconds in (GOOD | times).items():
        setattr(settings, f"SCHEDULER_{name}_SECONDS", seconds)
    return [problem.id for problem in check_times() if problem.id]


def test_the_default_times_agree() -> None:
    assert check_times() == []


def test_the_short_times_of_the_tests_agree(settings: Settings) -> None:
    for name, seconds in SHORT_TIMES.items():
        setattr(settings, name, float(seconds))

    assert check_times() == []


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, []),
        ({"LEASE_MARGIN": 0.0}, ["executions.E001"]),
        ({"LEASE_MARGIN": -1.0}, ["executions.E001"]),
        ({"LEASE_MARGIN": 60.0}, ["executions.E001", "executions.E002"]),
        ({"LEASE_MARGIN": 61.0}, ["executions.E001", "executions.E002"]),
        ({"RENEW": 22.5}, []),
        ({"RENEW": 22.6}, ["executions.E002"]),
        ({"LEASE": 35.0}, []),
        ({"LEASE": 34.9}, ["executions.E002"]),
        ({"RENEW": 0.0}, ["executions.E002", "executions.E003"]),
        ({"CANCEL_POLL": 10.0}, []),
        ({"CANCEL_POLL": 10.1}, ["executions.E003"]),
        ({"CANCEL_POLL": 0.0}, ["executions.E003"]),
        (
            {"LEASE": 10.0, "LEASE_MARGIN": 10.0, "CANCEL_POLL": 20.0},
            ["executions.E001", "executions.E002", "executions.E003"],
        ),
    ],
)
def test_each_contradiction_is_named(
    settings: Settings, times: dict[str, float], expected: list[str]
) -> None:
    assert problems(settings, **times) == expected


def test_a_problem_names_the_setting_its_value_and_the_remedy(settings: Settings) -> None:
    settings.SCHEDULER_RENEW_SECONDS = 40.0

    (problem,) = check_times()

    assert "SCHEDULER_RENEW_SECONDS is 40" in problem.msg
    assert "lease of 60 s" in problem.msg
    assert problem.hint == "Renew at least twice within lease minus margin."


def test_django_runs_the_check(settings: Settings) -> None:
    settings.SCHEDULER_LEASE_MARGIN_SECONDS = 0.0

    assert "executions.E001" in [problem.id for problem in run_checks()]


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [("KEEP_DAYS", 0, 1), ("KEEP_LOG_DAYS", 0, 1), ("KEEP_EXECUTIONS", -1, 0)],
)
def test_retention_that_deletes_what_has_just_ended_is_refused(
    settings: Settings, name: str, value: int, least: int
) -> None:
    assert check_retention() == []
    setattr(settings, f"SCHEDULER_{name}", value)

    (problem,) = check_retention()

    assert problem.msg == f"SCHEDULER_{name} is {value}."
    assert problem.hint == f"Use {least} or more."
    assert "executions.E004" in [found.id for found in run_checks()]


@pytest.mark.parametrize(
    "allowed", [[], ["/usr/bin/python3"], ["/opt/reports/bin/*", "/bin/[a-z]*"]]
)
def test_absolute_paths_and_their_patterns_may_be_allowed(
    settings: Settings, allowed: list[str]
) -> None:
    settings.SCHEDULER_ALLOWED_COMMANDS = allowed

    assert check_allowed_commands() == []


def test_what_no_command_can_match_is_refused_entry_by_entry(settings: Settings) -> None:
    settings.SCHEDULER_ALLOWED_COMMANDS = ["python3", "/bin/sh", "*", " /bin/ls"]

    problems = check_allowed_commands()

    assert [problem.id for problem in problems] == ["executions.E005"] * 3
    assert "SCHEDULER_ALLOWED_COMMANDS lists 'python3', which no command" in problems[0].msg
    assert str(problems[0].hint).startswith("List absolute paths without '.', '..' and '//'")
    assert "executions.E005" in [problem.id for problem in run_checks()]


@pytest.mark.parametrize(
    ("host", "is_good"),
    [
        ("unix:///var/run/docker.sock", True),
        ("tcp://docker.example.com:2376", True),
        ("unix://docker.sock", False),
        ("/var/run/docker.sock", False),
        ("ssh://docker.example.com", False),
        ("tcp://docker.example.com", False),
        ("tcp://docker.example.com:port", False),
    ],
)
def test_a_docker_host_is_checked_where_any_image_may_run(
    settings: Settings, host: str, is_good: bool
) -> None:
    settings.SCHEDULER_DOCKER_HOST = host
    assert check_containers() == []
    settings.SCHEDULER_ALLOWED_IMAGES = ["python:*"]

    problems = check_containers()

    assert [problem.id for problem in problems] == ([] if is_good else ["executions.E009"])
    assert is_good or "unix:///path/of/docker.sock" in str(problems[0].hint)


def test_what_no_image_can_match_and_limits_of_nothing_are_refused(settings: Settings) -> None:
    settings.SCHEDULER_ALLOWED_IMAGES = [
        *("registry.example.com/reports/*", "team-*/app:*", "*/app", "python:*"),
        *(" python:3", "a//b", "", "*.example.com/app"),
    ]
    settings.SCHEDULER_CONTAINER_MEMORY_MB = 5
    settings.SCHEDULER_CONTAINER_CPUS = 0
    settings.SCHEDULER_CONTAINER_PIDS = 0

    problems = check_containers()

    assert [problem.id[-4:] for problem in problems] == ["E008"] * 4 + ["E010"] * 3
    assert "SCHEDULER_ALLOWED_IMAGES lists ' python:3', which no image" in problems[0].msg
    assert problems[4].msg == "SCHEDULER_CONTAINER_MEMORY_MB is 5."
    settings.SCHEDULER_CONTAINER_PIDS = 2000
    (too_many,) = check_containers()[6:]
    assert too_many.msg == "SCHEDULER_CONTAINER_MOST_PIDS is 1024."
    assert {"executions.E008", "executions.E010"} <= {problem.id for problem in run_checks()}


@pytest.mark.parametrize(
    ("path", "is_plain"),
    [("/bin/sh", True), ("/bin/*", True), ("/", True), ("bin/sh", False), (" /bin/sh", False)]
    + [(path, False) for path in ("", "*", "//a", "/a/", "/a//b", "/a/./b", "/a/../b", "/..")],
)
def test_a_plain_path_has_one_way_to_be_written(path: str, is_plain: bool) -> None:
    assert is_plain_path(path) is is_plain


def test_databases_of_conditions_need_a_name_and_an_address_and_none_is_shown(
    settings: Settings,
) -> None:
    settings.SCHEDULER_CONDITION_DATABASES = [
        "sales=postgresql://user:s3cret@host:5432/sales?sslmode=require",
        "postgresql://user:s3cret@host/sales",
        "=postgresql://host/x",
        "crm=mysql://user:s3cret@host/crm",
        "crm=postgresql://[::1/crm",
        "sales=postgresql://host/other",
        "archive=postgres://host/archive",
    ]

    problems = check_condition_databases()

    assert {problem.id for problem in problems} == {"executions.E006"}
    assert [problem.msg.split()[1] for problem in problems] == ["2", "3", "4", "5", "6"]
    assert "s3cret" not in "".join(f"{problem.msg} {problem.hint}" for problem in problems)
    assert "executions.E006" in [found.id for found in run_checks()]


def test_folders_of_conditions_are_absolute_paths(settings: Settings) -> None:
    settings.SCHEDULER_CONDITION_FILE_ROOTS = ["/data/in", "data/in", "/data/../etc", ""]

    problems = check_condition_roots()

    assert [problem.id for problem in problems] == ["executions.E007"] * 3
    assert "'data/in'" in problems[0].msg
    assert "executions.E007" in [found.id for found in run_checks()]


def test_without_settings_conditions_may_ask_no_database_and_no_folder() -> None:
    assert (check_condition_databases(), check_condition_roots()) == ([], [])

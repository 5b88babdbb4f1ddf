"""What a container may do and reach: little, unless its job asks."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from executions.outcomes import Failed, Succeeded
from tests.containers.attempts import ContainerAttempt
from tests.containers.conftest import Start


def said_by(start: Start, text: str, **options: Any) -> list[str]:
    """Return what a script says; the limits are read where the kernel keeps them."""
    attempt = start(text, **options)
    assert attempt.run() == Succeeded(None)
    return attempt.said()


def test_by_default_it_is_nobody_without_privileges_network_or_a_file_system_to_write(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBSECRET_OF_ANOTHER", "kept-to-itself")
    said = said_by(
        start,
        "id; grep -E '^(CapPrm|CapEff|CapBnd|NoNewPrivs)' /proc/self/status; ls /sys/class/net;"
        " touch /x 2>/dev/null || echo read-only; touch /tmp/x && echo tmp;"
        ' touch /run/scheduler/x 2>/dev/null || echo closed; touch "$(dirname'
        ' "$SCHEDULER_OUTPUT_FILE")/x" && echo own; env',
    )
    variables = dict(line.split("=", 1) for line in said if "=" in line.split("(")[0])
    del variables["uid"]

    assert said[:7] == [
        "uid=65534 gid=65534 groups=65534",
        "CapPrm:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "NoNewPrivs:\t1",
        "lo",
        "read-only",
    ]
    assert said[7:10] == ["tmp", "closed", "own"]
    own = {name for name in variables if not name.startswith("SCHEDULER_")}
    assert own == {"PATH", "HOME", "HOSTNAME", "SHLVL", "PWD", "TMPDIR"}
    assert not any("kept-to-itself" in line for line in said)


def test_its_limits_are_those_of_the_settings_or_of_its_job(docker: Any, start: Start) -> None:
    attempts = [
        start("echo ready; sleep 0.5"),
        start("echo ready; sleep 0.5", memoryMb=64, cpus=0.25, pids=20),
    ]
    found = []

    def look() -> None:
        (container,) = docker.containers()
        limits = docker.inspect_container(container["Id"])["HostConfig"]
        found.append([limits[n] for n in ("Memory", "MemorySwap", "NanoCpus", "PidsLimit")])

    for attempt in attempts:
        with attempt.meanwhile(look):
            assert attempt.run() == Succeeded(None)

    mib = 1024 * 1024
    assert found == [
        [512 * mib, 512 * mib, 1_000_000_000, 256],
        [64 * mib, 64 * mib, 250_000_000, 20],
    ]


def test_more_processes_than_its_limit_are_refused_by_the_kernel(start: Start) -> None:
    outcome = start("for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait", pids=5).run()

    assert isinstance(outcome, Failed)
    assert "fork" in outcome.message


def test_a_job_may_ask_for_a_user_a_folder_variables_and_a_file_system_to_write(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBSECRET_TOKEN", "s3cret-token")
    attempt = start(
        'id -u; id -g; pwd; touch /tmp/x /y && echo written; echo "$MODE $TOKEN";'
        ' echo "\\"$TOKEN\\"" > "$SCHEDULER_OUTPUT_FILE"; df -m /tmp | tail -n 1',
        user="0:1000",
        workingDirectory="/bin",
        readOnly=False,
        tmpMb=7,
        environment={"MODE": "fast", "TOKEN": {"secret": "env:JOBSECRET_TOKEN"}},
    )

    assert attempt.run() == Succeeded('"[secret]"')
    *said, mount = attempt.said()
    assert said == ["0", "1000", "/bin", "written", "fast [secret]"]
    assert mount.split()[1] == "7"


def test_a_secret_that_is_not_there_fails_for_good_and_names_it(start: Start) -> None:
    outcome = start("exit 0", environment={"TOKEN": {"secret": "env:JOBSECRET_NONE"}}).run()

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("SecretMissing", True)
    assert "JOBSECRET_NONE" in outcome.message


@pytest.mark.parametrize(
    ("option", "asked", "says"),
    [
        ("network", "bridge", "SCHEDULER_CONTAINER_NETWORKS of this worker, which lists reports."),
        ("memoryMb", 8193, "at most 8192. Ask for less, or raise SCHEDULER_CONTAINER_MOST_MEMORY"),
        ("cpus", 4.01, "asks for cpus 4.01; this worker gives at most 4."),
        ("pids", 1025, "SCHEDULER_CONTAINER_MOST_PIDS"),
    ],
)
def test_what_the_worker_does_not_give_is_refused_for_good_without_asking_the_engine(
    settings: Settings, option: str, asked: Any, says: str
) -> None:
    settings.SCHEDULER_ALLOWED_IMAGES = ["tests/*"]
    settings.SCHEDULER_CONTAINER_NETWORKS = ["reports"]
    settings.SCHEDULER_DOCKER_HOST = "unix:///nowhere/docker.sock"

    outcome = ContainerAttempt("true", **{option: asked}).run()

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("OptionRefused", True)
    assert says in outcome.message


def test_a_network_that_is_not_there_is_named(start: Start, settings: Settings) -> None:
    settings.SCHEDULER_CONTAINER_NETWORKS = ["backoffice"]
    outcome = start("exit 0", network="backoffice").run()

    assert isinstance(outcome, Failed)
    assert "backoffice" in outcome.message


def test_a_network_that_it_asks_for_is_there(start: Start, docker: Any, settings: Settings) -> None:
    settings.SCHEDULER_CONTAINER_NETWORKS = ["other", "reports"]
    docker.create_network("reports", driver="bridge", internal=True)
    try:
        assert set(said_by(start, "ls /sys/class/net", network="reports")) == {"eth0", "lo"}
    finally:
        docker.remove_network("reports")

"""The containers: hardened alike, started in order, watched; every name in them is a real one."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

COMPOSE_TEXT = Path("docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if each["image"] == "scheduler:local"}
LASTING = [name for name in OURS if name != "migrate"]
EXAMPLE = Path("deploy/compose.env.example").read_text()
ENTRYPOINT = Path("deploy/entrypoint")
DOCKERFILE = Path("Dockerfile").read_text()

# `${NAME:-default}`, `${NAME-default}`, `${NAME:?what is wrong}`; `$$NAME` is the container's own.
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:?[-?])?([^}]*)\}")
GIVEN = dict(re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.MULTILINE))


def settings_read() -> set[str]:
    """The names that the platform's settings, its `up` and its container scripts read."""
    paths = [Path("scheduler_project/settings.py"), Path("scheduler_project/environment.py")]
    names = {name for path in paths for name in re.findall(r'"([A-Z][A-Z_]+)"', path.read_text())}
    return names | {"FLOWER_BASIC_AUTH"}  # Flower's own


def test_there_is_one_service_for_each_process() -> None:
    assert set(SERVICES) == {"postgres", "valkey", "migrate", "web", "beat", "worker", "flower"}
    assert set(OURS) == set(SERVICES) - {"postgres", "valkey"}


def test_the_servers_are_the_documented_ones() -> None:
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert SERVICES["valkey"]["image"] == "valkey/valkey:9"
    # Below /data, as before 18, the image would refuse to start.
    assert "postgres:/var/lib/postgresql" in SERVICES["postgres"]["volumes"]
    assert {"appendonly yes", "maxmemory-policy noeviction", "requirepass %s"} <= set(
        re.split(r"\\n|'", SERVICES["valkey"]["command"][-1])
    )


@pytest.mark.parametrize("name", OURS)
def test_every_process_of_ours_may_do_as_little_as_possible(name: str) -> None:
    service = OURS[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert [mount.split(":")[0] for mount in service["tmpfs"]] == ["/tmp"]  # noqa: S108
    assert not {"user", "privileged", "cap_add", "volumes", "pid", "network_mode"} & set(service)


@pytest.mark.parametrize("name", SERVICES)
def test_everything_that_lasts_is_watched_restarted_and_may_be_scaled(name: str) -> None:
    service = SERVICES[name]

    assert "container_name" not in service
    assert "hostname" not in service
    if name == "migrate":
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert {"test", "interval", "timeout", "retries", "start_period"} <= set(
            service["healthcheck"]
        )


@pytest.mark.parametrize("name", [name for name in OURS if "depends_on" in OURS[name]])
def test_every_process_waits_for_what_it_needs_to_be_well(name: str) -> None:
    needs = OURS[name]["depends_on"]

    for needed, how in needs.items():
        done = needed == "migrate"
        expected = "service_completed_successfully" if done else "service_healthy"
        assert how == {"condition": expected}, needed


@pytest.mark.parametrize("name", ["web", "beat", "worker"])
def test_nothing_starts_on_tables_of_another_version(name: str) -> None:
    assert set(OURS[name]["depends_on"]) == {"migrate", "postgres", "valkey"}


def test_a_worker_is_killed_only_after_its_drain_and_stop() -> None:
    worker = OURS["worker"]
    seconds = int(worker["stop_grace_period"].removesuffix("s"))

    # The drain, a second of notice, ten of grace, and some to settle.
    assert seconds >= worker["environment"]["SCHEDULER_DRAIN_SECONDS"] + 1 + 10 + 10


@pytest.mark.parametrize("name", LASTING)
def test_every_command_is_a_verb_of_the_entrypoint(name: str) -> None:
    verb, *options = OURS[name]["command"]

    assert verb == name
    assert re.search(rf"^  {verb}\)$", ENTRYPOINT.read_text(), re.MULTILINE)
    assert all(option.startswith("--") for option in options)


def test_worker_names_are_their_hosts() -> None:
    assert "-n worker@%h" in ENTRYPOINT.read_text()


def test_every_setting_of_a_container_is_one_that_is_read() -> None:
    given = {name for service in OURS.values() for name in service["environment"]}

    assert given - settings_read() == set()


def test_every_variable_is_explained_in_the_example_and_no_other() -> None:
    asked = {name for name, *_ in VARIABLE.findall(COMPOSE_TEXT)}

    assert asked == set(GIVEN)


def test_a_secret_has_no_default_and_its_lack_a_clear_message() -> None:
    secrets = {name for name in GIVEN if re.search("PASSWORD|SECRET|AUTH", name)}
    assert len(secrets) == 5

    for name, how, rest in VARIABLE.findall(COMPOSE_TEXT):
        if name in secrets:
            assert how == ":?", name
            assert rest == "is not set; see deploy/compose.env.example"
            assert GIVEN[name] == ""


def test_the_example_shows_the_defaults() -> None:
    for name, how, default in VARIABLE.findall(COMPOSE_TEXT):
        if how in ("-", ":-") and default:
            assert GIVEN[name] == default, name


def test_no_password_is_on_a_command_line() -> None:
    for service in SERVICES.values():
        words = " ".join(service.get("command", []))
        assert not re.search(r"\$\{\w*PASSWORD", words)
        assert "--requirepass" not in words


def test_the_image_runs_without_root_and_without_what_builds_it() -> None:
    build, final = re.split(r"^FROM .*$", DOCKERFILE, flags=re.MULTILINE)[1:]

    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert "pip" in build
    assert not re.search(r"\b(pip|apt-get|gcc)\b", final)
    assert "collectstatic" in build
    assert 'ENTRYPOINT ["/app/deploy/entrypoint"]' in final


def test_the_image_gets_what_runs_and_nothing_else() -> None:
    lines = Path(".dockerignore").read_text().splitlines()
    taken = {line[1:] for line in lines if line.startswith("!")}

    assert "*" in lines
    assert {path for path in taken if not Path(path).exists()} == set()
    packages = {path.parent.name for path in Path().glob("*/apps.py")}
    assert packages <= taken
    assert not {"tests", "docs", "var", ".env", ".git"} & taken


def enter(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ENTRYPOINT), *arguments],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


@pytest.mark.parametrize("arguments", [(), ("",), ("nonsense",), ("--help",)])
def test_the_entrypoint_says_what_it_can_do(arguments: tuple[str, ...]) -> None:
    done = enter(*arguments)

    assert done.returncode == 64
    assert done.stderr.startswith("usage: entrypoint web|beat|worker|flower|migrate")


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_the_entrypoint_names_the_setting_that_is_missing(missing: str) -> None:
    given = {"SECRET_KEY": "k", "DATABASE_URL": "d", "REDIS_URL": "r"}
    del given[missing]

    done = enter("web", **given)

    assert done.returncode == 64
    assert done.stderr.startswith(f"{missing} is not set: ")


def test_a_secret_may_come_in_a_file_and_flower_wants_a_password() -> None:
    done = enter("flower", SECRET_KEY_FILE="/k", DATABASE_URL_FILE="/d", REDIS_URL="r")

    assert done.returncode == 64
    assert done.stderr.startswith("FLOWER_BASIC_AUTH is not set: ")

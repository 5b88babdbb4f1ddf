"""``manage.py up`` as people run it: a terminal, a folder, Ctrl-C."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import psycopg
import pytest

from scheduler_project.embedded import ports, servers
from tests.platform import ROOT, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

GIVEN_BY_THE_TESTS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SCHEDULER_VAR")
STOP_SECONDS = 10


class Up:
    """One ``manage.py up`` with its own folder, ports and output file."""

    def __init__(self, var: Path, *options: str, **environment: str) -> None:
        self.var = var
        self.port, self.flower_port = ports.choose(), ports.choose()
        self.web = f"http://127.0.0.1:{self.port}"
        self.flower = f"http://127.0.0.1:{self.flower_port}"
        self.output = Path(tempfile.mkstemp(prefix="up-", suffix=".log", dir=var.parent)[1])
        addresses = ["--port", str(self.port), "--flower-port", str(self.flower_port)]
        kept = {name: text for name, text in os.environ.items() if name not in GIVEN_BY_THE_TESTS}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", *addresses, *options],
                env={**kept, "SCHEDULER_VAR": str(var), **environment},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    def find(self, pattern: str) -> str:
        """Return the first group of ``pattern`` in the output, once it is there."""

        def look() -> re.Match[str] | None:
            found = re.search(pattern, self.text)
            assert found or self.process.poll() is None, self.text
            return found

        return until(look, within=90, what=pattern).group(1)

    def wait_until_ready(self) -> None:
        for title in ("Admin", "API", "Flower"):
            self.find(rf"{title} +(http://\S+)")
        self.find(r"(worker1@\S+) ready")

    def refusal(self) -> str:
        """Return the one line of an ``up`` that does not start."""
        assert self.process.wait(60) == 1, self.text
        [line] = self.text.splitlines()
        return line

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(STOP_SECONDS + 5)

    def processes(self) -> list[psutil.Process]:
        """Return everything that runs for this folder, whoever its parent is by now."""

        def belongs(process: psutil.Process) -> bool:
            try:
                return process.pid != self.process.pid and (
                    process.environ().get("SCHEDULER_VAR") == str(self.var)
                    or any(f"{self.var}/" in part for part in process.cmdline())
                )
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                return False

        return [process for process in psutil.process_iter() if belongs(process)]

    def end(self) -> None:
        """Leave nothing behind, whatever the test came to."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        left = self.processes()
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=10)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="scheduler-up-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    """A platform for tests that leave it as it was."""
    with tempfile.TemporaryDirectory(prefix="scheduler-up-", ignore_cleanup_errors=True) as name:
        started = Up(Path(name) / "var")
        try:
            started.wait_until_ready()
            yield started
        finally:
            started.end()


def status_of(url: str, login: tuple[str, str] | None = None) -> int:
    return httpx2.get(url, auth=login, follow_redirects=True).status_code


def ask(var: Path, question: str) -> list[Any]:
    """Return the first column of what the platform's database answers."""
    addresses = servers.read_env(var)
    assert addresses
    with psycopg.connect(addresses["DATABASE_URL"]) as connection:
        return [row[0] for row in connection.execute(question.encode()).fetchall()]


def succeeded_executions(var: Path) -> int:
    [count] = ask(var, "SELECT count(*) FROM executions_jobexecution WHERE status = 'succeeded'")
    return int(count)


def test_printed_addresses_answer(up: Up) -> None:
    assert status_of(up.find(r"Admin +(http://\S+)")) == 200
    assert status_of(f"{up.web}/health/live") == 200


def test_flower_wants_the_printed_password(up: Up) -> None:
    password = up.find(r"Flower .*user admin, password ([^)]+)\)")
    assert status_of(up.flower) == 401
    assert status_of(up.flower, ("admin", password)) == 200


def test_demo_jobs_run(up: Up) -> None:
    assert until(lambda: succeeded_executions(up.var), within=60, what="a succeeded execution")


def test_the_platform_brings_its_own_jobs(up: Up) -> None:
    handlers = ask(
        up.var,
        "SELECT execution_type_name FROM jobs_jobdefinition WHERE category = 'Platform' ORDER BY 1",
    )
    assert handlers == ["platform.ledger", "platform.retention", "platform.rollups"]


def test_the_demos_command_runs_outside_the_worker(up: Up) -> None:
    warehouses = """
        SELECT e.output ->> 'warehouse'
        FROM executions_jobexecution e
        JOIN jobs_jobdefinition j ON j.id = e.job_id
        WHERE j.execution_mode = 'out_of_process' AND e.status = 'succeeded'
    """
    found = until(lambda: ask(up.var, warehouses), within=60, what="the command has succeeded")
    assert set(found) <= {"Hamburg", "Rotterdam"}


def test_the_demos_workflow_runs_to_its_end(up: Up) -> None:
    run = """
        SELECT e.completed_at IS NOT NULL
        FROM executions_jobexecution e
        WHERE e.correlation_id = (
            SELECT e.id
            FROM executions_jobexecution e
            JOIN jobs_jobdefinition j ON j.id = e.job_id AND j.name = 'Load orders'
            ORDER BY e.id
            LIMIT 1
        )
    """
    until(lambda: ask(up.var, run) == [True] * 5, within=90, what="the end of the workflow's run")


def test_a_demo_job_waits_in_its_paused_queue(up: Up) -> None:
    waiting = """
        SELECT e.status
        FROM executions_jobexecution e
        JOIN jobs_jobdefinition j ON j.id = e.job_id
        JOIN jobs_queue q ON q.name = j.queue_id
        WHERE EXISTS (SELECT FROM jobs_hold h WHERE h.queue_id = q.name AND h.ended_at IS NULL)
    """
    assert set(ask(up.var, waiting)) == {"scheduled"}
    serving = "SELECT unnest(queues) FROM executions_worker WHERE kind = 'worker' ORDER BY 1"
    assert ask(up.var, serving) == ["archive", "default"]


def test_secrets_are_in_private_files_and_not_in_the_process_list(up: Up) -> None:
    run = up.var / "run"
    secrets = [(run / "secret_key").read_text().strip()]
    secrets += [up.find(rf"{title} .*, password ([^)]+)\)") for title in ("Admin", "Flower")]
    secrets += re.findall(r":([0-9a-f]{48})@", (run / "servers.env").read_text())
    assert len(secrets) == 5
    listed = [" ".join(process.cmdline()) for process in up.processes()]
    assert not [secret for secret in secrets for line in listed if secret in line]
    modes = [stat.S_IMODE(path.stat().st_mode) for path in run.iterdir()]
    assert set(modes) == {0o600}


def test_second_up_with_the_same_folder_is_refused(up: Up) -> None:
    second = Up(up.var)
    assert "another `manage.py up` is running" in second.refusal()
    assert up.process.poll() is None


def test_stop_is_clean_and_the_next_start_finds_everything(folder: Path) -> None:
    first = Up(folder / "var")
    try:
        first.wait_until_ready()
        until(lambda: succeeded_executions(first.var), within=60, what="a succeeded execution")
        assert first.stop() == 0, first.text
        # Whoever has not ended by itself within ten seconds is killed, and that is said by name.
        assert "SIGKILL" not in first.text, first.text
        assert not first.processes()
        assert first.text.splitlines()[-1] == "Stopped."
    finally:
        first.end()

    second = Up(folder / "var", "--no-demo")
    try:
        second.wait_until_ready()
        assert "changepassword admin" in second.find("(Admin .*)")
        assert succeeded_executions(second.var)
        assert second.stop(signal.SIGINT) == 0, second.text
    finally:
        second.end()


def test_killed_up_takes_its_processes_along_and_the_next_one_goes_on(folder: Path) -> None:
    first = Up(folder / "var", "--no-demo")
    try:
        first.wait_until_ready()
        first.process.kill()
        first.process.wait()
        is_server = ("postgres", "valkey-server")
        until(
            lambda: all(process.name() in is_server for process in first.processes()),
            within=STOP_SECONDS,
            what="only the servers left",
        )
        second = Up(folder / "var", "--no-demo")
        try:
            second.wait_until_ready()
            assert second.stop() == 0, second.text
            assert not second.processes()
        finally:
            second.end()
    finally:
        first.end()


def test_death_of_one_process_is_named_and_ends_the_others(folder: Path) -> None:
    up = Up(folder / "var", "--no-demo")
    try:
        up.wait_until_ready()
        beat = next(process for process in up.processes() if "beat" in process.cmdline())
        beat.kill()
        assert up.process.wait(STOP_SECONDS + 5) == 1
        assert "beat ended on its own" in up.text.splitlines()[-1]
        assert not up.processes()
    finally:
        up.end()


def test_death_of_an_embedded_server_is_named_too(folder: Path) -> None:
    up = Up(folder / "var", "--no-demo")
    try:
        up.wait_until_ready()
        valkey = next(process for process in up.processes() if process.name() == "valkey-server")
        valkey.kill()
        assert up.process.wait(STOP_SECONDS + 5) == 1
        assert "Valkey ended on its own" in up.text.splitlines()[-1]
        assert not up.processes()
    finally:
        up.end()


def test_taken_port_is_one_line_and_nothing_starts(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = Up(folder / "var", "--port", str(port)).refusal()
    assert line.endswith(
        f"port {port} of 127.0.0.1 cannot be used: Address already in use "
        "(choose another with --port)"
    )
    assert not (folder / "var" / "postgres").exists()


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("DATABASE_URL", "postgresql://scheduler:a-secret@127.0.0.1:1/scheduler"),
        ("REDIS_URL", "redis://:a-secret@127.0.0.1:1/0"),
        ("REDIS_URL", "nonsense"),
    ],
)
def test_useless_address_is_one_line_without_its_password(
    folder: Path, variable: str, url: str
) -> None:
    line = Up(folder / "var", **{variable: url}).refusal()
    assert f"{variable} does not work: " in line
    assert "a-secret" not in line


def test_unusable_folder_is_one_line() -> None:
    with tempfile.TemporaryDirectory() as name:
        up = Up(Path(name) / "unused", SCHEDULER_VAR="/proc/no-such-folder")
        assert "/proc/no-such-folder cannot be used: " in up.refusal()


def test_production_refuses_embedded_servers(folder: Path) -> None:
    line = Up(folder / "var", SCHEDULER_ENVIRONMENT="PROD").refusal()
    assert "embedded servers are not for production" in line
    assert "SCHEDULER_ALLOW_EMBEDDED=1" in line

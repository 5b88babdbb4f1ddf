"""The launcher as a program: what it reports, and that nothing outlives it or its parent."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from executions import launcher
from tests.platform import is_gone, until
from tests.unit.executions.commands import MARK, assert_none_left, marked

# In the command's group, and as a daemon: forked twice, in a session of its own.
FAMILY = "sleep 600 & setsid -f sleep 600;"

# Stands for a worker child: starts a launcher, passes on what it reports, and may be killed.
PARENT = """
import json, os, socket, subprocess, sys, time
control, far = socket.socketpair()
parent, grace, lease, folder, *argv = json.loads(sys.argv[1])
ends_at = time.monotonic() + lease
words = [parent or os.getpid(), far.fileno(), 0, f"{grace},{ends_at}", folder, *argv]
line = [sys.executable, "-I", "-S", sys.argv[2], *map(str, words)]
subprocess.Popen(line, pass_fds=[far.fileno()], start_new_session=True)
far.close()
if "DEAF" in os.environ:
    while not os.path.exists(os.environ["DEAF"]):
        time.sleep(0.01)
    control.send(b"stop\\n")
    control.recv(1000, socket.MSG_PEEK)
    open(os.environ["DEAF"] + ".reported", "w").close()
    time.sleep(600)
while data := control.recv(1000):
    os.write(1, data)
"""


class Parent:
    """A process that has started a launcher, and the end of its output."""

    def __init__(self, mark: str, folder: Path, script: str, **times: float) -> None:
        self.mark = mark
        folder.mkdir()
        known = {"parent": 0, "grace": 30.0, "lease": 60.0, **times}
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                PARENT,
                json.dumps([*known.values(), str(folder), "/bin/sh", "-c", script]),
                launcher.__file__,
            ],
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name in ("PATH", "DEAF")}
            | {MARK: mark},
        )

    def reports(self) -> list[str]:
        """Wait for the end and return the launcher's reports."""
        out, _ = self.process.communicate(timeout=20)
        return out.decode().splitlines()

    def launcher(self) -> psutil.Process:
        """Return the launcher's process, once there is one."""

        def find() -> psutil.Process | None:
            return next(
                (p for p in psutil.Process(self.process.pid).children() if "-I" in p.cmdline()),
                None,
            )

        found = until(find, what="a launcher")
        assert found is not None
        return found


Start = Callable[..., Parent]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that runs a shell script under a launcher; nothing may be left of it."""
    mark = uuid4().hex
    started: list[Parent] = []

    def start(script: str, **times: float) -> Parent:
        started.append(Parent(mark, tmp_path / f"folder{len(started)}", script, **times))
        return started[-1]

    yield start
    try:
        assert_none_left(mark, within=0)
    finally:
        for parent in started:
            parent.process.kill()
            parent.process.communicate()


@pytest.mark.parametrize(
    ("script", "reports"),
    [
        ("exit 0", ["exit 0"]),
        ("exit 200", ["exit 200"]),
        ("kill -9 $$", ["signal 9"]),
        ("kill -TERM $$", ["signal 15"]),
        (f"{FAMILY} exit 1", ["exit 1"]),
    ],
)
def test_the_end_of_the_command_is_reported_and_is_the_end_of_all(
    start: Start, tmp_path: Path, script: str, reports: list[str]
) -> None:
    assert start(script).reports() == reports
    assert (tmp_path / "folder0").exists()  # the worker child still has to read it


def ready(folder: Path) -> str:
    """Return what a script does to say that it runs."""
    return f"touch {folder}/ready;"


def wait_until_ready(folder: Path) -> None:
    until((folder / "ready").exists, what="the command runs")


@pytest.mark.parametrize("script", ["sleep 600", "trap '' TERM HUP INT; while :; do sleep 1; done"])
def test_nothing_outlives_a_killed_worker_child(start: Start, tmp_path: Path, script: str) -> None:
    parent = start(f"{FAMILY} {ready(tmp_path)} {script}")
    wait_until_ready(tmp_path)

    parent.process.kill()

    assert_none_left(parent.mark)
    assert not (tmp_path / "folder0").exists()


def test_nothing_outlives_a_worker_child_killed_at_any_moment(start: Start, tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311
    parents = []
    for _ in range(25):
        parents.append(start(f"{FAMILY} {FAMILY} sleep 600"))
        time.sleep(chance.uniform(0, 0.12))  # no condition to wait for: any moment will do
        parents[-1].process.kill()

    assert_none_left(parents[0].mark)


def test_a_worker_child_that_dies_without_having_listened_is_heard_all_the_same(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEAF", str(tmp_path / "ready"))
    daemon = f"setsid -f sh -c 'trap \"\" TERM; {ready(tmp_path)} while :; do sleep 1; done';"
    parent = start(f"trap exit TERM; {daemon} sleep 600 & wait")
    until((tmp_path / "ready.reported").exists, what="the command's end is reported")

    parent.process.kill()

    assert_none_left(parent.mark)


def test_a_launcher_that_comes_too_late_starts_nothing(start: Start, tmp_path: Path) -> None:
    parent = start(ready(tmp_path), parent=1)

    assert parent.reports() == []
    assert not (tmp_path / "ready").exists()
    assert not (tmp_path / "folder0").exists()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"])
def test_a_launcher_that_is_told_to_end_takes_everything_with_it(
    start: Start, tmp_path: Path, name: str
) -> None:
    parent = start(f"{FAMILY} {ready(tmp_path)} sleep 600")
    wait_until_ready(tmp_path)

    parent.launcher().send_signal(signal.Signals[name])

    assert parent.reports() == ["signal 9"]


def test_the_kernel_kills_the_command_of_a_killed_launcher(start: Start, tmp_path: Path) -> None:
    parent = start(f"{ready(tmp_path)} exec sleep 600")
    wait_until_ready(tmp_path)

    parent.launcher().kill()

    assert parent.reports() == []
    assert_none_left(parent.mark)


def test_the_end_of_the_lease_ends_everything_though_the_worker_child_is_frozen(
    start: Start, tmp_path: Path
) -> None:
    parent = start(f"{FAMILY} {ready(tmp_path)} sleep 600", lease=2.5)
    wait_until_ready(tmp_path)

    parent.process.send_signal(signal.SIGSTOP)

    until(lambda: len(marked(parent.mark)) == 1, what="only the frozen process is left")
    assert not (tmp_path / "folder0").exists()
    parent.process.kill()
    parent.process.wait()


def test_a_process_that_forks_faster_than_one_looks_is_caught(start: Start, tmp_path: Path) -> None:
    loop = "i=0; while [ $i -lt 400 ]; do setsid -f sleep 600; i=$((i+1)); done"
    parent = start(f"({loop}) & ({loop}) & {ready(tmp_path)} sleep 600")
    wait_until_ready(tmp_path)

    parent.process.kill()

    assert_none_left(parent.mark, within=10)


def test_children_found_below_a_process_have_their_group_and_no_dead_among_them() -> None:
    script = "sleep 600 & exec sleep 600"
    above = subprocess.Popen(["/bin/sh", "-c", script], start_new_session=True)
    try:
        until(lambda: psutil.Process(above.pid).name() == "sleep", what="it has become sleep")
        below = psutil.Process(above.pid).children()

        found = launcher.find_below(os.getpid())

        assert {pid: found[pid] for pid in (above.pid, below[0].pid)} == {
            above.pid: above.pid,
            below[0].pid: above.pid,
        }
        assert list(launcher.find_below(above.pid)) == [below[0].pid]
        below[0].kill()
        until(lambda: is_gone(below[0]), what="it is dead, and nobody has buried it")
        assert below[0].pid not in launcher.find_below(os.getpid())
        assert launcher.find_below(above.pid) == {below[0].pid: above.pid}
    finally:
        os.killpg(above.pid, signal.SIGKILL)
        above.wait()


def test_only_those_born_since_then_are_killed() -> None:
    child = subprocess.Popen(["/bin/sleep", "600"])
    try:
        found = launcher.read_process(child.pid)
        assert found is not None
        state, parent, _, born = found
        assert (state in "RS", parent) == (True, os.getpid())

        assert child.pid not in launcher.kill_below(os.getpid(), born_since=born + 1)
        assert child.poll() is None
        assert launcher.kill_below(os.getpid(), born_since=born) == [child.pid]
        assert child.wait(5) == -signal.SIGKILL
    finally:
        child.kill()
        child.wait()


def test_a_name_with_brackets_and_blanks_does_not_confuse(tmp_path: Path) -> None:
    program = tmp_path / "a) R 1 (b"
    program.symlink_to("/bin/sleep")
    child = subprocess.Popen([str(program), "600"])
    try:
        until(lambda: psutil.Process(child.pid).name() == program.name, what="it runs")
        found = launcher.read_process(child.pid)
        assert found is not None
        assert found[1:3] == (os.getpid(), os.getpgid(0))
    finally:
        child.kill()
        child.wait()


def test_there_is_nothing_to_read_of_a_process_that_is_gone() -> None:
    child = subprocess.Popen(["/bin/true"])
    child.wait()

    assert launcher.read_process(child.pid) is None


# As root nothing can be hidden: then an ordinary user stands for the worker's. A change of user
# hides a process by itself (4 is PR_SET_DUMPABLE), which is undone first.
SECRETIVE = """
import ctypes, os, subprocess, sys
sys.path.insert(0, sys.argv[1])
from executions.launcher import hide_memory
if os.getuid() == 0:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
if sys.argv[2] == "hidden":
    hide_memory()
if os.fork() == 0:
    for what in ("environ", "maps", "stat"):
        subprocess.run(["/bin/cat", f"/proc/{os.getpid()}/{what}"], stderr=subprocess.DEVNULL)
    os._exit(0)
os.wait()
"""


@pytest.mark.parametrize(("how", "is_told"), [("open", True), ("hidden", False)])
def test_what_a_hidden_process_and_its_children_know_is_kept_from_others_of_the_user(
    how: str, is_told: bool
) -> None:
    root = str(Path(launcher.__file__).parent.parent)
    told = subprocess.run(
        [sys.executable, "-c", SECRETIVE, root, how],
        env={"SECRET": "kept-to-itself"},
        cwd="/",
        stdout=subprocess.PIPE,
        check=True,
    ).stdout.decode()

    assert ("kept-to-itself" in told, "libc" in told) == (is_told, is_told)
    assert "(python" in told  # what the launcher has to read stays readable


def test_a_link_in_a_folders_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "kept")

    assert launcher.remove_folder(str(tmp_path / "link")) is False
    assert (tmp_path / "kept/file").exists()


@pytest.mark.parametrize(("name", "depth"), [("d", 1_500), ("d" * 100, 60)])
def test_a_folder_deeper_than_a_path_or_the_open_files_is_removed(
    tmp_path: Path, name: str, depth: int
) -> None:
    deep = tmp_path / "deep"
    inner = make_folders(deep, name, depth)
    os.mkdir("beside", dir_fd=inner)
    os.close(os.open("file", os.O_CREAT, dir_fd=inner))
    os.symlink(tmp_path, "link", dir_fd=inner)
    os.close(inner)
    try:
        assert launcher.remove_folder(str(deep)) is True
        assert os.listdir(tmp_path) == []
    finally:
        subprocess.run(["/bin/rm", "-rf", str(deep)], check=True)  # Python's own tools cannot


def make_folders(folder: Path, name: str, depth: int) -> int:
    """Make a folder with so many in one another; return the innermost, open."""
    folder.mkdir()
    inner = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=inner)
        outer, inner = inner, os.open(name, os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    return inner


def test_what_cannot_be_removed_does_not_hold_up_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    (folder / "a/b/c").mkdir(parents=True)
    for name in ("a/kept", "a/b/c/file", "file"):
        (folder / name).touch()
    unlink = os.unlink

    def refuse(name: str, *, dir_fd: int) -> None:
        if name == "kept":
            raise PermissionError
        unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", refuse)

    assert launcher.remove_folder(str(folder)) is False
    assert [path.relative_to(folder).as_posix() for path in folder.rglob("*")] == ["a", "a/kept"]


def test_a_folder_that_is_gone_is_no_error(tmp_path: Path) -> None:
    assert launcher.remove_folder(str(tmp_path / "gone")) is True


def test_it_needs_nothing_but_the_standard_library() -> None:
    source = Path(launcher.__file__).read_text()
    imported = [
        line.split()[1] for line in source.splitlines() if line.startswith(("import ", "from "))
    ]

    assert set(imported) <= sys.stdlib_module_names
    assert "typing" not in imported  # each costs every attempt some milliseconds

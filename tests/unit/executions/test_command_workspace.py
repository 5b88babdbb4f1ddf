"""The private folder of one attempt of a command."""

import contextlib
import fcntl
import json
import os
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.text import NotStorable
from executions.handlers.out_of_process import workspace as module
from executions.handlers.out_of_process.workspace import Workspace, sweep


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    workspace = Workspace()
    yield workspace
    workspace.remove()


def test_folder_and_parameters_are_for_the_workers_user_alone(workspace: Workspace) -> None:
    umask = os.umask(0)
    try:
        workspace.write_parameters({"region": "größe", "list": [1, None]})
    finally:
        os.umask(umask)

    assert stat.S_IMODE(os.stat(workspace.folder).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(workspace.parameters_file).st_mode) == 0o600
    assert json.loads(Path(workspace.parameters_file).read_text("utf-8")) == {
        "region": "größe",
        "list": [1, None],
    }


def test_no_file_is_no_output(workspace: Workspace) -> None:
    assert workspace.read_output() is None


@pytest.mark.parametrize(
    ("written", "output"),
    [
        (b'{"rows": 42}', '{"rows":42}'),
        (b"null", "null"),
        (b' [1, 2.50, "\xc3\xa9"]\n', '[1,2.5,"é"]'),
        (b'"' + b"x" * 1_048_574 + b'"', '"' + "x" * 1_048_574 + '"'),
    ],
    ids=["object", "null", "spaced", "1-MiB"],
)
def test_what_is_written_is_the_output(workspace: Workspace, written: bytes, output: str) -> None:
    Path(workspace.output_file).write_bytes(written)

    assert workspace.read_output() == output


def write(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def bind(path: Path) -> None:
    # By its name alone: the path of a socket has room for some hundred characters.
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (write(b""), "is not JSON: Expecting value"),
    "quotes": (write(b"{'rows': 42}"), "is not JSON: Expecting property name"),
    "two values": (write(b"{} {}"), "is not JSON: Extra data"),
    "no UTF-8": (write(b"\xff\xfe"), "is not JSON: 'utf-8' codec can't decode"),
    "BOM": (write(b"\xef\xbb\xbf1"), "is not JSON: Unexpected UTF-8 BOM"),
    "NaN": (write(b"NaN"), "is not strict JSON"),
    "infinity": (write(b"[1e999]"), "is not strict JSON"),
    "NUL": (write(b'"a\\u0000b"'), "holds a NUL character"),
    "surrogate": (write(b'"\\ud800"'), "holds text that is not valid Unicode"),
    "too deep": (write(b"[" * 100_000), "is not JSON: maximum recursion depth"),
    "number too long": (write(b"9" * 5_000), "is not JSON: Exceeds the limit"),
    "too long": (write(b'"' + b"x" * 1_048_575 + b'"'), "has more than 1,048,576 bytes"),
    "folder": (lambda path: path.mkdir(), "is no regular file"),
    "link": (lambda path: path.symlink_to("/etc/hostname"), "cannot be read: Too many levels"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "cannot be read: Too many levels"),
    "broken link": (lambda path: path.symlink_to("gone"), "cannot be read: Too many levels"),
    "FIFO": (lambda path: os.mkfifo(path), "is no regular file"),
    "unreadable socket": (bind, "cannot be read: No such device or address"),
}


@pytest.mark.parametrize(("make", "says"), BAD.values(), ids=BAD.keys())
def test_anything_else_is_refused_with_the_reason_and_never_waited_for(
    workspace: Workspace, make: Callable[[Path], object], says: str
) -> None:
    make(Path(workspace.output_file))

    with pytest.raises(NotStorable) as problem:
        workspace.read_output()

    assert str(problem.value).startswith("The file named by SCHEDULER_OUTPUT_FILE ")
    assert says in str(problem.value)


def test_the_output_is_read_from_this_folder_even_if_another_stands_in_its_place(
    workspace: Workspace, tmp_path: Path
) -> None:
    os.rename(workspace.folder, tmp_path / "moved")
    (tmp_path / "bait").mkdir()
    (tmp_path / "bait/output.json").write_text("1")
    os.symlink(tmp_path / "bait", workspace.folder)

    assert workspace.read_output() is None


def test_a_folder_is_removed_with_all_that_is_in_it(temporary: Path) -> None:
    (temporary / "elsewhere").mkdir()
    (temporary / "elsewhere/kept").touch()
    workspace = Workspace()
    folder = Path(workspace.folder)
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/file").touch()
    (folder / "link").symlink_to(temporary / "elsewhere")
    os.mkfifo(folder / "fifo")
    (folder / "a").chmod(0)

    workspace.remove()

    assert os.listdir(temporary) == ["elsewhere"]
    assert os.listdir(temporary / "elsewhere") == ["kept"]


def test_a_starting_worker_removes_what_nobody_holds(temporary: Path) -> None:
    held, lost = Workspace(), Workspace()
    (Path(lost.folder) / "parameters.json").write_text("{}")
    os.close(lost.lock)
    (temporary / "scheduler-attempt-file").touch()
    (temporary / "scheduler-attempt-link").symlink_to(temporary)
    (temporary / "another").mkdir()

    sweep()

    left = {"another", "scheduler-attempt-file", "scheduler-attempt-link"}
    assert set(os.listdir(temporary)) == {*left, os.path.basename(held.folder)}
    held.remove()


@pytest.mark.parametrize(
    ("is_gone", "says"),
    [
        (True, "removed {}, left by an attempt that was killed"),
        (False, "{}, left by a killed attempt, cannot be removed"),
    ],
)
def test_a_starting_worker_says_what_became_of_the_folder(
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_gone: bool,
    says: str,
) -> None:
    (temporary / "scheduler-attempt-lost").mkdir()
    monkeypatch.setattr(module, "remove_folder", lambda _: is_gone)

    with caplog.at_level("INFO"):
        sweep()

    assert caplog.messages == [says.format(temporary / "scheduler-attempt-lost")]


def test_a_starting_worker_leaves_what_is_anothers(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (temporary / "scheduler-attempt-foreign").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)

    sweep()

    assert os.listdir(temporary) == ["scheduler-attempt-foreign"]


def test_a_folder_that_is_swept_before_it_is_locked_is_made_again(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_swept = []

    def lock_late(descriptor: int, how: int) -> None:
        if not is_swept:
            is_swept.append(True)
            sweep()
        fcntl.flock(descriptor, how)

    late = type("late", (), {**vars(fcntl), "flock": staticmethod(lock_late)})
    monkeypatch.setattr(module, "fcntl", late)

    workspace = Workspace()

    assert os.listdir(temporary) == [os.path.basename(workspace.folder)]
    workspace.remove()

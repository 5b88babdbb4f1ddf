"""Private files: only their owner may read them, and nobody ever sees half of one."""

import fcntl
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from scheduler_project.embedded.errors import EmbeddedServerError


def make_private_directory(path: Path) -> None:
    """Create ``path`` (and missing parents), open to its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` at once, with mode 0600, on the disk before it is seen."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_state(path: Path) -> dict[str, Any]:
    """Return what ``write_state`` kept, or nothing when it never did."""
    try:
        state: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (ValueError, PermissionError) as error:
        raise EmbeddedServerError(f"{path} cannot be read: {error}") from error
    return state


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Keep ports and passwords for the next start."""
    write_private(path, json.dumps(state, indent=2) + "\n")


def open_log(path: Path, *, fresh: bool) -> int:
    """Open a server's log for writing and return its descriptor."""
    how = os.O_TRUNC if fresh else os.O_APPEND
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | how, 0o600)


def lock(path: Path) -> int | None:
    """Lock ``path`` for as long as this process lives; None when another process has it.

    The kernel frees the lock when its holder dies, however it dies: it can never be stale.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor

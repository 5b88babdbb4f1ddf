"""The private folder of one attempt: its working directory, its parameters, its output.

It is removed with the attempt. Worker child and launcher both hold a lock on it; a folder without a
lock has lost both, and the next worker that starts removes it.
"""

import fcntl
import json
import logging
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

from celery import signals

from core.text import MAX_JSON_BYTES, NotStorable, strict_json
from executions.launcher import remove_folder

PREFIX = "scheduler-attempt-"
_OUTPUT = "output.json"
_CHECKPOINT = "checkpoint.json"
_WHAT = "The file named by SCHEDULER_OUTPUT_FILE"
_WHAT_CHECKPOINT = "The file named by SCHEDULER_CHECKPOINT_FILE"

logger = logging.getLogger(__name__)


class Workspace:
    """A new folder that only the worker's user may enter."""

    def __init__(self) -> None:
        self.folder, self.lock = _create_locked()
        self.parameters_file = f"{self.folder}/parameters.json"
        self.upstream_file = f"{self.folder}/upstream.json"
        self.output_file = f"{self.folder}/{_OUTPUT}"
        self.checkpoint_file = f"{self.folder}/{_CHECKPOINT}"

    def write_parameters(self, parameters: dict[str, Any]) -> None:
        """Write the parameters as JSON, readable for the worker's user only."""
        _write_json(self.parameters_file, parameters)

    def write_upstream(self, results: dict[str, Any]) -> None:
        """Write what it waited for has returned, readable for the worker's user only."""
        _write_json(self.upstream_file, results)

    def write_checkpoint(self, state: Any) -> None:
        """Write what an earlier attempt kept, readable for the worker's user only."""
        _write_json(self.checkpoint_file, state)

    def mark_checkpoint(self) -> tuple[int, ...] | None:
        """Return what changes when the command writes its checkpoint anew; None without a file."""
        try:
            found = os.stat(_CHECKPOINT, dir_fd=self.lock, follow_symlinks=False)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def read_output(self) -> str | None:
        """Return what the command wrote as strict JSON text, None if it wrote nothing.

        Raise :class:`NotStorable` for anything else. What stands there may be no file at all:
        nothing here follows a link or waits for a writer.
        """
        return self._read(_OUTPUT, _WHAT)

    def read_checkpoint(self) -> str | None:
        """Return the same of its checkpoint."""
        return self._read(_CHECKPOINT, _WHAT_CHECKPOINT)

    def _read(self, name: str, what: str) -> str | None:
        try:
            descriptor = os.open(
                name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self.lock
            )
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NotStorable(f"{what} cannot be read: {error.strerror}") from None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise NotStorable(f"{what} is no regular file")
            with open(descriptor, "rb", closefd=False) as file:
                return read_json(file.read(MAX_JSON_BYTES + 1), what=what)
        finally:
            os.close(descriptor)

    def remove(self) -> None:
        """Remove the folder with all that the command left in it."""
        if not remove_folder(self.folder):
            logger.warning("%s cannot be removed; the next worker tries again", self.folder)
        os.close(self.lock)


def _write_json(path: str, value: Any) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False)


def read_json(data: bytes, *, what: str = _WHAT) -> str:
    """Return a file's bytes as strict JSON text, or raise :class:`NotStorable`."""
    if len(data) > MAX_JSON_BYTES:
        raise NotStorable(f"{what} has more than {MAX_JSON_BYTES:,} bytes")
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise NotStorable(f"{what} is not JSON: {error}") from None
    return strict_json(value, what=what)


def _create_locked() -> tuple[str, int]:
    """Create a folder and lock it; again if a starting worker removed it in between."""
    while True:
        folder = tempfile.mkdtemp(prefix=PREFIX)
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(folder):
            return folder, lock
        os.close(lock)


@signals.worker_init.connect
def sweep(**_: Any) -> None:
    """Remove the folders of attempts whose worker child and launcher were both killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            if os.fstat(lock).st_uid == os.geteuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if remove_folder(str(folder)):
                    logger.info("removed %s, left by an attempt that was killed", folder)
                else:
                    logger.warning("%s, left by a killed attempt, cannot be removed", folder)
        except BlockingIOError:
            continue
        finally:
            os.close(lock)

"""Servers that outlived whoever started them.

Run as a program, it watches over throw-away servers: when their owner is gone (even by kill -9)
it ends them and deletes their folder. It imports nothing of this package, so that it starts at
once: ``python leftovers.py FOLDER PID-OF-THE-OWNER``.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

LOOK_EVERY_SECONDS = 0.25


def find(pid_file: Path) -> int | None:
    """Return the server that wrote ``pid_file``, if it still runs.

    The number alone proves nothing, another program may have it by now: only a process that was
    started for this data folder counts.
    """
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if str(pid_file.parent) in _command_line(pid) else None


def _command_line(pid: int) -> str:
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:
            return ""
    listing = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(listing, capture_output=True, text=True, check=False).stdout


def watch(folder: Path, owner: int) -> None:
    """Wait until ``owner`` is gone, then end the servers of ``folder`` and delete it."""
    while os.getppid() == owner:
        time.sleep(LOOK_EVERY_SECONDS)
    for pid_file in folder.glob("*/data/*.pid"):
        pid = find(pid_file)
        if pid:
            os.kill(pid, signal.SIGKILL)
    while folder.exists():  # PostgreSQL's own children write until they see that it is gone
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(LOOK_EVERY_SECONDS)


if __name__ == "__main__":
    watch(Path(sys.argv[1]), int(sys.argv[2]))

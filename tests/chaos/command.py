"""A command that behaves as badly as real ones; run by itself, never imported.

It starts a process in its own group and a daemon, forked twice, in a session of its own. All of
them hold the lock of their execution, so whatever of one attempt meets the next one shows as a file
``<execution>.overlap``. ``once`` hangs in its first call only, ``deaf`` ignores SIGTERM.
"""

import fcntl
import os
import signal
import sys
import time
from pathlib import Path

FOLDER = Path(os.environ["PARAM_EVIDENCE"])
NAME = os.environ["SCHEDULER_EXECUTION_ID"]


def hang() -> None:
    while True:
        time.sleep(600)


def start_family() -> None:
    if os.fork() == 0:
        hang()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            hang()
        os._exit(0)
    os.wait()


def ignore_stop(*_: object) -> None:
    (FOLDER / f"{NAME}.heard").touch()


def main(how: str) -> None:
    lock = (FOLDER / f"{NAME}.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        (FOLDER / f"{NAME}.overlap").touch()
    calls = FOLDER / f"{NAME}.calls"
    if how == "once" and (calls.exists() or (FOLDER / "enough").exists()):
        Path(os.environ["SCHEDULER_OUTPUT_FILE"]).write_text('"done"')
        return
    if how == "deaf":
        signal.signal(signal.SIGTERM, ignore_stop)
    start_family()
    with calls.open("a") as file:
        file.write(f"start {os.environ['SCHEDULER_ATTEMPT']} {os.getpid()}\n")
    hang()


main(sys.argv[1])

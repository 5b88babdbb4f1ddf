"""Counting finished calls without a cost: every process counts in a small file it keeps mapped."""

import mmap
import os
import struct
import time
from functools import lru_cache
from pathlib import Path

FOLDER = "BENCH_TALLY"  # the environment variable that names the folder
_CALLS = struct.Struct("=qd")  # how many calls, and when the last one was (s)


@lru_cache(maxsize=1)
def _own_page(pid: int) -> mmap.mmap:
    path = Path(os.environ[FOLDER]) / str(pid)
    path.write_bytes(bytes(_CALLS.size))
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), _CALLS.size)


def count_call() -> None:
    """Count one call in this process."""
    page = _own_page(os.getpid())
    calls, _ = _CALLS.unpack(page)
    page[:] = _CALLS.pack(calls + 1, time.time())


def read(folder: Path) -> tuple[int, float]:
    """Return how many calls all processes have counted, and when the last one was."""
    pages = [page for path in folder.iterdir() if len(page := path.read_bytes()) == _CALLS.size]
    counts = [_CALLS.unpack(page) for page in pages]
    return sum(calls for calls, _ in counts), max((at for _, at in counts), default=0.0)

"""What a handler logs and prints, collected line by line until it is written to the database."""

import io
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.secret_references import Mask
from core.text import clean

MOST_CHARACTERS = 4_000_000
MOST_CHARACTERS_PER_LINE = 10_000
MOST_LINES_OF_TAIL = 10
MOST_CHARACTERS_PER_LINE_OF_TAIL = 500
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class LogLine:
    """One line; ``sequence`` counts from 1 in its attempt."""

    sequence: int
    at: datetime
    level: str
    stream: str
    message: str


# Unnested like empty arrays, and cheaper to send: most attempts say nothing.
NO_LINES: dict[str, Any] = dict.fromkeys(
    ("log_sequences", "log_times", "log_levels", "log_streams", "log_messages")
)


def log_parameters(lines: list[LogLine]) -> dict[str, Any]:
    """Return lines as the arrays that ``look.sql`` and ``settle.sql`` unnest."""
    if not lines:
        return NO_LINES
    return {
        "log_sequences": [line.sequence for line in lines],
        "log_times": [line.at for line in lines],
        "log_levels": [line.level for line in lines],
        "log_streams": [line.stream for line in lines],
        "log_messages": [line.message for line in lines],
    }


class LogBuffer:
    """The lines of one attempt that are not yet written, without the secrets that ``mask`` knows.

    Safe for several threads.

    Times are the database's: its time at the claim, plus what has passed since by the monotonic
    clock. An attempt keeps at most ``most_lines`` and 4 million characters; then one line says so.
    """

    def __init__(self, *, started_at: datetime, most_lines: int) -> None:
        self._started_at = started_at
        self._started = time.monotonic()
        self._most_lines = most_lines
        self.mask = Mask()
        self._lock = threading.Lock()
        self._lines: list[LogLine] = []
        self._sequence = 0
        self._characters = 0

    @property
    def is_full(self) -> bool:
        """Whether the attempt has said too much already: no further line is kept."""
        return self._sequence > self._most_lines

    def add(self, *, level: str, stream: str, message: str) -> None:
        """Keep one line, unless the log is full."""
        if self.is_full:  # before any work: what floods the log must not slow down for it
            return
        message = clean(self.mask.hide(message), limit=MOST_CHARACTERS_PER_LINE)
        with self._lock:
            if self.is_full:
                return
            self._characters += len(message)
            if self._sequence == self._most_lines or self._characters > MOST_CHARACTERS:
                self._sequence = self._most_lines
                level, stream = "WARNING", "platform"
                message = (
                    f"The log ends here: an attempt keeps at most {self._most_lines:,} lines"
                    f" and {MOST_CHARACTERS:,} characters."
                )
            self._sequence += 1
            at = self._started_at + timedelta(seconds=time.monotonic() - self._started)
            self._lines.append(LogLine(self._sequence, at, level[:16], stream, message))

    def take(self) -> list[LogLine]:
        """Return the lines that were added since the last call."""
        with self._lock:
            lines, self._lines = self._lines, []
        return lines

    def put_back(self, lines: list[LogLine]) -> None:
        """Keep lines that were taken but could not be written."""
        with self._lock:
            self._lines[:0] = lines


class LineStream(io.TextIOBase):
    """Standard output or error of a handler or command, cut into lines.

    Its last lines stay in ``tail``, for the message of an attempt that failed.
    """

    def __init__(self, buffer: LogBuffer, stream: str, level: str) -> None:
        self._buffer = buffer
        self._stream = stream
        self._level = level
        self._unfinished = ""
        self.tail: deque[str] = deque(maxlen=MOST_LINES_OF_TAIL)

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for start in range(0, len(text), _CHUNK):
            self._take_over(text[start : start + _CHUNK])
        return len(text)

    def finish(self) -> None:
        """Keep what stands after the last line break."""
        if self._unfinished:
            text, self._unfinished = self._unfinished, ""
            self._keep(text)

    def _take_over(self, text: str) -> None:
        whole, end, self._unfinished = (self._unfinished + text).rpartition("\n")
        if end:
            for line in _last_lines(whole) if self._buffer.is_full else whole.split("\n"):
                self._keep(line)
        if len(self._unfinished) > MOST_CHARACTERS_PER_LINE:
            self.finish()

    def _keep(self, line: str) -> None:
        self._buffer.add(level=self._level, stream=self._stream, message=line)
        if line.strip():
            self.tail.append(line[:MOST_CHARACTERS_PER_LINE_OF_TAIL])


def _last_lines(text: str) -> list[str]:
    """Return the lines that a tail is left with, without splitting all the others."""
    lines: list[str] = []
    while len(lines) < MOST_LINES_OF_TAIL and (text := text.rstrip()):
        text, _, line = text.rpartition("\n")
        lines.append(line)
    return lines[::-1]


class _Collector(logging.Handler):
    """Sends log records of any thread to the attempt that is under way in this process."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer: LogBuffer | None = None
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if self.buffer is not None:
            try:
                self.buffer.add(level=record.levelname, stream="log", message=self.format(record))
            except Exception:
                self.handleError(record)


_collector = _Collector()


def install_collector() -> None:
    """Let the root logger feed the attempt under way; once per worker process."""
    if _collector not in logging.root.handlers:
        logging.root.addHandler(_collector)


@contextmanager
def captured(buffer: LogBuffer) -> Iterator[None]:
    """Send what is logged and printed meanwhile into ``buffer``."""
    out, err = LineStream(buffer, "stdout", "INFO"), LineStream(buffer, "stderr", "ERROR")
    _collector.buffer = buffer
    try:
        with redirect_stdout(out), redirect_stderr(err):
            yield
    finally:
        _collector.buffer = None
        out.finish()
        err.finish()

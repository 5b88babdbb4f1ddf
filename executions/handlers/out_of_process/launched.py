"""A command under its launcher, as the worker child sees it."""

import codecs
import io
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

from django.conf import settings

from executions import launcher
from executions.capture import LineStream, LogBuffer
from executions.handlers.out_of_process.endings import Ending
from executions.handlers.out_of_process.workspace import Workspace

# Shares of SCHEDULER_STOP_GRACE_SECONDS, after which the watchdog ends the worker child: when the
# command is killed, and when a launcher that does not answer is.
COMMAND_SHARE = 0.75
LAUNCHER_SHARE = 0.9

_LOOK_SECONDS = 0.2
_CHUNK = 64 * 1024
_MOST_LATE_BYTES = 1024 * 1024  # no pipe holds more


class Launched:
    """A command that runs, and all that it says, until nothing of it is left.

    It carries out an attempt for the guard (:class:`~executions.watchdog.Remote`).
    """

    def __init__(
        self,
        argv: list[str],
        environment: dict[bytes, bytes],
        workspace: Workspace,
        lines: LogBuffer,
        *,
        lease_ends_at: float,
    ) -> None:
        self._lines = lines
        self._ending = Ending("lost")
        self._is_heard = True
        self._unread = b""
        self._kill_at = float("inf")
        self._grace = settings.SCHEDULER_STOP_GRACE_SECONDS
        self._out = _Pipe(LineStream(lines, "stdout", "INFO"))
        self._err = _Pipe(LineStream(lines, "stderr", "ERROR"))
        self._control, far = socket.socketpair()
        self._is_started = False
        self._born_at = 0
        launcher.adopt_orphans(True)
        try:
            self._process = subprocess.Popen(
                _launcher_line(argv, workspace, far.fileno(), self._grace, lease_ends_at),
                stdin=subprocess.DEVNULL,
                stdout=self._out.far,
                stderr=self._err.far,
                pass_fds=[far.fileno(), workspace.lock],
                env=environment,
                cwd=workspace.folder,
                start_new_session=True,
            )
            self._is_started = True
            found = launcher.read_process(self._process.pid)
            self._born_at = found[3] if found is not None else 0
        except BaseException:
            self.__exit__()
            raise
        finally:
            for end in (far, self._out.far, self._err.far):
                end.close()

    def stop(self) -> None:
        """Ask the command and all that it started to stop; after its grace it is killed."""
        self._kill_at = time.monotonic() + LAUNCHER_SHARE * self._grace
        self._tell("stop")

    def extend(self, ends_at: float) -> None:
        """Let the command go on until then."""
        self._tell(f"lease {ends_at}")

    def wait(self, look: Callable[[], None] = lambda: None) -> Ending:
        """Collect what the command says until nothing of it is left; return how it ended.

        ``look`` is called some times a second meanwhile; it may not raise.
        """
        poll = select.poll()
        for end in (self._control, self._out.near, self._err.near):
            poll.register(end, select.POLLIN)
        while self._is_heard:
            for descriptor, _ in poll.poll(_LOOK_SECONDS * 1000):
                if descriptor == self._control.fileno():
                    self._listen()
                elif not self._pipe(descriptor).read():
                    poll.unregister(descriptor)
            look()
            if time.monotonic() > self._kill_at:
                self._process.kill()
        self._bury()
        for pipe in (self._out, self._err):
            pipe.read_rest()
        return self._ending

    @property
    def tail(self) -> Sequence[str]:
        """The last lines on standard error, or on standard output if there are none."""
        return list(self._err.lines.tail or self._out.lines.tail)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._control.close()  # whatever still runs ends now
        try:
            if self._is_started:
                self._bury()
        finally:
            self._let_go()

    def _pipe(self, descriptor: int) -> "_Pipe":
        return self._out if descriptor == self._out.near.fileno() else self._err

    def _tell(self, line: str) -> None:
        with suppress(OSError):  # its end is heard elsewhere
            self._control.send(line.encode() + b"\n", socket.MSG_DONTWAIT)

    def _listen(self) -> None:
        try:
            read = self._control.recv(4096)
        except ConnectionError:  # it ended without having read everything
            read = b""
        self._is_heard = bool(read)
        *lines, self._unread = (self._unread + read).split(b"\n")
        for line in lines:
            word, *numbers = line.decode().split()
            if word == "left":
                self._lines.add(
                    level="WARNING",
                    stream="platform",
                    message=f"These processes could not be killed: {', '.join(numbers)}.",
                )
            else:
                self._ending = Ending(word, int(numbers[0]))

    def _bury(self) -> None:
        """Wait for the launcher, and kill what it has left if it was killed itself."""
        try:
            self._process.wait(launcher.PATIENCE_SECONDS + 1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        give_up_at = time.monotonic() + launcher.PATIENCE_SECONDS
        while self._process.returncode != 0 and time.monotonic() < give_up_at:
            found = launcher.kill_below(os.getpid(), born_since=self._born_at)
            if not found:
                return
            for pid in found:
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(0.01)

    def _let_go(self) -> None:
        launcher.adopt_orphans(False)
        for end in (self._control, self._out.near, self._err.near):
            end.close()


class _Pipe:
    """One of the command's streams on its way into the log."""

    def __init__(self, lines: LineStream) -> None:
        near, far = os.pipe()
        self.near = io.FileIO(near, "rb")
        self.far = io.FileIO(far, "wb")
        self.lines = lines
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def read(self) -> int:
        """Take over what is there, and return how many bytes; wait if there is nothing yet."""
        data = self.near.read(_CHUNK) or b""
        self.lines.write(self._decoder.decode(data))
        return len(data)

    def read_rest(self) -> None:
        """Take over what is still there, without waiting: somebody unknown may hold the pipe."""
        os.set_blocking(self.near.fileno(), False)
        taken = 0
        while taken < _MOST_LATE_BYTES and (size := self.read()):
            taken += size
        self.lines.write(self._decoder.decode(b"", final=True))
        self.lines.finish()


def _launcher_line(
    argv: list[str], workspace: Workspace, control: int, grace: float, lease_ends_at: float
) -> list[bytes]:
    """Return the command line of the launcher; no parameter is in it."""
    words = [sys.executable, "-I", "-S", launcher.__file__, os.getpid(), control, workspace.lock]
    words += [f"{COMMAND_SHARE * grace},{lease_ends_at}", workspace.folder, *argv]
    return [str(word).encode("utf-8", "surrogateescape") for word in words]

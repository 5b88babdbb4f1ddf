"""Runs one command for a worker child, and lets nothing of it outlive either of them.

A program of its own, started once per attempt by ``handlers/out_of_process``: standard library
only, and little of it, because every attempt waits for its start. The worker child holds the other
end of a socket, on which each side writes lines:

* to the launcher: ``stop`` (SIGTERM to all; SIGKILL after the grace) and ``lease <time>`` (the
  command may go on until then, by the monotonic clock). The socket's end means that the worker
  child is gone.
* from the launcher: ``exit <code>``, ``signal <number>``, ``error <errno>`` (nothing was started),
  ``left <pids>`` (what could not be killed). The socket's end means that all is over.

The launcher is a subreaper: what loses its parent below it becomes its child, so a daemon is found
like everything else. It takes all with it when the command ends, when the worker child ends, when
the lease runs out, and on SIGTERM, which the kernel sends when the thread that started it has died.
If the launcher itself is killed, the kernel kills the command, and the worker child, the next
subreaper above, kills the rest.
"""

import ctypes
import os
import select
import signal
import stat
import sys
import time
from contextlib import suppress

PATIENCE_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_TOLD_TO_END = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


class Launcher:
    """The command, from its start to the end of the last process below it."""

    def __init__(self, control: int, *, grace: float, lease_ends_at: float) -> None:
        self._control = control
        self._grace = grace
        self._lease_ends_at = lease_ends_at
        self._kill_at: float | None = None
        self._command = 0
        self._has_ended = False
        self._is_alone = False
        self._is_orphan = False
        self._is_told_to_end = False
        self._unread = b""
        self._woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in _TOLD_TO_END:
            signal.signal(number, self.end)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._poll = select.poll()
        self._poll.register(self._woken, select.POLLIN)
        self._poll.register(control, select.POLLIN)

    def run(self, argv: list[str]) -> bool:
        """Start the command, wait until it has ended or has to, and end all that is left of it.

        Return whether the worker child is there to clear up.
        """
        if not self._has_to_end():
            try:
                self._command = start(argv)
            except OSError as error:
                self._report(f"error {error.errno}")
        self._reap()
        while not (self._is_alone or self._has_to_end()):
            self._wait(self._seconds_left())
            self._reap()
        self._bury()
        return not (self._is_orphan or self._is_told_to_end)

    def end(self, *_: object) -> None:
        """Kill everything at the next opportunity."""
        self._is_told_to_end = True

    def _has_to_end(self) -> bool:
        if time.monotonic() >= self._lease_ends_at:
            self.end()
        if self._is_told_to_end or self._is_orphan:
            return True
        if self._kill_at is None:
            return self._has_ended
        # What the command has started may use the rest of the grace to stop as well.
        return time.monotonic() >= self._kill_at

    def _seconds_left(self) -> float:
        ends_at = min(self._lease_ends_at, self._kill_at or self._lease_ends_at)
        return max(ends_at - time.monotonic(), 0)

    def _bury(self) -> None:
        """Kill whatever is left, again and again until nothing is."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        left: list[int] = []
        while not self._is_alone and time.monotonic() < give_up_at:
            if self._command and not self._has_ended:
                with suppress(OSError):
                    os.killpg(self._command, signal.SIGKILL)
            left = kill_below(os.getpid())
            self._wait(0.02)
            self._reap()
        if not self._is_alone:
            self._report("left " + " ".join(map(str, left)))

    def _wait(self, seconds: float) -> None:
        """Wait for a child's end, a signal, or a word from the worker child."""
        for descriptor, _ in self._poll.poll(min(seconds, 3600) * 1000):
            if descriptor == self._control:
                self._listen()
            else:
                os.read(self._woken, 4096)

    def _listen(self) -> None:
        try:
            read = os.read(self._control, 4096)
        except OSError:  # the other end was closed before it had read everything
            read = b""
        if not read:
            self._is_orphan = True
            self._poll.unregister(self._control)
        *lines, self._unread = (self._unread + read).split(b"\n")
        for line in lines:
            self._obey(*line.decode().split())

    def _obey(self, word: str, until: str = "") -> None:
        if word == "lease":
            self._lease_ends_at = float(until)
        elif self._kill_at is None:
            self._kill_at = time.monotonic() + self._grace
            if not self._has_ended:
                with suppress(OSError):
                    os.killpg(self._command, signal.SIGTERM)
            for pid, group in find_below(os.getpid()).items():
                if group != self._command:  # one SIGTERM each: a second may mean "at once"
                    with suppress(OSError):
                        os.kill(pid, signal.SIGTERM)

    def _reap(self) -> None:
        """Take note of every child that has ended."""
        while not self._is_alone:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._is_alone = True
                return
            if pid == 0:
                return
            if pid == self._command and not self._has_ended:
                self._has_ended = True
                is_killed = os.WIFSIGNALED(status)
                number = os.WTERMSIG(status) if is_killed else os.WEXITSTATUS(status)
                self._report(f"{'signal' if is_killed else 'exit'} {number}")

    def _report(self, line: str) -> None:
        with suppress(OSError):  # nobody may be there to hear it
            os.write(self._control, line.encode() + b"\n")


def start(argv: list[str]) -> int:
    """Start the command in a session of its own; return its process id, or raise its OSError."""
    launcher = os.getpid()
    told, tell = os.pipe()  # closed by a successful exec
    command = os.fork()
    if command == 0:
        try:
            os.setsid()
            die_with_parent(signal.SIGKILL)
            if os.getppid() == launcher:
                _forget_signals()
                os.execv(argv[0], argv)  # noqa: S606
        except OSError as error:
            os.write(tell, str(error.errno).encode())
        finally:
            os._exit(127)
    os.close(tell)
    errno = int(os.read(told, 16) or 0)
    os.close(told)
    if errno:
        os.waitpid(command, 0)
        raise OSError(errno, os.strerror(errno))
    return command


def _forget_signals() -> None:
    """Give the command the signals as every program expects them."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def die_with_parent(number: int) -> None:
    """Have the kernel send this signal when the thread that started this process has ended.

    Look at the parent's id afterwards: a parent that was gone before sends nothing.
    """
    _prctl(_PR_SET_PDEATHSIG, number)


def adopt_orphans(is_wanted: bool) -> None:
    """Become the parent of what loses its own below this process, or stop becoming it."""
    _prctl(_PR_SET_CHILD_SUBREAPER, int(is_wanted))


def hide_memory() -> None:
    """Keep this process's memory and environment from other processes of its user.

    Forked children are hidden as well. A program that one of them becomes is not.
    """
    _prctl(_PR_SET_DUMPABLE, 0)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0)))


def kill_below(root: int, *, born_since: int = 0) -> list[int]:
    """Send SIGKILL to all that :func:`find_below` finds, and return their ids.

    Call it until it returns none: a process may fork before it is killed.
    """
    found = find_below(root, born_since=born_since)
    for pid in found:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return list(found)


def find_below(root: int, *, born_since: int = 0) -> dict[int, int]:
    """Return the processes below ``root`` that started then or later, each with its group.

    One that has ended counts only as a child of ``root``, which has to reap it.
    """
    groups: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if sys.platform == "linux" else ():
        found = read_process(int(name)) if name.isdecimal() else None
        if found is not None:
            state, parent, group, born = found
            if born >= born_since and (parent == root or state != "Z"):
                groups[int(name)] = group
                children.setdefault(parent, []).append(int(name))
    below: dict[int, int] = {}
    parents = [root]
    while parents:
        parents = [child for parent in parents for child in children.get(parent, ())]
        below.update((pid, groups[pid]) for pid in parents)
    return below


def read_process(pid: int) -> tuple[str, int, int, int] | None:
    """Return a process's state, parent, group and start (kernel ticks), or None without one."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name before the last bracket may hold anything, brackets and blanks included.
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[19])


def remove_folder(folder: str) -> bool:
    """Remove a folder and all that is in it; return whether it is gone.

    It may be deeper than any path can name: what stands in a folder inside is moved up first.
    """
    with suppress(OSError):
        root = _open_folder(folder)
        try:
            _empty(root)
        finally:
            os.close(root)
        os.rmdir(folder)
    return not os.path.lexists(folder)


def _empty(root: int) -> None:
    """Remove all that is in this folder, of which there are never more than two levels to name."""
    folders = _empty_of_files(root, root)
    while folders:
        name = folders.pop()
        with suppress(OSError):
            inner = _open_folder(name, root)
            try:
                folders += _empty_of_files(inner, root)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=root)


def _empty_of_files(folder: int, root: int) -> list[str]:
    """Remove all but the folders of a folder, move those to ``root``, and return their names."""
    folders = []
    for entry in os.scandir(folder):
        with suppress(OSError):
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.name, dir_fd=folder)
            elif folder == root:
                folders.append(entry.name)
            else:
                os.chmod(entry.name, 0o700, dir_fd=folder)  # else its ".." could not be changed
                name = os.urandom(16).hex()
                os.rename(entry.name, name, src_dir_fd=folder, dst_dir_fd=root)
                folders.append(name)
    return folders


def _open_folder(name: str, inside: int | None = None) -> int:
    """Open a folder, whatever its mode; a link is none."""
    if not stat.S_ISDIR(os.lstat(name, dir_fd=inside).st_mode):
        raise NotADirectoryError
    os.chmod(name, 0o700, dir_fd=inside)
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=inside)


def main(parent: str, control: str, lock: str, times: str, folder: str, *argv: str) -> None:
    """Run ``argv`` for the process ``parent``; ``times`` are the grace and the lease's end."""
    die_with_parent(signal.SIGTERM)
    adopt_orphans(True)
    for descriptor in (int(control), int(lock)):
        os.set_inheritable(descriptor, False)
    grace, lease_ends_at = map(float, times.split(","))
    launcher = Launcher(int(control), grace=grace, lease_ends_at=lease_ends_at)
    if os.getppid() != int(parent):
        launcher.end()
    if not launcher.run(list(argv)):
        remove_folder(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The processes of one measurement, and what CPU time they have used."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from celery import current_app

from executions.models import Worker
from tests.bench.tally import FOLDER, read
from tests.platform import CELERY, PlatformProcess, until

CPU = dict[str, float]  # seconds by part


class Processes:
    """Celery processes in one folder; the tally of their calls is beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tally = folder / "tally"
        self.tally.mkdir()
        self.running: dict[str, PlatformProcess] = {}

    def start(
        self, name: str, app: str, *arguments: str, environment: dict[str, str]
    ) -> PlatformProcess:
        """Start ``celery -A app ...``; the last of several ``-A`` counts."""
        values = os.environ | {FOLDER: str(self.tally), "LOG_LEVEL": "WARNING"} | environment
        command = [*CELERY, "-A", app, *arguments, "--loglevel", "WARNING"]
        process = PlatformProcess(command, values, self.folder / f"{name}.log")
        self.running[name] = process
        return process

    def start_worker(self, app: str, *, environment: dict[str, str]) -> None:
        """Start a worker of two children; the caller waits for its first deeds."""
        options = ["-c", "2", "--without-gossip", "--without-mingle"]
        self.start("worker", app, "worker", *options, environment=environment)

    def start_platform(self) -> None:
        """Start one beat and one worker of the platform, and wait until both are at work."""
        app = "scheduler_project"
        self.start_worker(app, environment={"SCHEDULER_PROCESS": "worker"})
        options = ["--pidfile=", "-s", str(self.folder / "beat")]
        self.start("beat", app, "beat", *options, environment={"SCHEDULER_PROCESS": "beat"})
        pids = [process.pid for process in self.running.values()]
        until(
            lambda: Worker.objects.filter(pid__in=pids).count() == len(pids),
            within=60,
            what="beat and worker have reported",
        )
        until(lambda: current_app.control.ping(timeout=0.5), what="the worker takes work")

    def calls(self) -> tuple[int, float]:
        """Return how many calls were made so far, and when the last one was (s since 1970)."""
        return read(self.tally)

    def await_calls(self, number: int, *, within: float) -> float:
        """Wait until ``number`` calls were made since the start; return when the last one was."""
        until(lambda: self.calls()[0] >= number, within=within, what=f"{number} calls")
        return self.calls()[1]

    def logs(self) -> str:
        return "\n".join(process.log.read_text()[-2000:] for process in self.running.values())

    def cpu(self) -> CPU:
        """Return the CPU seconds of each part so far."""
        used: CPU = {"caller": own_seconds(os.getpid())}
        for name, process in self.running.items():
            used[name] = own_seconds(process.pid)
            if name == "worker":
                used["children"] = family_seconds(process.pid) - used[name]
        return used


@contextmanager
def processes() -> Iterator[Processes]:
    """Have a folder for processes; whatever was started ends with the block."""
    with tempfile.TemporaryDirectory(prefix="scheduler-bench-") as folder:
        started = Processes(Path(folder))
        try:
            yield started
        except BaseException:
            sys.stderr.write(started.logs())
            raise
        finally:
            for process in started.running.values():
                process.end()


def own_seconds(pid: int) -> float:
    """Return the CPU seconds of one process."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def family_seconds(pid: int) -> float:
    """Return the CPU seconds of a process and all below it, living or reaped."""
    root = psutil.Process(pid)
    seconds = 0.0
    for process in [root, *root.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue  # its parent has its times by now
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def spent(before: CPU, after: CPU) -> CPU:
    """Return what each part used between two readings."""
    return {part: after[part] - before[part] for part in after}

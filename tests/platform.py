"""Real worker and beat processes on the test database, to be watched, killed and frozen."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil
from django.db import connection

from executions.models import Worker

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent

SHORT_TIMES = {
    "SCHEDULER_LEASE_SECONDS": "4",
    "SCHEDULER_LEASE_MARGIN_SECONDS": "1.5",
    "SCHEDULER_RENEW_SECONDS": "1",
    "SCHEDULER_CANCEL_POLL_SECONDS": "0.5",
    "SCHEDULER_CANCEL_NOTICE_SECONDS": "0.5",
    "SCHEDULER_STOP_GRACE_SECONDS": "1.5",
    "SCHEDULER_DRAIN_SECONDS": "1",
    "SCHEDULER_RESCUE_SECONDS": "0.5",
    "SCHEDULER_SWEEP_SECONDS": "0.5",
    "SCHEDULER_PUBLISH_AGAIN_SECONDS": "2",
    "SCHEDULER_HEARTBEAT_SECONDS": "1",
}


def until(condition: Callable[[], T], *, within: float = 20.0, what: str = "") -> T:
    """Return the first truthy value of ``condition``, looked at 50 times a second."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what or condition}")
        pause.wait(0.02)
    return value


class PlatformProcess:
    """One process of the platform, in a session of its own, with its output in a file."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "scheduler_project", *command],
                env=environment,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def send_to_all(self, number: signal.Signals) -> None:
        """Signal the process and all below it, so that none can tend the others."""
        for process in [psutil.Process(self.pid), *self.descendants()]:
            process.send_signal(number)

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.pid).children(recursive=True)

    def wait(self, within: float = 15.0) -> int:
        return self._process.wait(within)

    def is_running(self) -> bool:
        return self._process.poll() is None

    def says(self, text: str) -> bool:
        return text in self.log.read_text(errors="replace")

    def end(self) -> None:
        """Make sure that neither the process nor anything below it is left."""
        if not self.is_running():
            return
        family = [psutil.Process(self.pid), *self.descendants()]
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=10)
        self._process.wait(10)


class Platform:
    """The processes of one test."""

    def __init__(self, folder: Path, times: dict[str, str]) -> None:
        self.folder = folder
        self.evidence = folder / "evidence"
        self.processes: list[PlatformProcess] = []
        database = connection.settings_dict
        self.environment = {
            **os.environ,
            **times,
            "DATABASE_URL": "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(
                **database
            ),
            "JOB_MODULES": "tests.chaos.handlers",
            "EVIDENCE": str(self.evidence),
            "PYTHONUNBUFFERED": "1",
        }
        self.evidence.mkdir()

    def start_worker(self, *, concurrency: int = 2, queues: str = "default", **env: str) -> Any:
        """Start a worker and wait until it takes work."""
        name = f"worker{len(self.processes)}"
        worker = self._start(
            ["worker", "-n", f"{name}@%h", "-c", str(concurrency), "-Q", queues]
            + ["--without-gossip", "--without-mingle", "--loglevel", "INFO"],
            name,
            {"SCHEDULER_PROCESS": "worker", **env},
        )
        until(lambda: worker.says(" ready."), what=f"{name} ready")
        return worker

    def start_beat(self, **env: str) -> Any:
        """Start a beat and wait until it has looked once."""
        name = f"beat{len(self.processes)}"
        beat = self._start(
            ["beat", "--pidfile=", "--loglevel", "INFO", "-s", str(self.folder / name)],
            name,
            {"SCHEDULER_PROCESS": "beat", **env},
        )
        until(lambda: Worker.objects.filter(kind="beat", pid=beat.pid).exists(), what=name)
        return beat

    def _start(self, command: list[str], name: str, env: dict[str, str]) -> PlatformProcess:
        process = PlatformProcess(command, {**self.environment, **env}, self.folder / f"{name}.log")
        self.processes.append(process)
        return process

    def end(self) -> None:
        for process in self.processes:
            process.end()

    def logs(self) -> str:
        """All output of all processes, for a failure's report."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-6000:]}"
            for path in sorted(self.folder.glob("*.log"))
        )

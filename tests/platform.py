"""Real worker and beat processes on the test database, to be watched, killed and frozen."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
from django.db import connection

from executions.models import Worker

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent

CELERY = [sys.executable, "-m", "celery", "-A", "scheduler_project"]

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


def is_gone(process: psutil.Process) -> bool:
    """Whether the process has ended; one that nobody has buried yet has ended too."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class PlatformProcess:
    """One process of the platform, in a session of its own, with its output in a file."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
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

    def children(self) -> list[psutil.Process]:
        """Return the processes this one has started itself."""
        return psutil.Process(self.pid).children()

    def descendants(self) -> list[psutil.Process]:
        """Return all processes below this one."""
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
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(10)
        until(lambda: all(map(is_gone, family)), what=f"{family} have ended")


class Platform:
    """The processes of one test."""

    def __init__(self, folder: Path, times: dict[str, str]) -> None:
        self.folder = folder
        self.evidence = folder / "evidence"
        self.processes: list[PlatformProcess] = []
        self.celery = CELERY
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

    def start(self, *, concurrency: int = 2, **env: str) -> tuple[PlatformProcess, PlatformProcess]:
        """Start one worker and one beat side by side, and return both when they are at work."""
        worker = self._launch_worker(concurrency, "default", env)
        beat = self._launch_beat(env)
        self._await_worker(worker)
        self._await_beat(beat)
        return worker, beat

    def start_worker(
        self, *, concurrency: int = 2, queues: str = "default", name: str = "", **env: str
    ) -> PlatformProcess:
        """Start a worker and wait until it takes work."""
        worker = self._launch_worker(concurrency, queues, env, name)
        self._await_worker(worker)
        return worker

    def start_beat(self, **env: str) -> PlatformProcess:
        """Start a beat and wait until it has looked once."""
        beat = self._launch_beat(env)
        self._await_beat(beat)
        return beat

    def start_web(self, *, port: str) -> PlatformProcess:
        """Start a web server on ``port`` and wait until it answers."""
        command = ["-m", "uvicorn", "scheduler_project.asgi:application", "--port", port]
        env = {"SCHEDULER_PROCESS": "web", "PYTHONPATH": str(ROOT)}
        web = self._start([*command, "--lifespan", "off"], "web", env, program=[sys.executable])
        until(lambda: web.says("Uvicorn running"), within=60, what="the web server answers")
        return web

    def _launch_worker(
        self, concurrency: int, queues: str, env: dict[str, str], called: str = ""
    ) -> PlatformProcess:
        name = f"worker{len(self.processes)}"
        command = ["worker", "-n", f"{called or name}@%h", "-c", str(concurrency), "-Q", queues]
        command += ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
        return self._start(command, name, {"SCHEDULER_PROCESS": "worker", **env})

    def _launch_beat(self, env: dict[str, str]) -> PlatformProcess:
        name = f"beat{len(self.processes)}"
        command = ["beat", "--pidfile=", "--loglevel", "INFO", "-s", str(self.folder / name)]
        return self._start(command, name, {"SCHEDULER_PROCESS": "beat", **env})

    def _await_worker(self, worker: PlatformProcess) -> None:
        until(lambda: worker.says(" ready."), within=60, what="a worker is ready")

    def _await_beat(self, beat: PlatformProcess) -> None:
        reported = Worker.objects.filter(kind="beat", pid=beat.pid)
        until(reported.exists, within=60, what="a beat has reported itself")

    def _start(
        self,
        command: list[str],
        name: str,
        env: dict[str, str],
        program: list[str] | None = None,
    ) -> PlatformProcess:
        log = self.folder / f"{name}.log"
        process = PlatformProcess(
            [*(program or self.celery), *command], {**self.environment, **env}, log
        )
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

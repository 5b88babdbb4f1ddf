"""One shell that runs a document's examples one after another."""

import os
import signal
import subprocess
from pathlib import Path
from uuid import uuid4

from tests.platform import ROOT

_NEEDED = ("bin", ".venv", "manage.py", "requirements.txt")


class Shell:
    """Bash in a folder that looks like a checkout; variables live from one example to the next."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        for name in _NEEDED:
            (folder / name).symlink_to(ROOT / name)
        self.folder = folder
        self._services = 0
        self._process = subprocess.Popen(
            ["/bin/bash", "--noprofile", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, script: str) -> tuple[int, str]:
        """Run one example; return its exit code and what it printed, errors too."""
        mark = uuid4().hex
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # Every command of an example has to succeed, and none may read the rest of the script.
        quoted = f"eval \"$(cat <<'{mark}'\n{script}\n{mark}\n)\" </dev/null"
        self._process.stdin.write(
            f"set -e; trap 'printf \"\\n{mark} $?\\n\"' EXIT\n{quoted}\n"
            f"set +e; trap - EXIT; printf '\\n{mark} 0\\n'\n"
        )
        self._process.stdin.flush()
        printed: list[str] = []
        for line in self._process.stdout:
            if line.startswith(mark):
                return int(line.split()[1]), "".join(printed)
            printed.append(line)
        raise AssertionError(f"the shell has ended: {''.join(printed)}")

    def start(self, script: str) -> Path:
        """Start one example in the background; return the file that its output goes to."""
        self._services += 1
        log = self.folder / f"service{self._services}.log"
        log.touch()
        code, printed = self.run(f"{{\n{script}\n}} > {log} 2>&1 &")
        assert code == 0, printed
        return log

    def end(self) -> None:
        """End the shell and what it started."""
        with self._process:  # closes its pipes
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)

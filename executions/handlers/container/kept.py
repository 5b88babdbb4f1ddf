"""The keeper of a container, as the worker child sees it."""

import os
import socket
import subprocess
import sys
from contextlib import suppress

from django.conf import settings

from executions.handlers.container import keeper

# Share of SCHEDULER_STOP_GRACE_SECONDS after which the container is killed; at the whole the
# watchdog ends the worker child.
GRACE_SHARE = 0.75
_PATIENCE_SECONDS = 2.0
_PASSED_ON = ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "HOME")


class Keeper:
    """The process that ends the container if this one cannot (``keeper.py``)."""

    def __init__(self, container: str, *, lease_ends_at: float) -> None:
        self._control, far = socket.socketpair()
        grace = GRACE_SHARE * settings.SCHEDULER_STOP_GRACE_SECONDS
        words = [settings.SCHEDULER_DOCKER_HOST, container, far.fileno(), grace, lease_ends_at]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", keeper.__file__, *map(str, words)],
                stdin=subprocess.DEVNULL,
                pass_fds=[far.fileno()],
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                start_new_session=True,
            )
        except BaseException:
            self._control.close()
            raise
        finally:
            far.close()

    def tell(self, line: str) -> None:
        """Say something without waiting; a keeper that is gone is not missed here."""
        with suppress(OSError):
            self._control.send(line.encode() + b"\n", socket.MSG_DONTWAIT)

    def end(self, *, is_gone: bool) -> None:
        """End the keeper; if the container may still be there, once it has tried to remove it."""
        if is_gone:
            self.tell("done")
        self._control.close()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:  # what is left is the next attempt's and the sweep's
            self._process.kill()
            self._process.wait()

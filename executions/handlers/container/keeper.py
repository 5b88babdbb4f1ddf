"""Ends one container for a worker child, also when that child cannot any more.

A program of its own, started once per attempt: standard library only, in a session of its own. The
worker child holds the other end of a socket and writes lines to it:

* ``stop``: SIGTERM to the container now, SIGKILL after the grace;
* ``lease <time>``: the container may go on until then, by the monotonic clock;
* ``done``: the container is removed, there is nothing left to keep.

If the socket ends without that word, the worker child is dead; if the lease runs out, it is frozen.
Either way the container is removed here, at once, and tried again while the engine does not answer.
What is left when this program is killed too, the sweep finds (``sweep.py``).
"""

import http.client
import os
import select
import signal
import socket
import ssl
import sys
import time
from urllib.parse import urlsplit

PATIENCE_SECONDS = 60.0
_ANSWER_SECONDS = 10.0
_IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_REMOVED = (204, 404)  # 409 says that another request is at it, and that one may fail


class Engine:
    """As much of the Docker Engine's API as ending a container takes."""

    def __init__(self, host: str) -> None:
        self._host = host

    def kill(self, container: str, number: int) -> None:
        """Send the container's first process a signal; an engine that does not answer is let be."""
        self._ask("POST", f"/containers/{container}/kill?signal={number}")

    def remove(self, container: str) -> bool:
        """Kill and remove the container and its volume; return whether it is gone."""
        return self._ask("DELETE", f"/containers/{container}?force=1&v=1") in _REMOVED

    def _ask(self, method: str, path: str) -> int | None:
        connection = open_connection(self._host)
        try:
            connection.request(method, path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_ANSWER_SECONDS)
        self.sock.connect(self._path)


def open_connection(host: str) -> http.client.HTTPConnection:
    """Return a connection to a Docker host, named as DOCKER_HOST names it."""
    parts = urlsplit(host)
    if parts.scheme == "unix":
        return _UnixConnection(parts.path)
    if not os.environ.get("DOCKER_TLS_VERIFY") and parts.scheme != "https":
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS)
    folder = os.environ.get("DOCKER_CERT_PATH") or os.path.expanduser("~/.docker")
    context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    return http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS, context=context
    )


def keep(
    engine: Engine, container: str, control: socket.socket, *, grace: float, lease_ends_at: float
) -> None:
    """Tend the container until the worker child says it is done, or can say nothing any more."""
    kill_at = float("inf")
    unread = b""
    while True:
        now = time.monotonic()
        if now >= kill_at:
            kill_at = float("inf")
            engine.kill(container, signal.SIGKILL)
        wait = max(min(lease_ends_at, kill_at) - now, 0.0)
        # What was said in time counts, also when this process comes to read it late.
        if not select.select([control], [], [], wait)[0]:
            if now >= lease_ends_at:
                break
            continue
        try:
            read = control.recv(4096)
        except ConnectionError:
            read = b""
        if not read:
            break
        *lines, unread = (unread + read).split(b"\n")
        for word, *rest in map(bytes.split, lines):
            if word == b"done":
                return
            if word == b"lease":
                lease_ends_at = float(rest[0])
            elif kill_at == float("inf"):
                kill_at = time.monotonic() + grace
                engine.kill(container, signal.SIGTERM)
    _remove(engine, container)


def _remove(engine: Engine, container: str) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not engine.remove(container) and time.monotonic() < give_up_at:
        time.sleep(1)


def main() -> None:
    host, container, control, grace, lease_ends_at = sys.argv[1:]
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=int(control)) as link:
        keep(Engine(host), container, link, grace=float(grace), lease_ends_at=float(lease_ends_at))


if __name__ == "__main__":
    main()

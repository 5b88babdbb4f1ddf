"""Faults of the servers and of the way to them."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db import OperationalError, connection

from tests import servers
from tests.platform import until

own_servers_only = pytest.mark.skipif(
    servers.SERVERS is None, reason="the servers were given, so they are not ours to kill"
)
CLOSED_PORT = "redis://127.0.0.1:1/0"


def flush_broker() -> None:
    """Empty the broker; its queues are lost."""
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as broker:
        broker.flushall()


def restart_broker() -> None:
    """Kill Valkey, which keeps nothing, and start it on the same port."""
    assert servers.SERVERS is not None
    servers.SERVERS.valkey.kill9()
    servers.SERVERS.valkey.start()


@contextmanager
def frozen_broker() -> Iterator[None]:
    """Freeze Valkey: connections stay open and nothing answers."""
    assert servers.SERVERS is not None
    pid = servers.SERVERS.valkey.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def restart_database(how: str) -> None:
    """End PostgreSQL (``fast``, ``immediate`` or ``kill9``), start it, wait until it answers."""
    assert servers.SERVERS is not None
    postgres = servers.SERVERS.postgres
    connection.close()
    if how == "kill9":
        postgres.kill9()
    else:
        postgres.stop(how)
    postgres.start()
    until(_database_answers, within=60, what="PostgreSQL answers")


@contextmanager
def durable_commits() -> Iterator[None]:
    """Let a commit survive a crash of the server; the tests' server is not that careful."""
    _set_synchronous_commit("on")
    try:
        yield
    finally:
        _set_synchronous_commit("off")


class Relay:
    """A way to a server that can be cut: packets get lost, or every connection is refused."""

    def __init__(self, url: str) -> None:
        server = urlsplit(url)
        self._target = (server.hostname, server.port)
        self._is_cut = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        credentials, _, _ = server.netloc.rpartition("@")
        near = f"{credentials}@127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = server._replace(netloc=near).geturl()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_all(self) -> None:
        """Let nothing pass any more; whoever waits for an answer goes on waiting."""
        self._is_cut.set()

    def refuse_all(self) -> None:
        """Break every connection, and refuse new ones."""
        self._is_cut.set()
        for link in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._sockets.append(near)
                if self._is_cut.is_set():
                    continue
                far = socket.create_connection(self._target)
                self._sockets.append(far)
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (data := source.recv(65536)) and not self._is_cut.is_set():
                sink.sendall(data)
            if not self._is_cut.is_set():
                sink.shutdown(socket.SHUT_WR)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        connection.close()
        return False
    return True


def _set_synchronous_commit(value: str) -> None:
    """Set it for every new connection of this role; the present one is opened anew."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        cursor.execute(f"ALTER ROLE CURRENT_USER SET synchronous_commit = {value}")
    connection.close()
